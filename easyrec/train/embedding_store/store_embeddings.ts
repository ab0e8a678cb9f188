import { GraphError } from '../../errors.js';
import type { SparseIds } from '../../features/types.js';
import type { BuildContext } from '../../layers/context.js';
import type {
  EmbeddingEngine,
  EmbeddingTable,
  LookedUp,
  LookupRequest,
  TableOptions,
} from '../../layers/embedding_engine.js';
import { splitByTable } from '../../layers/embedding_engine.js';
import { ancestors } from '../../tf/grad/differentiable.js';
import type { Graph, Operation, Output, Variables } from '../../tf/index.js';
import { nameHash, ops } from '../../tf/index.js';
import type { EmbeddingStore, StoreTable } from './embedding_store.js';
import { batchSizeOf, LookupConstants, type RequestRun, runsOf } from './lookup_runs.js';

/** What one op of training looked up. */
interface TrainedLookup {
  readonly requests: readonly LookupRequest[];
  readonly batchSize: Output;
  readonly ids: Ids;
  readonly vectors: Output;
  readonly records: Output;
  /** The vectors as the model has them: those of all requests side by side, and those of each. */
  readonly part: Output;
  readonly features: readonly Output[];
}

/** Ids, their rows of the batch and their weights, one tensor a request each. */
type Ids = readonly [readonly Output[], readonly Output[], readonly Output[]];

/** One whose gradient is there. */
type GradedLookup = TrainedLookup & { readonly slope: Output };

/** What an optimizer is given of the tables in a store. */
export interface TrainedRows {
  /** Adds the nodes that move the rows which training looked up, their gradients times `scale` (default: 1). */
  readonly rowUpdates: (rate: Output, scale?: Output | number) => readonly Operation[];
  /** Adds those that sum up the squares of their gradients, each lookup of a table for itself. */
  readonly rowSquares: () => readonly Output[];
  /** The names of the tables that move. */
  readonly rowTables: readonly string[];
  /** The tables that no loss depends on, frozen ones left out: they stay as they are. */
  readonly untrained: readonly StoreTable[];
}

/**
 * Embedding tables in a store of their own: one lookup for all features of a group, and one op that moves the rows
 * which a step looked up, of all tables.
 */
export class StoreEmbeddings implements EmbeddingEngine {
  readonly store: EmbeddingStore;
  readonly #graph: Graph;
  readonly #lookups: TrainedLookup[] = [];
  readonly #constants: LookupConstants;

  constructor(graph: Graph, store: EmbeddingStore) {
    this.#graph = graph;
    this.store = store;
    this.#constants = new LookupConstants(graph);
  }

  createTable({ seed }: Variables, name: string, options: TableOptions): EmbeddingTable {
    const { rows, dim } = options;
    const existing = this.store.find(name);
    if (existing === undefined) {
      return this.store.addTable({ name, ...options, seed: [seed, nameHash(name)] });
    }
    if (existing.rows === rows && existing.dim === dim) return existing;
    throw new GraphError(
      `table "${name}": expected [${existing.rows}, ${existing.dim}] as before, received [${rows}, ${dim}]`,
    );
  }

  lookUp(ctx: BuildContext, requests: readonly LookupRequest[]): LookedUp {
    const [first] = requests;
    if (first === undefined) throw new Error('expected at least one feature to look up');
    const scope = first.scope.slice(0, first.scope.lastIndexOf('/'));
    return ctx.graph.scope(scope, () => {
      const looked = runsOf(requests).map((run) => this.#lookUpRun(ctx, run));
      return {
        features: looked.flatMap(({ features }) => features),
        parts: looked.map(({ part }) => part),
      };
    });
  }

  #lookUpRun(
    ctx: BuildContext,
    { requests, projections }: RequestRun,
  ): Pick<TrainedLookup, 'part' | 'features'> {
    const { graph, mode } = ctx;
    const isTrained = mode === 'train';
    const count = projections?.count ?? 0;
    const batchSize = projections === null ? batchSizeOf(requests) : this.#constants.count(count);
    const ids = projections === null ? this.#ids(requests) : this.#allIds(requests, count);
    const op = graph.op(
      'EasyRecEmbeddingLookup',
      [batchSize, ...ids],
      { ...this.#attributes(requests), train: isTrained },
      { controlInputs: isTrained ? this.#countedBefore(requests) : [] },
    );
    const width = requests.reduce((sum, { table }) => sum + table.dim, 0);
    const vectors = op.output(0).setShape([projections === null ? -1 : count, width]);
    const part =
      projections === null
        ? vectors
        : ctx.kernels.projections({
            numbers: ops.concat(projections.numbers, 1),
            vectors,
            fields: requests.length,
          });
    const features = splitByTable(part, requests);
    if (isTrained) {
      this.#lookups.push({ requests, batchSize, ids, vectors, records: op.output(1), part, features });
    }
    return { part, features };
  }

  /** Lookups that count keys of the same tables: which of a key's uses is the one that gives it a row must not vary. */
  #countedBefore(requests: readonly LookupRequest[]): readonly Operation[] {
    const counted = new Set(
      requests
        .map(({ table }) => table.name)
        .filter((name) => (this.store.find(name)?.keys?.filterFreq ?? 0) > 1),
    );
    const before = this.#lookups.filter((lookup) =>
      lookup.requests.some(({ table }) => counted.has(table.name)),
    );
    return before.map(({ vectors }) => vectors.op);
  }

