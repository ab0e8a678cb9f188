import type { Combiner } from '../features/spec.js';
import type { SparseIds } from '../features/types.js';
import type { Output, Variable } from '../tf/index.js';
import { ops } from '../tf/index.js';

export interface EmbeddingLookupOptions {
  readonly combiner: Combiner;
  /**
   * Whether weighted sums over all rows of the table may read it as a whole, which gives it a dense gradient; not
   * where other features look single rows of it up. Default: true.
   */
  readonly mayReadTable?: boolean;
}

/**
 * One vector a row, from any number of ids: `[B, D]`; zeros where a row has none.
 *
 * `sum`: `sum w E[id]`; `mean`: that over `sum w`; `sqrtn`: that over `sqrt(sum w^2)`. Except for `sum`, ids with a
 * weight of 0 or less are left out.
 */
export function embeddingLookup(
  table: Variable,
  value: SparseIds,
  { combiner, mayReadTable = true }: EmbeddingLookupOptions,
): Output {
  const { projection, single, weights, batchSize } = value;
  if (projection !== undefined && combiner === 'sum' && mayReadTable) {
    return ops.matmul(projection, table.read());
  }
  if (single === true && weights === null) return table.gather(value.ids);

  const { ids, rows, weights: kept } = combiner === 'sum' ? value : positivelyWeighted(value);
  const vectors = table.gather(ids);
  const weighted = kept === null ? vectors : ops.mul(vectors, ops.expandDims(kept, 1));
  const sums = ops.unsortedSegmentSum(weighted, rows, batchSize);
  return combiner === 'sum' ? sums : ops.div(sums, divisor(kept, rows, batchSize, combiner));
}

/** Only the ids whose weight is above 0. */
function positivelyWeighted(value: SparseIds): Pick<SparseIds, 'ids' | 'rows' | 'weights'> {
  const { ids, rows, weights } = value;
  if (weights === null) return value;
  const kept = ops.reshape(ops.where(ops.greater(weights, 0)), [-1]);
  return { ids: ops.gather(ids, kept), rows: ops.gather(rows, kept), weights: ops.gather(weights, kept) };
}

/** What the sum of each row is divided by, `[B, 1]`; 1 where there is nothing to divide. */
function divisor(
  weights: Output | null,
  rows: Output,
  batchSize: Output,
  combiner: 'mean' | 'sqrtn',
): Output {
  const { graph } = rows;
  const each = weights ?? ops.cast(ops.onesLike(rows), 'float32');
  const isMean = combiner === 'mean';
  const total = ops.unsortedSegmentSum(isMean ? each : ops.square(each), rows, batchSize);
  const norm = isMean ? total : ops.sqrt(total);
  const one = ops.constant(graph, 'float32', 1);
  return ops.expandDims(ops.select(ops.equal(norm, 0), one, norm), 1);
}
