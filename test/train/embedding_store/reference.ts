import type { FeatureBatch, FeatureShape, StoreBatch, StoreSettings } from './store_model.js';

const [BETA1, BETA2] = [Math.fround(0.9), Math.fround(0.999)];

/** The same tables by the formulas, in float64, every row at every step. */
export class ReferenceModel {
  readonly #settings: StoreSettings;
  readonly #weights: Float64Array[];
  readonly #first: Float64Array[];
  readonly #second: Float64Array[];
  #step = 0;

  constructor(settings: StoreSettings) {
    this.#settings = settings;
    this.#weights = settings.start.map((values) => Float64Array.from(values, Math.fround));
    const start = settings.optimizer.rowRule.kind === 'adagrad' ? Math.fround(0.1) : 0;
    this.#first = this.#weights.map(({ length }) => new Float64Array(length).fill(start));
    this.#second = this.#weights.map(({ length }) => new Float64Array(length));
  }

  evaluate(batch: StoreBatch): readonly (readonly number[])[] {
    return this.#settings.features.map((group, g) => {
      const width = this.#width(group);
      const output = new Array<number>(batch.batchSize * width).fill(0);
      this.#forEach(group, batch, g, ({ at, column, row, factor, dim, table }) => {
        for (let d = 0; d < dim; d++) {
          const place = row * width + column + d;
          output[place] = (output[place] ?? NaN) + factor * (this.#weights[table]?.[at + d] ?? NaN);
        }
      });
      return output;
    });
  }

  step(batch: StoreBatch, learningRate: number): readonly (readonly number[])[] {
    const found = this.evaluate(batch);
    const sums = this.#weights.map(({ length }) => new Float64Array(length));
    const touched = this.#weights.map(({ length }) => new Uint8Array(length));
    this.#settings.features.forEach((group, g) => {
      const width = this.#width(group);
      this.#forEach(group, batch, g, ({ at, column, row, factor, dim, table }) => {
        const [sum, isTouched] = [sums[table], touched[table]];
        if (sum === undefined || isTouched === undefined) throw new Error('no table');
        for (let d = 0; d < dim; d++) {
          sum[at + d] =
            (sum[at + d] ?? NaN) + factor * Math.fround(batch.slopes[g]?.[row * width + column + d] ?? NaN);
          isTouched[at + d] = 1;
        }
      });
    });
    this.#step++;
    sums.forEach((sum, table) => this.#move(table, sum, touched[table] ?? new Uint8Array(), learningRate));
    return found;
  }

  /** A table that no feature uses has no slots. */
  state(): Readonly<Record<string, readonly number[]>> {
    const { features, optimizer } = this.#settings;
    const used = new Set(features.flat().map(({ table }) => table));
    const suffixes = ['', ...optimizer.rowRule.slots.map(({ suffix }) => `/${suffix}`)];
    return Object.fromEntries(
      this.#weights.flatMap((weights, t) =>
        [weights, this.#first[t] ?? [], this.#second[t] ?? []]
          .slice(0, used.has(t) ? suffixes.length : 1)
          .map((values, i): [string, number[]] => [`table_${t}${suffixes[i] ?? ''}`, [...values]]),
      ),
    );
  }

  #move(table: number, sum: Float64Array, touched: Uint8Array, learningRate: number): void {
    const { rowRule } = this.#settings.optimizer;
    const [w, m, v] = [this.#weights[table], this.#first[table], this.#second[table]];
    if (w === undefined || m === undefined || v === undefined) throw new Error('no table');
    const rate = (Math.fround(learningRate) * Math.sqrt(1 - BETA2 ** this.#step)) / (1 - BETA1 ** this.#step);
    sum.forEach((g, i) => {
      if (rowRule.kind === 'adagrad') {
        if (touched[i] !== 1) return;
        m[i] = (m[i] ?? NaN) + g * g;
        w[i] = (w[i] ?? NaN) - (Math.fround(learningRate) * g) / Math.sqrt(m[i] ?? NaN);
        return;
      }
      if (rowRule.kind !== 'adam') throw new Error('no formula for this rule');
      if (touched[i] !== 1 && !rowRule.everyStep) return;
      m[i] = (m[i] ?? NaN) * BETA1 + (1 - BETA1) * g;
      v[i] = (v[i] ?? NaN) * BETA2 + (1 - BETA2) * g * g;
      w[i] = (w[i] ?? NaN) - (rate * (m[i] ?? NaN)) / (Math.sqrt(v[i] ?? NaN) + rowRule.epsilon);
    });
  }

  #width(group: readonly FeatureShape[]): number {
    return group.reduce((sum, { table }) => sum + (this.#settings.tables[table]?.dim ?? NaN), 0);
  }

  #forEach(group: readonly FeatureShape[], batch: StoreBatch, g: number, use: (place: Place) => void): void {
    let column = 0;
    group.forEach(({ table, combiner }, f) => {
      const dim = this.#settings.tables[table]?.dim ?? NaN;
      const given = batch.groups[g]?.[f];
      if (given === undefined) throw new Error('no such feature');
      const factors = factorsOf(given, combiner);
      given.ids.forEach((id, i) => {
        const [factor, row] = [factors[i] ?? null, given.rows[i] ?? NaN];
        if (factor !== null) use({ at: id * dim, column, row, factor, dim, table });
      });
      column += dim;
    });
  }
}

interface Place {
  /** Of the table's row, in elements. */
  readonly at: number;
  readonly column: number;
  readonly row: number;
  readonly factor: number;
  readonly dim: number;
  readonly table: number;
}

/** What each vector is multiplied with; null where it is left out. */
function factorsOf(
  { ids, rows, weights }: FeatureBatch,
  combiner: FeatureShape['combiner'],
): readonly (number | null)[] {
  const each = ids.map((_, i) => (weights === null ? 1 : Math.fround(weights[i] ?? NaN)));
  if (combiner === 'sum') return each;
  return each.map((weight, i) => {
    if (weight <= 0) return null;
    const others = each.filter((other, j) => rows[j] === rows[i] && other > 0);
    const total = others.reduce((sum, other) => sum + (combiner === 'mean' ? other : other * other), 0);
    return weight / (combiner === 'mean' ? total : Math.sqrt(total));
  });
}
