import type { BuildContext } from '../../layers/context.js';
import type { EmbeddingEngine, LookedUp, LookupRequest } from '../../layers/embedding_engine.js';
import { splitByTable } from '../../layers/embedding_engine.js';
import type { RowRule } from '../../optimizers/index.js';
import type { Initializer, Operation, Output, Variable, VariableOptions } from '../../tf/index.js';
import { ops, Variables } from '../../tf/index.js';
import { RowUpkeep } from './row_upkeep.js';

/** The learning rates of so many steps are remembered; no row may miss more of them. */
const REMEMBERED_STEPS = 16_384;

interface FusedTable {
  readonly table: Variable;
  readonly slots: readonly Variable[];
  /** How many steps each row includes; null where rows do not move by themselves. */
  readonly last: Variable | null;
}

interface TrainedLookup {
  readonly requests: readonly LookupRequest[];
  readonly output: Output;
}

interface Clock {
  /** Steps since `begin`, int32. */
  readonly steps: Variable;
  /** Their learning rates, a ring. */
  readonly rates: Variable;
}

/**
 * Embedding tables on native ops: one lookup for all features of a group, and one op that updates the touched rows of
 * all tables, both in the variables' own memory. Where the optimizer moves every row at every step, a row is brought up
 * to date when it is next looked up.
 *
 * Tables and slots are ordinary variables under their ordinary names. Nothing may gather from or scatter to them:
 * TensorFlow would then hand out copies.
 */
export class FusedEmbeddings implements EmbeddingEngine {
  readonly #variables: Variables;
  /** Not in checkpoints: where one is written or read, every row is up to date. */
  readonly #state: Variables;
  readonly #rule: RowRule;
  readonly #threads: number;
  readonly #tables = new Map<Variable, FusedTable>();
  readonly #lookups: TrainedLookup[] = [];
  readonly #lastUse = new Map<string, Operation>();
  readonly #clock: Clock | null;
  #constants: { readonly noClock: Output; readonly noIds: Output; readonly noNumbers: Output } | null = null;

  /** @param threads that one op uses at most */
  constructor(variables: Variables, rule: RowRule, threads: number) {
    this.#variables = variables;
    this.#state = new Variables(variables.graph);
    this.#rule = rule;
    this.#threads = threads;
    this.#clock = this.#movesAllRows ? this.#createClock() : null;
  }

  /** What training looked up, one tensor a group: `update` needs the loss's gradient with respect to each. */
  get outputs(): readonly Output[] {
    return this.#lookups.map(({ output }) => output);
  }

  /** Whether `update` moves this variable. */
  has(variable: Variable): boolean {
    return this.#tables.has(variable);
  }

  createTable(variables: Variables, name: string, options: VariableOptions): Variable {
    const table = variables.getOrCreate(name, { ...options, initializer: owned(options.initializer) });
    if (!this.#tables.has(table)) this.#tables.set(table, this.#fuse(table));
    return table;
  }

  lookUp(ctx: BuildContext, requests: readonly LookupRequest[]): LookedUp {
    const { graph, mode } = ctx;
    const [first] = requests;
    if (first === undefined) throw new Error('expected at least one feature to look up');
    const tables = this.#tablesOf(requests);
    // Two lookups of one row must not bring it up to date at the same time.
    const before = tables.flatMap(({ table }) => this.#lastUse.get(`${mode} ${table.name}`) ?? []);
    const scope = first.scope.slice(0, first.scope.lastIndexOf('/'));
    return graph.scope(scope, () => {
      const op = graph.op(
        'EasyRecEmbeddingLookup',
        [
          // What slots hold matters to a lookup only where it brings rows up to date.
          ...this.#tableInputs(tables, this.#clock !== null),
          this.#clock?.steps.read() ?? this.#none().noClock,
          this.#clock?.rates.read() ?? this.#none().noNumbers,
          ...this.#featureInputs(requests),
        ],
        { ...featureAttributes(requests, tables), ...this.#ruleAttributes() },
        { controlInputs: [...new Set(before)] },
      );
      for (const { table } of tables) this.#lastUse.set(`${mode} ${table.name}`, op);
      const width = requests.reduce((sum, { table }) => sum + dimOf(table), 0);
      const output = op.output().setShape([-1, width]);
      if (mode === 'train') this.#lookups.push({ requests, output });
      return { features: splitByTable(output, requests), concat: output };
    });
  }

  /**
   * Adds the nodes that move the rows which training looked up.
   *
   * @param rate a scalar float32; of Adam lr sqrt(1 - beta2^t) / (1 - beta1^t)
   * @param slopes of `outputs`; null where the loss does not depend on one
   */
  update(rate: Output, slopes: readonly (Output | null)[]): readonly Operation[] {
    const used = this.#lookups.flatMap(({ requests }, i) => {
      const slope = slopes[i] ?? null;
      return slope === null ? [] : [{ requests, slope }];
    });
    const { graph } = this.#variables;
    const clock = this.#clock;
    const updates: Operation[] = [];
    if (used.length > 0) {
      const requests = used.flatMap((lookup) => lookup.requests);
      const tables = this.#tablesOf(requests);
      const inputs = [
        ...this.#tableInputs(tables),
        clock?.steps.read() ?? this.#none().noClock,
        rate,
        ...this.#featureInputs(requests),
        used.map(({ slope }) => slope),
      ];
      const attributes = {
        ...featureAttributes(requests, tables),
        feature_gradients: used.flatMap((lookup, i) => lookup.requests.map(() => i)),
        rule: this.#rule.kind,
        ...this.#ruleAttributes(),
      };
      updates.push(graph.op('EasyRecEmbeddingUpdate', inputs, attributes));
    }
    if (clock === null) return updates;
    // Lookups come before the updates that need their gradients, but not those that no loss depends on.
    const before = [...updates, ...this.#lookups.map(({ output }) => output.op)];
    const tick = graph.op(
      'EasyRecEmbeddingTick',
      [clock.steps.read(), clock.rates.read(), rate],
      {},
      {
        controlInputs: before,
      },
    );
    return [...updates, tick];
  }

  /** What a training with these tables has to do beside its steps; call it once all lookups are there. */
  upkeep(): RowUpkeep {
    const tables = [...this.#tables.values()];
    const { graph } = this.#variables;
    const clock = this.#clock;
    const settle =
      clock === null || tables.length === 0
        ? null
        : graph.op(
            'EasyRecEmbeddingSettle',
            [...this.#tableInputs(tables), clock.steps.read(), clock.rates.read()],
            this.#ruleAttributes(),
          );
    const state = this.#state.all;
    return new RowUpkeep({
      variables: [...tables.flatMap(({ table, slots }) => [table, ...slots]), ...state],
      reset: state.map(({ initialize }) => initialize),
      settle,
      settleEvery: REMEMBERED_STEPS / 2,
    });
  }

  get #movesAllRows(): boolean {
    return this.#rule.kind === 'adam' && this.#rule.everyStep;
  }

  #createClock(): Clock {
    const numbers = (dtype: 'int32' | 'float32', name: string, shape: readonly number[]): Variable =>
      this.#state.create(`easyrec_rows/${name}`, {
        shape,
        dtype,
        initializer: owned(zeros),
        trainable: false,
      });
    return { steps: numbers('int32', 'clock', []), rates: numbers('float32', 'rates', [REMEMBERED_STEPS]) };
  }

