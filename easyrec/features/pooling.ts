import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';

const SEGMENT_OPS = {
  sum: 'UnsortedSegmentSum',
  mean: 'UnsortedSegmentSum',
  max: 'UnsortedSegmentMax',
  min: 'UnsortedSegmentMin',
} as const;

/**
 * Pools the elements of each row: `[n]` or `[n, K]` and their rows `[n]` -> `[B]` or `[B, K]`; 0 for a row without any.
 */
export function poolRows(
  elements: Output,
  rows: Output,
  batchSize: Output,
  combiner: keyof typeof SEGMENT_OPS,
): Output {
  const pooled = elements.graph.op(SEGMENT_OPS[combiner], [elements, rows, batchSize]).output();
  if (combiner === 'sum') return pooled;
  const counts = ops.unsortedSegmentSum(ops.onesLike(elements), rows, batchSize);
  if (combiner === 'mean') return ops.divNoNan(pooled, counts);
  // The maximum of nothing would be the lowest float, as nobody expects.
  return ops.select(ops.greater(counts, 0), pooled, 0);
}
