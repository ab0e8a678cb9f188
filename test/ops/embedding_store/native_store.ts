import koffi from 'koffi';
import type { Memory } from '../../../easyrec/tf/native.js';
import { loadOpLibrary } from '../../../easyrec/tf/index.js';
import { opLibrary } from '../support.js';

/** The library as set-up builds it, or another build of it: scripts/sanitize_ops names one. */
const LIBRARY = process.env['EASYREC_TEST_STORE_LIBRARY'] ?? opLibrary('embedding_store');

/**
 * Of tests in which a C function throws inside: koffi calls it on a stack of its own, of which AddressSanitizer cannot
 * know what an exception leaves behind.
 */
export const THROWING = {
  skip: process.env['EASYREC_TEST_SANITIZER'] === 'address' ? 'exceptions on a stack of koffi' : false,
};

interface StoreLibrary {
  create(
    rule: string,
    parameters: Float64Array,
    parameterCount: number,
    slots: number,
    initial: Float32Array,
    perRow: Uint8Array,
    threads: number,
    message: Uint8Array,
    size: number,
  ): number;
  free(store: number): void;
  add_table(
    store: number,
    name: string,
    rows: number,
    dim: number,
    kind: number,
    a: number,
    b: number,
    values: Memory,
    valueCount: number,
    seed0: bigint,
    seed1: bigint,
    message: Uint8Array,
    size: number,
  ): number;
  add_unbounded_table(
    store: number,
    name: string,
    filterFreq: number,
    stepsToLive: number,
    dim: number,
    kind: number,
    a: number,
    b: number,
    values: Memory,
    valueCount: number,
    seed0: bigint,
    seed1: bigint,
    message: Uint8Array,
    size: number,
  ): number;
  set_step(store: number, step: number): number;
  save(
    store: number,
    path: string,
    tensors: BigInt64Array,
    count: number,
    compact: number,
    earlier: null,
    earlierWeights: null,
    message: Uint8Array,
    size: number,
  ): unknown;
  save_wait(save: unknown, milliseconds: number): number;
  save_end(save: unknown, results: BigInt64Array, message: Uint8Array, size: number): number;
  set_trained(store: number, table: number, trained: number): number;
  read(
    store: number,
    table: number,
    component: number,
    first: bigint,
    count: number,
    target: Float32Array,
    message: Uint8Array,
    size: number,
  ): number;
  write(
    store: number,
    table: number,
    first: number,
    count: number,
    components: readonly (Float32Array | null)[],
    message: Uint8Array,
    size: number,
  ): number;
  reset(store: number): number;
  settle(store: number, message: Uint8Array, size: number): number;
  stats(store: number, table: number, stats: Float64Array): number;
}

const PROTOTYPES: { readonly [Name in keyof StoreLibrary]: string } = {
  create:
    'int64_t easyrec_store_new(str rule, void *parameters, int parameter_count, int slots, void *initial, void *per_row, int threads, void *message, size_t size)',
  free: 'void easyrec_store_free(int64_t store)',
  add_table:
    'int easyrec_store_add_table(int64_t store, str name, int64_t rows, int64_t dim, int kind, double a, double b, void *values, int value_count, int64_t seed0, int64_t seed1, void *message, size_t size)',
  add_unbounded_table:
    'int easyrec_store_add_unbounded_table(int64_t store, str name, int filter_freq, int steps_to_live, int64_t dim, int kind, double a, double b, void *values, int value_count, int64_t seed0, int64_t seed1, void *message, size_t size)',
  set_step: 'int easyrec_store_set_step(int64_t store, int step)',
  save: 'void *easyrec_store_save(int64_t store, str path, void *tensors, int count, int compact, void *earlier, void *earlier_weights, void *message, size_t size)',
  save_wait: 'int easyrec_store_save_wait(void *save, int milliseconds)',
  save_end: 'int easyrec_store_save_end(void *save, void *results, void *message, size_t size)',
  set_trained: 'int easyrec_store_set_trained(int64_t store, int table, int trained)',
  read: 'int easyrec_store_read(int64_t store, int table, int component, int64_t first, int64_t count, void *target, void *message, size_t size)',
  write:
    'int easyrec_store_write(int64_t store, int table, int64_t first, int64_t count, void **components, void *message, size_t size)',
  reset: 'int easyrec_store_reset(int64_t store)',
  settle: 'int easyrec_store_settle(int64_t store, void *message, size_t size)',
  stats: 'int easyrec_store_stats(int64_t store, int table, void *stats)',
};

let loaded: StoreLibrary | undefined;

function library(): StoreLibrary {
  if (loaded === undefined) {
    loadOpLibrary(LIBRARY);
    const file = koffi.load(LIBRARY);
    const functions = Object.entries(PROTOTYPES).map(([name, prototype]) => [name, file.func(prototype)]);
    loaded = Object.fromEntries(functions) as StoreLibrary;
  }
  return loaded;
}

/** The optimizer of a store. */
export interface StoreRule {
  readonly kind: string;
  /** In the order of ops/embedding_store/rules.h. */
  readonly parameters: readonly number[];
  readonly slots: readonly { readonly initial: number; readonly perRow?: boolean }[];
}