  #fuse(table: Variable): FusedTable {
    const { name, shape } = table;
    const slots = this.#rule.slots.map(({ suffix, initializer }) =>
      this.#variables.create(`${name}/${suffix}`, {
        shape,
        initializer: owned(initializer),
        trainable: false,
      }),
    );
    const last = this.#movesAllRows
      ? this.#state.create(`easyrec_rows/${name}/last`, {
          shape: [shape[0] ?? 0],
          dtype: 'int32',
          initializer: owned(zeros),
          trainable: false,
        })
      : null;
    return { table, slots, last };
  }

  /** Each once. */
  #tablesOf(requests: readonly LookupRequest[]): readonly FusedTable[] {
    return [...new Set(requests.map(({ table }) => table))].map((table) => {
      const fused = this.#tables.get(table);
      if (fused === undefined) throw new Error(`table ${table.name}: not made by this engine`);
      return fused;
    });
  }

  #tableInputs(tables: readonly FusedTable[], withSlots = true): readonly (readonly Output[])[] {
    return [
      tables.map(({ table }) => table.read()),
      tables.flatMap(({ slots }) => (withSlots ? slots.map((slot) => slot.read()) : [])),
      tables.flatMap(({ last }) => (last === null ? [] : [last.read()])),
    ];
  }

  #featureInputs(requests: readonly LookupRequest[]): readonly (Output | readonly Output[])[] {
    const { noIds, noNumbers } = this.#none();
    const [first] = requests;
    if (first === undefined) throw new Error('expected at least one feature');
    return [
      first.value.batchSize,
      requests.map(({ value }) => value.ids),
      requests.map(({ value }) => (value.single === true ? noIds : value.rows)),
      requests.map(({ value }) => value.weights ?? noNumbers),
    ];
  }

  #ruleAttributes(): Record<string, number> {
    const rule = this.#rule;
    const adam = rule.kind === 'adam' ? { beta1: rule.beta1, beta2: rule.beta2, epsilon: rule.epsilon } : {};
    return { ...adam, threads: this.#threads };
  }

  #none(): { readonly noClock: Output; readonly noIds: Output; readonly noNumbers: Output } {
    const { graph } = this.#variables;
    this.#constants ??= graph.rootScope(() => ({
      noClock: ops.constant(graph, 'int32', 0),
      noIds: ops.constant(graph, 'int64', [], [0]),
      noNumbers: ops.constant(graph, 'float32', [], [0]),
    }));
    return this.#constants;
  }
}

function featureAttributes(requests: readonly LookupRequest[], tables: readonly FusedTable[]) {
  const index = new Map(tables.map(({ table }, i) => [table, i]));
  return {
    features: requests.map(({ feature }) => feature),
    feature_tables: requests.map(({ table }) => index.get(table) ?? -1),
    combiners: requests.map(({ combiner }) => combiner),
  };
}

function dimOf(table: Variable): number {
  return table.shape[1] ?? 0;
}

/** Variables that are written in place must share their memory with nothing, not with the constant they started as either. */
function owned(initializer: Initializer): Initializer {
  return (graph, shape, dtype, seed) =>
    graph.op('EasyRecOwned', [initializer(graph, shape, dtype, seed)]).output();
}

const zeros: Initializer = (graph, shape, dtype) =>
  ops.fill(ops.ints(graph, shape), ops.constant(graph, dtype, 0));
