import type { Output } from '../tf/index.js';

/**
 * The ids of one feature for B rows, any number of them (also none) a row.
 *
 * `ids` and `rows` are `[n]` int64; `rows` ascends and says which row an id belongs to; ids are in
 * `[0, tableRows)`. `weights` are `[n]` float32, or null where each counts 1.
 */
export interface SparseIds {
  readonly kind: 'sparse';
  readonly ids: Output;
  readonly rows: Output;
  readonly weights: Output | null;
  /** B, a scalar int32. */
  readonly batchSize: Output;
}

/** Numbers that go into the model as they are, `[B, width]` float32. */
export interface DenseValues {
  readonly kind: 'dense';
  readonly values: Output;
  readonly width: number;
}

/** Input columns as they were read, each `[B]`, for components that parse them themselves. */
export interface RawColumns {
  readonly kind: 'raw';
  readonly columns: readonly Output[];
}

export type FeatureValue = SparseIds | DenseValues | RawColumns;
