import type { Random } from '../../../easyrec/input/random.js';
import type { StoreTable } from './native_store.js';
import type { FeatureBatch, StoreBatch, StoreFeature } from './store_model.js';

const COMBINERS = ['sum', 'mean', 'sqrtn'] as const;
const EXTREMES = [1e30, -1e30, 1e-30, -1e-30, 0, -0, 1e-38, 3.4e38] as const;

/** Tables and what looks them up. */
export interface StoreShape {
  readonly tables: readonly StoreTable[];
  readonly lookups: readonly (readonly StoreFeature[])[];
}

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

/** Normal numbers of float32; with `extremes`, some of them as large, as small or as much 0 as they come. */
export function numbers(random: Random, count: number, extremes = false): Float32Array {
  return Float32Array.from({ length: count }, () =>
    extremes && random.below(4) === 0 ? pick(random, EXTREMES) : random.gaussian(),
  );
}

/** Tables may be shared within a lookup and between lookups. */
export function randomShape(random: Random): StoreShape {
  const tables = Array.from({ length: 1 + random.below(4) }, (_, t) => ({
    name: `table_${t}`,
    rows: pick(random, [1, 2, 10, 40, 300]),
    dim: 1 + random.below(33),
  }));
  const lookups = Array.from({ length: 1 + random.below(3) }, () =>
    Array.from({ length: 1 + random.below(4) }, (): StoreFeature => {
      const single = random.below(2) === 0;
      return {
        table: random.below(tables.length),
        combiner: pick(random, COMBINERS),
        single,
        optional: single && random.below(2) === 0,
      };
    }),
  );
  return { tables, lookups };
}

export function featureBatch(random: Random, rows: number, single: boolean, batchSize: number): FeatureBatch {
  // Some batches have not a single id.
  const most = pick(random, [1, 4, 4, 9]);
  const perRow = Array.from({ length: batchSize }, () => (single ? 1 : random.below(most)));
  const ofRows = perRow.flatMap((count, row) => Array.from({ length: count }, () => row));
  const weighted = random.below(3) === 0;
  return {
    // Few distinct ones in some batches, so that many repeat.
    ids: ofRows.map(() => random.below(random.below(2) === 0 ? Math.min(rows, 3) : rows)),
    rows: single ? [] : ofRows,
    // Some are 0 or below: means leave those out.
    weights: weighted ? ofRows.map(() => pick(random, [0, -1, 1, 0.5, random.gaussian()])) : null,
  };
}

/** Some rows have no id. */
function withoutSome(random: Random, batch: FeatureBatch): FeatureBatch {
  return { ...batch, ids: batch.ids.map((id) => (random.below(4) === 0 ? -1 : id)) };
}

/** @param extremes whether gradients have extreme values among them */
export function randomBatch(
  random: Random,
  { tables, lookups }: StoreShape,
  batchSize: number,
  extremes = false,
): StoreBatch {
  const widths = lookups.map((features) =>
    features.reduce((sum, { table }) => sum + (tables[table]?.dim ?? NaN), 0),
  );
  return {
    batchSize,
    lookups: lookups.map((features) =>
      features.map(({ table, single, optional }) => {
        const batch = featureBatch(random, tables[table]?.rows ?? NaN, single, batchSize);
        return optional === true ? withoutSome(random, batch) : batch;
      }),
    ),
    gradients: widths.map((width) => numbers(random, batchSize * width, extremes)),
  };
}