  /** What `train` needs the gradients of the loss with respect to. */
  get outputs(): readonly Output[] {
    return this.#lookups.flatMap(({ vectors, features }) => [vectors, ...features]);
  }

  /**
   * Takes the gradients of the loss with respect to `outputs`, null where it does not depend on one.
   *
   * @param loss what they are gradients of: what reads a lookup as a whole, past its features, is among its ancestors
   * @param isFrozen whether the table of that name is to stay as it is; default: none
   * @returns what moves the rows that training looked up, and the tables that no loss depends on
   */
  train(
    slopes: readonly (Output | null)[],
    loss: Output,
    isFrozen: (name: string) => boolean = () => false,
  ): TrainedRows {
    let next = 0;
    const needed = new Set<string>();
    const readers = ancestors([loss]).filter(({ type }) => type !== 'SplitV');
    const lookups = this.#lookups.map((lookup) => {
      const { requests, vectors, part, features } = lookup;
      // Splitting is no use by itself, and neither is projecting.
      const isWhole = readers.some(
        (reader) => reader.inputs.includes(part) || (reader !== part.op && reader.inputs.includes(vectors)),
      );
      const [slope = null, ...ofEach] = slopes.slice(next, next + 1 + features.length);
      next += 1 + features.length;
      requests.forEach(({ table }, i) => {
        if (slope !== null && (isWhole || (ofEach[i] ?? null) !== null)) needed.add(table.name);
      });
      return { ...lookup, slope };
    });
    const { tables } = this.store;
    for (const table of tables) if (!needed.has(table.name) || isFrozen(table.name)) this.store.freeze(table);
    // Of frozen tables with a row for each key, steps are counted all the same.
    const isUsed = ({ table }: LookupRequest): boolean => !isFrozen(table.name) || table.rows === Infinity;
    const used = lookups.flatMap(({ slope, ...lookup }): GradedLookup[] =>
      slope !== null && lookup.requests.some(isUsed) ? [{ ...lookup, slope }] : [],
    );
    const moved = new Set(used.map(({ vectors }) => vectors));
    const others = lookups.filter(({ vectors }) => !moved.has(vectors)).map(({ vectors }) => vectors.op);
    return {
      rowUpdates: (rate, scale = 1) => this.#update([rate, this.#scalar(scale)], used, others),
      rowSquares: () => this.#squares(used),
      rowTables: [...needed].filter((name) => !isFrozen(name)),
      untrained: tables.filter(({ name }) => !needed.has(name) && !isFrozen(name)),
    };
  }

  /**
   * @param numbers rate and scale
   * @param before lookups that have no gradient: they see the rows as they were before the step, too
   */
  #update(
    numbers: readonly Output[],
    lookups: readonly GradedLookup[],
    before: readonly Operation[],
  ): readonly Operation[] {
    if (lookups.length === 0) return [];
    const { inputs, attributes } = this.#graded(lookups);
    const settings = { controlInputs: [...new Set(before)] };
    return [this.#graph.op('EasyRecEmbeddingUpdate', [...numbers, ...inputs], attributes, settings)];
  }

  #squares(lookups: readonly GradedLookup[]): readonly Output[] {
    if (lookups.length === 0) return [];
    const { inputs, attributes } = this.#graded(lookups);
    return [this.#graph.op('EasyRecEmbeddingSquaredNorm', inputs, attributes).output()];
  }

  /** What ops need that read the gradients of lookups. */
  #graded(lookups: readonly GradedLookup[]) {
    const all = (which: 0 | 1 | 2): readonly Output[] => lookups.flatMap(({ ids }) => ids[which]);
    return {
      inputs: [
        lookups.map(({ batchSize }) => batchSize),
        ...[all(0), all(1), all(2)],
        lookups.map(({ records }) => records),
        lookups.map(({ slope }) => slope),
      ],
      attributes: {
        ...this.#attributes(lookups.flatMap(({ requests }) => requests)),
        lookup_sizes: lookups.map(({ requests }) => requests.length),
      },
    };
  }

  #scalar(value: Output | number): Output {
    return typeof value === 'number' ? ops.constant(this.#graph, 'float32', value) : value;
  }

  #ids(requests: readonly LookupRequest[]): Ids {
    const { ids: none, numbers } = this.#constants.nothing;
    return [
      requests.map(({ value }) => value.idOrNone ?? value.ids),
      requests.map(({ value }) => (hasAnyRows(value) ? value.rows : none)),
      requests.map(({ value }) => value.weights ?? numbers),
    ];
  }

  /** Each of the first `count` rows of the tables, as the ids of a batch of so many rows. */
  #allIds(requests: readonly LookupRequest[], count: number): Ids {
    const { ids: none, numbers } = this.#constants.nothing;
    const ids = this.#constants.ids(count);
    return [requests.map(() => ids), requests.map(() => none), requests.map(() => numbers)];
  }

  #attributes(requests: readonly LookupRequest[]) {
    return {
      store: this.store.id,
      features: requests.map(({ feature }) => feature),
      tables: requests.map(({ table }) => this.#indexOf(table)),
      combiners: requests.map(({ combiner }) => combiner),
      optional: requests.flatMap(({ value }, i) => (value.idOrNone === undefined ? [] : [i])),
    };
  }

  #indexOf({ name }: EmbeddingTable): number {
    const table = this.store.find(name);
    if (table === undefined) throw new Error(`no table ${name}: made by another engine`);
    return table.index;
  }
}

/** Whether a row of the batch may have any number of ids. */
function hasAnyRows({ single, idOrNone }: SparseIds): boolean {
  return single !== true && idOrNone === undefined;
}