/** A table to be. */
export interface StoreTable {
  readonly name: string;
  /** Of no meaning with `keys`. */
  readonly rows: number;
  /** Of a table that has a row for each key. */
  readonly keys?: { readonly filterFreq: number; readonly stepsToLive: number };
  readonly dim: number;
  /** Default: all 0. */
  readonly initial?:
    | { readonly kind: 'truncated_normal' | 'normal'; readonly mean: number; readonly deviation: number }
    | { readonly kind: 'constant'; readonly values: readonly number[] };
  readonly seeds?: readonly [bigint, bigint];
}

/** A store of embedding tables, through its C functions. */
export class NativeStore {
  readonly number: number;
  readonly #tables: StoreTable[] = [];
  readonly #slots: StoreRule['slots'];
  readonly #message = new Uint8Array(512);

  constructor({ kind, parameters, slots }: StoreRule, threads = 2) {
    this.#slots = slots;
    this.number = library().create(
      kind,
      Float64Array.from(parameters),
      parameters.length,
      slots.length,
      Float32Array.from(slots, ({ initial }) => initial),
      Uint8Array.from(slots, ({ perRow }) => (perRow === true ? 1 : 0)),
      threads,
      this.#message,
      this.#message.length,
    );
    this.#check(this.number > 0);
  }

  get tables(): readonly StoreTable[] {
    return this.#tables;
  }

  /** Components of a row: its weights and its slots. */
  get components(): number {
    return 1 + this.#slots.length;
  }

  addTable(table: StoreTable): number {
    const { name, rows, dim, initial = { kind: 'constant', values: [0] }, seeds = [0n, 0n], keys } = table;
    const kind = ['truncated_normal', 'normal', 'constant'].indexOf(initial.kind);
    const values = initial.kind === 'constant' ? Float32Array.from(initial.values) : null;
    const [a, b] = initial.kind === 'constant' ? [0, 0] : [initial.mean, initial.deviation];
    const start = [kind, a, b, values, values?.length ?? 0, ...seeds] as const;
    const message = [this.#message, this.#message.length] as const;
    const index =
      keys === undefined
        ? library().add_table(this.number, name, rows, dim, ...start, ...message)
        : library().add_unbounded_table(
            this.number,
            name,
            keys.filterFreq,
            keys.stepsToLive,
            dim,
            ...start,
            ...message,
          );
    this.#check(index === this.#tables.length);
    this.#tables.push(table);
    return index;
  }

  setTrained(table: number, trained: boolean): void {
    this.#check(library().set_trained(this.number, table, trained ? 1 : 0) === 0);
  }

  /** Rows [first, first + count) of a component, default: all. */
  read(table: number, component: number, first = 0, count = this.#tables[table]?.rows ?? 0): Float32Array {
    const target = new Float32Array(count * this.#width(table, component));
    const status = library().read(
      this.number,
      table,
      component,
      BigInt(first),
      count,
      target,
      this.#message,
      this.#message.length,
    );
    this.#check(status === 0);
    return target;
  }

  write(table: number, first: number, count: number, components: readonly (Float32Array | null)[]): void {
    this.#check(
      library().write(this.number, table, first, count, components, this.#message, this.#message.length) ===
        0,
    );
  }

  reset(): void {
    this.#check(library().reset(this.number) === 0);
  }

  settle(): void {
    this.#check(library().settle(this.number, this.#message, this.#message.length) === 0);
  }

  /** Takes out what has outlived its time, as each save does, and writes the keys of a table. */
  save(path: string, table: number): void {
    const save = library().save(
      this.number,
      path,
      BigInt64Array.of(BigInt(table), -1n, 0n),
      1,
      0,
      null,
      null,
      this.#message,
      this.#message.length,
    );
    this.#check(save !== null);
    while (library().save_wait(save, 1000) === 0);
    const results = new BigInt64Array(2);
    this.#check(library().save_end(save, results, this.#message, this.#message.length) === 0);
  }

  setStep(step: number): void {
    this.#check(library().set_step(this.number, step) === 0);
  }

  stats(table: number): { readonly rows: number; readonly bytes: number; readonly counted: number } {
    const stats = new Float64Array(3);
    this.#check(library().stats(this.number, table, stats) === 0);
    return { rows: stats[0] ?? NaN, bytes: stats[1] ?? NaN, counted: stats[2] ?? NaN };
  }

  /** All components of all tables. */
  state(): readonly Float32Array[] {
    this.settle();
    return this.#tables.flatMap((_, table) =>
      Array.from({ length: this.components }, (__, component) => this.read(table, component)),
    );
  }

  [Symbol.dispose](): void {
    library().free(this.number);
  }

  #width(table: number, component: number): number {
    return component > 0 && this.#slots[component - 1]?.perRow === true ? 1 : (this.#tables[table]?.dim ?? 0);
  }

  #check(isFine: boolean): void {
    if (isFine) return;
    const end = this.#message.indexOf(0);
    throw new Error(new TextDecoder().decode(this.#message.subarray(0, Math.max(0, end))));
  }
}
