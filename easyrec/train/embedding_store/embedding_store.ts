import { GraphError, NativeError } from '../../errors.js';
import type { KeySpec } from '../../features/spec.js';
import { lastConstant } from '../../layers/initializers.js';
import type { InitialRows } from '../../layers/initial_rows.js';
import { type RowRule, ruleParameters, type SlotSpec } from '../../optimizers/index.js';
import { native } from '../../tf/native.js';
import type { Tensor } from '../../tf/index.js';
import { storeLibrary, type StoreLibrary } from './library.js';
import { finished, MESSAGE_BYTES, textOf } from './native_call.js';

/** A table of a store. */
export interface StoreTable extends NewTable {
  /** Its number in the store. */
  readonly index: number;
}

/** A tensor of a checkpoint that a store holds: the weights of a table, or one of the optimizer's slots for it. */
export interface StoreTensor {
  readonly name: string;
  readonly shape: readonly [rows: number, width: number];
  readonly table: StoreTable;
  /** 0: the weights; 1 + i: slot i. */
  readonly component: number;
}

export interface StoreOptions {
  readonly rule: RowRule;
  /** What one op uses at most. */
  readonly threads: number;
  /** Default: the library as set-up builds it. */
  readonly library?: string;
}

/** What a new table is to be. */
export interface NewTable {
  /** As in checkpoints: `input_layer/user_id_embedding/embedding_weights`. */
  readonly name: string;
  /** Infinity with `keys`. */
  readonly rows: number;
  readonly dim: number;
  readonly initial: InitialRows;
  /** Of TensorFlow's stateless random ops. */
  readonly seed: readonly [number, number];
  /** Of a table that has a row for each key. Default: it has one for each number below `rows`. */
  readonly keys?: KeySpec;
}

const KINDS = { truncated_normal: 0, normal: 1, constant: 2 } as const;

/** A rule that the native store cannot follow. */
export class RuleError extends NativeError {}

/** Embedding tables outside of TensorFlow's variables: a row takes memory once training has looked it up. */
export class EmbeddingStore implements Disposable {
  /** By which ops find it. */
  readonly id: number;
  readonly slots: readonly SlotSpec[];
  readonly options: StoreOptions;
  readonly #library: StoreLibrary;
  readonly #tables = new Map<string, StoreTable>();
  readonly #untrained = new Set<string>();
  #disposed = false;

  /**
   * @throws RuleError when the library cannot follow the rule.
   * @throws NativeError when it does not load.
   */
  constructor(options: StoreOptions) {
    const { rule, threads, library: file } = options;
    const library = storeLibrary(file);
    const parameters = Float64Array.from(ruleParameters(rule));
    const initial = Float32Array.from(rule.slots, (slot) => slot.initial);
    const perRow = Uint8Array.from(rule.slots, (slot) => (slot.perRow === true ? 1 : 0));
    const message = new Uint8Array(MESSAGE_BYTES);
    const { kind, slots } = rule;
    const store = library.create(
      kind,
      parameters,
      parameters.length,
      slots.length,
      initial,
      perRow,
      threads,
      message,
      MESSAGE_BYTES,
    );
    this.id = Number(store);
    if (this.id <= 0) throw new RuleError(textOf(message));
    this.slots = slots;
    this.options = options;
    this.#library = library;
  }

  /** The functions of the native library, for those that move rows to files and back. */
  get library(): StoreLibrary {
    return this.#library;
  }

