import { f, f32 } from './float32.js';
import type { StoreTable } from './native_store.js';
import type { KnownRule, Row } from './rules.js';
import type { FeatureBatch, StoreBatch, StoreFeature } from './store_model.js';

const { add, mul, div, sqrt } = f32;

/** A store's tables as plain arrays, with the same float32 arithmetic in the same order. */
export class ReferenceStore {
  readonly #rule: KnownRule;
  readonly #lookups: readonly (readonly StoreFeature[])[];
  readonly #dims: readonly number[];
  /** By table, then by row. */
  readonly #rows: readonly Row[][];

  /** @param start of the tables' weights, in row-major order */
  constructor(
    rule: KnownRule,
    tables: readonly StoreTable[],
    start: readonly ArrayLike<number>[],
    lookups: readonly (readonly StoreFeature[])[],
  ) {
    this.#rule = rule;
    this.#lookups = lookups;
    this.#dims = tables.map(({ dim }) => dim);
    this.#rows = tables.map(({ rows, dim }, t) =>
      Array.from({ length: rows }, (_, row) => ({
        w: Array.from({ length: dim }, (__, d) => Math.fround(start[t]?.[row * dim + d] ?? NaN)),
        slots: rule.slots.map(({ initial, perRow }) =>
          new Array<number>(perRow === true ? 1 : dim).fill(Math.fround(initial)),
        ),
      })),
    );
  }

  evaluate(batch: StoreBatch): Float32Array[] {
    return this.#lookups.map((features, l) => {
      const width = this.#width(features);
      const output = new Float32Array(batch.batchSize * width);
      this.#forEach(features, batch, l, ({ row, at, factor, plain, dim }) => {
        for (let d = 0; d < dim; d++) {
          const weight = row.w[d] ?? NaN;
          output[at + d] = plain ? weight : add(output[at + d] ?? NaN, mul(factor, weight));
        }
      });
      return output;
    });
  }

  /** Takes a step with gradients of `scale` times their size; gives what was looked up before it. */
  step(batch: StoreBatch, learningRate: number, scale = 1): Float32Array[] {
    const found = this.evaluate(batch);
    const sums = new Map<Row, number[]>();
    this.#lookups.forEach((features, l) => {
      this.#forEach(features, batch, l, ({ row, at, factor, dim }) => {
        const sum = sums.get(row);
        const used = Array.from({ length: dim }, (_, d) =>
          mul(mul(factor, Math.fround(scale)), f(batch.gradients[l]?.[at + d] ?? NaN)),
        );
        sums.set(row, sum === undefined ? used : sum.map((value, d) => add(value, used[d] ?? NaN)));
      });
    });
    for (const [row, sum] of sums) this.#rule.move(row, sum, Math.fround(learningRate));
    return found;
  }

  /** Of the rows' gradients, those of each feature summed up for themselves; in float64. */
  squaredNorm(batch: StoreBatch): number {
    let total = 0;
    this.#lookups.forEach((features, l) => {
      const sums = features.map(() => new Map<Row, number[]>());
      this.#forEach(features, batch, l, ({ row, feature, at, factor, dim }) => {
        const used = Array.from({ length: dim }, (_, d) => factor * f(batch.gradients[l]?.[at + d] ?? NaN));
        const sum = sums[feature]?.get(row);
        sums[feature]?.set(row, sum === undefined ? used : sum.map((value, d) => value + (used[d] ?? NaN)));
      });
      for (const sum of sums.flatMap((rows) => [...rows.values()])) {
        total += sum.reduce((so, each) => so + each * each, 0);
      }
    });
    return total;
  }

  /** As NativeStore.state(). */
  state(): Float32Array[] {
    return this.#rows.flatMap((rows) => [
      Float32Array.from(rows.flatMap(({ w }) => w)),
      ...this.#rule.slots.map((_, s) => Float32Array.from(rows.flatMap(({ slots }) => slots[s] ?? []))),
    ]);
  }

  #width(features: readonly StoreFeature[]): number {
    return features.reduce((sum, { table }) => sum + (this.#dims[table] ?? NaN), 0);
  }

  #forEach(
    features: readonly StoreFeature[],
    { lookups }: StoreBatch,
    l: number,
    use: (place: Use) => void,
  ): void {
    const width = this.#width(features);
    let column = 0;
    features.forEach(({ table, combiner, single, optional = false }, i) => {
      const [given, dim] = [lookups[l]?.[i], this.#dims[table] ?? NaN];
      if (given === undefined) throw new Error('no such feature');
      const factors = factorsOf(given, combiner);
      const plain = single && given.weights === null;
      given.ids.forEach((id, n) => {
        if (optional && id === -1) return;
        const [factor, row] = [factors[n] ?? null, this.#rows[table]?.[id]];
        const at = (single ? n : (given.rows[n] ?? NaN)) * width + column;
        if (row === undefined) throw new Error('no such row');
        if (factor !== null) use({ row, feature: i, at, factor: plain ? 1 : factor, plain, dim });
      });
      column += dim;
    });
  }
}

interface Use {
  readonly row: Row;
  /** Its number in the lookup. */
  readonly feature: number;
  /** Of its vector in the output. */
  readonly at: number;
  readonly factor: number;
  readonly plain: boolean;
  readonly dim: number;
}

/** What each vector is multiplied with; null where it is left out. */
export function factorsOf(
  { ids, rows, weights }: FeatureBatch,
  combiner: StoreFeature['combiner'],
): readonly (number | null)[] {
  const each = ids.map((_, i) => (weights === null ? 1 : Math.fround(weights[i] ?? NaN)));
  if (combiner === 'sum') return each;
  const isMean = combiner === 'mean';
  return each.map((weight, i) => {
    if (!(weight > 0)) return null;
    const others = each.filter(
      (other, j) => (rows.length === 0 ? j === i : rows[j] === rows[i]) && other > 0,
    );
    const total = others.reduce((sum, other) => add(sum, isMean ? other : mul(other, other)), 0);
    const divisor = isMean ? total : sqrt(total);
    return divisor > 0 ? div(weight, divisor) : weight;
  });
}
