import koffi from 'koffi';
import { storeLibrary, type StoreLibrary } from '../../../easyrec/train/embedding_store/library.js';
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

function library(): StoreLibrary {
  return storeLibrary(LIBRARY);
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
    this.number = Number(
      library().create(
        kind,
        Float64Array.from(parameters),
        parameters.length,
        slots.length,
        Float32Array.from(slots, ({ initial }) => initial),
        Uint8Array.from(slots, ({ perRow }) => (perRow === true ? 1 : 0)),
        threads,
        this.#message,
        this.#message.length,
      ),
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
    const addresses = BigInt64Array.from(components, (values) =>
      values === null ? 0n : koffi.address(values),
    );
    this.#check(
      library().write(this.number, table, first, count, addresses, this.#message, this.#message.length) === 0,
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
      null,
      this.#message,
      this.#message.length,
    );
    if (save === null) {
      this.#check(false);
      return;
    }
    while (library().save_wait(save, 1000) === 0);
    const results = new BigInt64Array(3);
    const lists = new BigInt64Array(2 * this.#tables.length);
    this.#check(library().save_end(save, results, lists, this.#message, this.#message.length) === 0);
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
