import { f, f32 } from './float32.js';
import type { StoreTable } from './native_store.js';
import { factorsOf } from './reference.js';
import type { KnownRule, Row } from './rules.js';
import type { StoreBatch, StoreFeature } from './store_model.js';

const { add, mul } = f32;

interface Known {
  count: number;
  step: number;
  /** Null: it was seen too seldom. */
  row: Row | null;
}

/** Tables with a row for each key as plain maps, with the same float32 arithmetic in the same order; one lookup. */
export class KeyedReference {
  readonly #rule: KnownRule;
  readonly #tables: readonly StoreTable[];
  readonly #features: readonly StoreFeature[];
  readonly #start: number;
  /** By table. */
  readonly known: readonly Map<number, Known>[];
  #step = 0;

  /** @param start what all weights start from */
  constructor(
    rule: KnownRule,
    tables: readonly StoreTable[],
    features: readonly StoreFeature[],
    start: number,
  ) {
    this.#rule = rule;
    this.#tables = tables;
    this.#features = features;
    this.#start = Math.fround(start);
    this.known = tables.map(() => new Map<number, Known>());
  }

  evaluate(batch: StoreBatch): Float32Array {
    return this.#look(batch, (table, id) => this.known[table]?.get(id)?.row ?? null).vectors;
  }

  /** Takes a step; gives what was looked up before it. */
  step(batch: StoreBatch, rate: number): Float32Array {
    this.#step++;
    // All uses count before the first vector is read.
    this.#look(batch, (table, id) => this.#see(table, id));
    const { vectors, uses } = this.#look(batch, (table, id) => this.known[table]?.get(id)?.row ?? null);
    const sums = new Map<Row, number[]>();
    for (const { row, at, factor, dim } of uses) {
      const used = Array.from({ length: dim }, (_, d) => mul(factor, f(batch.gradients[0]?.[at + d] ?? NaN)));
      const sum = sums.get(row);
      sums.set(row, sum === undefined ? used : sum.map((value, d) => add(value, used[d] ?? NaN)));
    }
    for (const [row, sum] of sums) this.#rule.move(row, sum, Math.fround(rate));
    return vectors;
  }

  /** What each save does. */
  evict(): void {
    this.known.forEach((known, t) => {
      const most = this.#tables[t]?.keys?.stepsToLive ?? 0;
      for (const [id, { step }] of known) if (most > 0 && this.#step - step > most) known.delete(id);
    });
  }

  /** A row's weights, then its slots, as the store reads them. */
  read(table: number, id: number): readonly (readonly number[])[] {
    const { dim = 0 } = this.#tables[table] ?? {};
    const row = this.known[table]?.get(id)?.row ?? null;
    if (row !== null) return [row.w, ...row.slots];
    return [new Array<number>(dim).fill(0), ...this.#rule.slots.map((slot) => startOf(slot, dim))];
  }

  #see(table: number, id: number): Row | null {
    const entry = this.known[table]?.get(id) ?? { count: 0, step: 0, row: null };
    this.known[table]?.set(id, entry);
    entry.count++;
    entry.step = this.#step;
    const { dim = 0, keys } = this.#tables[table] ?? {};
    if (entry.row === null && entry.count >= (keys?.filterFreq ?? 0)) {
      const slots = this.#rule.slots.map((slot) => startOf(slot, dim));
      entry.row = { w: new Array<number>(dim).fill(this.#start), slots };
    }
    return entry.row;
  }

  #look({ batchSize, lookups }: StoreBatch, find: (table: number, id: number) => Row | null) {
    const dims = this.#features.map(({ table }) => this.#tables[table]?.dim ?? NaN);
    const width = dims.reduce((sum, dim) => sum + dim, 0);
    const vectors = new Float32Array(batchSize * width);
    const uses: { row: Row; at: number; factor: number; dim: number }[] = [];
    let column = 0;
    this.#features.forEach(({ table, combiner, single }, i) => {
      const given = lookups[0]?.[i];
      const dim = dims[i] ?? NaN;
      if (given === undefined) throw new Error('no such feature');
      const factors = factorsOf(given, combiner);
      const plain = single && given.weights === null;
      given.ids.forEach((id, n) => {
        const factor = plain ? 1 : (factors[n] ?? null);
        if (factor === null) return;
        const row = find(table, id);
        if (row === null) return;
        const at = (single ? n : (given.rows[n] ?? NaN)) * width + column;
        uses.push({ row, at, factor, dim });
        for (let d = 0; d < dim; d++) {
          const weight = row.w[d] ?? NaN;
          vectors[at + d] = plain ? weight : add(vectors[at + d] ?? NaN, mul(factor, weight));
        }
      });
      column += dim;
    });
    return { vectors, uses };
  }
}

function startOf({ initial, perRow }: KnownRule['slots'][number], dim: number): number[] {
  return new Array<number>(perRow === true ? 1 : dim).fill(Math.fround(initial));
}
