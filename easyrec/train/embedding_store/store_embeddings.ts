import { GraphError } from '../../errors.js';
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

/** What one group of training looked up. */
interface TrainedLookup {
  readonly requests: readonly LookupRequest[];
  readonly vectors: Output;
  readonly records: Output;
  /** All vectors as the model has them, and those of each request. */
  readonly concat: Output;
  readonly features: readonly Output[];
}

/**
 * Embedding tables in a store of their own: one lookup for all features of a group, and one op that moves the rows
 * which a step looked up, of all tables.
 */
export class StoreEmbeddings implements EmbeddingEngine {
  readonly store: EmbeddingStore;
  readonly #graph: Graph;
  readonly #lookups: TrainedLookup[] = [];
  #nothing: { readonly ids: Output; readonly numbers: Output } | null = null;

  constructor(graph: Graph, store: EmbeddingStore) {
    this.#graph = graph;
    this.store = store;
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

  lookUp({ graph, mode }: BuildContext, requests: readonly LookupRequest[]): LookedUp {
    const [first] = requests;
    if (first === undefined) throw new Error('expected at least one feature to look up');
    const scope = first.scope.slice(0, first.scope.lastIndexOf('/'));
    return graph.scope(scope, () => {
      const isTrained = mode === 'train';
      const op = graph.op(
        'EasyRecEmbeddingLookup',
        [first.value.batchSize, ...this.#ids(requests)],
        { ...this.#attributes(requests), train: isTrained },
        { controlInputs: isTrained ? this.#countedBefore(requests) : [] },
      );
      const width = requests.reduce((sum, { table }) => sum + table.dim, 0);
      const vectors = op.output(0).setShape([-1, width]);
      const features = splitByTable(vectors, requests);
      // A tensor apart from what is split: which of the two the loss depends on says which tables it depends on.
      const concat = ops.identity(vectors);
      if (mode === 'train')
        this.#lookups.push({ requests, vectors, records: op.output(1), concat, features });
      return { features, concat };
    });
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
    return this.#lookups.flatMap(({ vectors, concat, features }) => [vectors, concat, ...features]);
  }

  /**
   * Takes the gradients of the loss with respect to `outputs`, null where it does not depend on one.
   *
   * @param loss lets lookups be found that a kernel of the model reads as a whole, past their features
   * @returns what adds the nodes that move the rows which training looked up, the names of the tables that they move,
   *   and the tables that stay as they are
   */
  train(
    slopes: readonly (Output | null)[],
    loss: Output | null = null,
  ): {
    readonly rowUpdates: (rate: Output, scale?: number) => readonly Operation[];
    readonly rowTables: readonly string[];
    readonly untrained: readonly StoreTable[];
  } {
    let next = 0;
    const trained = new Set<string>();
    const readers = loss === null ? [] : ancestors([loss]).filter(({ type }) => type !== 'SplitV');
    const lookups = this.#lookups.map((lookup) => {
      const isWhole = readers.some(({ inputs }) => inputs.includes(lookup.vectors));
      const { requests } = lookup;
      const [slope = null, ofAll = null, ...ofEach] = slopes.slice(next, next + 2 + requests.length);
      next += 2 + requests.length;
      requests.forEach(({ table }, i) => {
        if (isWhole || ofAll !== null || (ofEach[i] ?? null) !== null) trained.add(table.name);
      });
      return { ...lookup, slope };
    });
    const untrained = this.store.tables.filter(({ name }) => !trained.has(name));
    for (const table of untrained) this.store.freeze(table);
    const used = lookups.flatMap(({ slope, ...lookup }) => (slope === null ? [] : [{ ...lookup, slope }]));
    const others = lookups.filter(({ slope }) => slope === null).map(({ vectors }) => vectors.op);
    const rowUpdates = (rate: Output, scale = 1): readonly Operation[] => {
      if (scale === 1) return this.#update(rate, used, others);
      const scaled = used.map((lookup) => ({ ...lookup, slope: ops.mul(lookup.slope, scale) }));
      return this.#update(rate, scaled, others);
    };
    return { rowUpdates, rowTables: [...trained], untrained };
  }

  /** @param before lookups that have no gradient: they see the rows as they were before the step, too */
  #update(
    rate: Output,
    lookups: readonly (TrainedLookup & { readonly slope: Output })[],
    before: readonly Operation[],
  ): readonly Operation[] {
    const requests = lookups.flatMap((lookup) => lookup.requests);
    const [first] = requests;
    if (first === undefined) return [];
    const inputs = [
      rate,
      first.value.batchSize,
      ...this.#ids(requests),
      lookups.map(({ records }) => records),
      lookups.map(({ slope }) => slope),
    ];
    const attributes = {
      ...this.#attributes(requests),
      lookup_sizes: lookups.map((lookup) => lookup.requests.length),
    };
    return [
      this.#graph.op('EasyRecEmbeddingUpdate', inputs, attributes, { controlInputs: [...new Set(before)] }),
    ];
  }

  /** Ids, rows and weights, a list of one tensor a feature each. */
  #ids(requests: readonly LookupRequest[]): readonly (readonly Output[])[] {
    const nothing = this.#none();
    return [
      requests.map(({ value }) => value.ids),
      requests.map(({ value }) => (value.single === true ? nothing.ids : value.rows)),
      requests.map(({ value }) => value.weights ?? nothing.numbers),
    ];
  }

  #attributes(requests: readonly LookupRequest[]) {
    return {
      store: this.store.id,
      features: requests.map(({ feature }) => feature),
      tables: requests.map(({ table }) => this.#indexOf(table)),
      combiners: requests.map(({ combiner }) => combiner),
    };
  }

  #indexOf({ name }: EmbeddingTable): number {
    const table = this.store.find(name);
    if (table === undefined) throw new Error(`no table ${name}: made by another engine`);
    return table.index;
  }

  #none(): { readonly ids: Output; readonly numbers: Output } {
    const graph = this.#graph;
    this.#nothing ??= graph.rootScope(() => ({
      ids: ops.constant(graph, 'int64', [], [0]),
      numbers: ops.constant(graph, 'float32', [], [0]),
    }));
    return this.#nothing;
  }
}
