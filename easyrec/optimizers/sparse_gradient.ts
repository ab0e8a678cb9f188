import type { IndexedSlices } from '../tf/grad/indexed_slices.js';
import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';

/** The gradient of the touched rows: each row once, what several lookups of it contributed summed up. */
export interface RowGradients {
  /** `[U]`, distinct. */
  readonly rows: Output;
  /** `[U, ...]`. */
  readonly values: Output;
}

/** Merges repeated rows, as every optimizer but plain SGD needs it. */
export function mergeRows({ indices, values }: IndexedSlices): RowGradients {
  const { values: rows, index } = ops.unique(indices);
  const merged = ops.unsortedSegmentSum(values, index, ops.sizeOf(rows));
  return { rows, values: merged };
}
