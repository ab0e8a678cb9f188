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
  /** Set where every row has exactly one id (`rows` is 0 … B-1), so that a lookup is a plain gather. */
  readonly single?: true;
  /** Set where a row has at most one id and no weight: `[B]` int64, the id of each row, -1 where it has none. */
  readonly idOrNone?: Output;
  /**
   * Set where every row has the ids 0 … K-1 with these weights, `[B, K]` float32: the weighted sum of the rows of a
   * table is then a matrix product.
   */
  readonly projection?: Output;
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