  /** In the order of their making. */
  get tables(): readonly StoreTable[] {
    return [...this.#tables.values()];
  }

  /**
   * What checkpoints hold of tables with a number of rows: as variables would be, a table that is not trained has no
   * slots.
   */
  get tensors(): readonly StoreTensor[] {
    return this.tables.filter(({ keys }) => keys === undefined).flatMap((table) => this.tensorsOf(table));
  }

  /** The weights, then the slots of a table; Infinity stands for a number of rows that depends on what was seen. */
  tensorsOf(table: StoreTable): readonly StoreTensor[] {
    const { name, rows, dim } = table;
    const weights: StoreTensor = { name, shape: [rows, dim], table, component: 0 };
    if (this.#untrained.has(name)) return [weights];
    const slots = this.slots.map(({ suffix, perRow }, i): StoreTensor => ({
      name: `${name}/${suffix}`,
      shape: [rows, perRow === true ? 1 : dim],
      table,
      component: 1 + i,
    }));
    return [weights, ...slots];
  }

  find(name: string): StoreTable | undefined {
    return this.#tables.get(name);
  }

  /** @throws GraphError when the name is taken or the store cannot have such a table. */
  addTable(options: NewTable): StoreTable {
    const { name, rows, dim, initial, seed, keys } = options;
    if (this.#tables.has(name)) throw new GraphError(`table "${name}": created twice`);
    const isConstant = initial.kind === 'constant';
    if (isConstant) lastConstant(initial.values, rows * dim);
    const [mean, deviation] = isConstant ? [0, 0] : [initial.mean, initial.deviation];
    const values = Float32Array.from(isConstant ? initial.values : []);
    const message = new Uint8Array(MESSAGE_BYTES);
    const store = this.#open();
    const start = [KINDS[initial.kind], mean, deviation, values, values.length, ...seed] as const;
    const index =
      keys === undefined
        ? this.#library.add_table(store, name, rows, dim, ...start, message, MESSAGE_BYTES)
        : this.#library.add_unbounded_table(
            store,
            name,
            keys.filterFreq,
            keys.stepsToLive,
            dim,
            ...start,
            message,
            MESSAGE_BYTES,
          );
    if (index < 0) throw new GraphError(`table "${name}": ${textOf(message)}`);
    const table = { ...options, index };
    this.#tables.set(name, table);
    return table;
  }

  /** Says that no loss depends on a table: its rows stay where they are. */
  freeze({ name, index }: StoreTable): void {
    this.#library.set_trained(this.#open(), index, 0);
    this.#untrained.add(name);
  }

  /** Says how many steps were done before; those that follow are counted from there. Default: 0. */
  setStep(step: number): void {
    this.#library.set_step(this.#open(), step);
  }

  /** Forgets all rows. */
  reset(): void {
    this.#library.reset(this.#open());
  }

  /** Brings all rows up to date with the steps done. Off the JavaScript thread; no step may run meanwhile. */
  async settle(): Promise<void> {
    const store = this.#open();
    await finished('settle', (message, done) =>
      this.#library.settle.async(store, message, MESSAGE_BYTES, done),
    );
  }

  /**
   * Copies rows `[first, first + count)` of a tensor, as they are after `settle`.
   *
   * @param target `[count, width]` float32
   */
  async read({ table, component, name }: StoreTensor, first: number, target: Tensor): Promise<void> {
    const store = this.#open();
    const [count = 0] = target.shape;
    const address = native().TF_TensorData(target.retain());
    try {
      await finished(`reading "${name}"`, (message, done) =>
        this.#library.read.async(
          store,
          table.index,
          component,
          first,
          count,
          address,
          message,
          MESSAGE_BYTES,
          done,
        ),
      );
    } finally {
      target.release();
    }
  }

  /**
   * Sets rows of a table.
   *
   * @param components the weights, then the slots, each `[count, width]` float32; null for one that stays at its start
   * @param first the first of the rows; default: 0
   */
  async write(table: StoreTable, components: readonly (Tensor | null)[], first = 0): Promise<void> {
    const store = this.#open();
    const given = components.filter((component) => component !== null);
    const count = given[0]?.shape[0] ?? 0;
    const addresses = BigInt64Array.from(
      { length: 1 + this.slots.length },
      (_, i) => addressOf(components[i] ?? null) ?? 0n,
    );
    for (const component of given) component.retain();
    try {
      await finished(`setting "${table.name}"`, (message, done) =>
        this.#library.write.async(store, table.index, first, count, addresses, message, MESSAGE_BYTES, done),
      );
    } finally {
      for (const component of given) component.release();
    }
  }

  /** How many rows of a table are in memory, the bytes they take, and the keys that were seen and have no row. */
  statsOf({ index }: StoreTable): {
    readonly rows: number;
    readonly bytes: number;
    readonly counted: number;
  } {
    const stats = new Float64Array(3);
    this.#library.stats(this.#open(), index, stats);
    return { rows: stats[0] ?? 0, bytes: stats[1] ?? 0, counted: stats[2] ?? 0 };
  }

  /** Frees it; sessions that use it must be closed. */
  dispose(): void {
    if (!this.#disposed) this.#library.free(this.id);
    this.#disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #open(): number {
    if (this.#disposed) throw new Error('embedding store: used after dispose()');
    return this.id;
  }
}

function addressOf(tensor: Tensor | null): bigint | null {
  return tensor === null ? null : native().TF_TensorData(tensor.handle);
}
