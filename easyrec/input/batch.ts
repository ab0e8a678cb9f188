import type { Tensor } from '../tf/index.js';

/** Element types of an input column: what `input_fields.input_type` can name. */
export type FieldType = 'int32' | 'int64' | 'string' | 'float32' | 'float64' | 'bool';

/** B strings as their UTF-8 bytes, row i being `bytes[offsets[i] .. offsets[i + 1])`. */
export interface StringColumn {
  readonly dtype: 'string';
  readonly bytes: Uint8Array;
  /** B + 1 offsets, the first 0. */
  readonly offsets: Int32Array;
}

/** B numbers; a bool is one byte, 0 or 1. */
export type NumberColumn =
  | { readonly dtype: 'int32'; readonly values: Int32Array }
  | { readonly dtype: 'int64'; readonly values: BigInt64Array }
  | { readonly dtype: 'float32'; readonly values: Float32Array }
  | { readonly dtype: 'float64'; readonly values: Float64Array }
  | { readonly dtype: 'bool'; readonly values: Uint8Array };

/** A column in JavaScript's memory; its buffers may be transferred between threads. */
export type BufferColumn = StringColumn | NumberColumn;

/** A column that is a tensor `[B]` already; its dtype is that of the field. */
export interface TensorColumn {
  readonly dtype: 'tensor';
  readonly tensor: Tensor;
}

/** Which kind it is depends on the reader: `bufferColumn` gives the values of either. */
export type Column = BufferColumn | TensorColumn;

/**
 * B rows in columns, keyed by input field name. Who takes it from a reader frees it with `disposeBatch` when no column
 * is needed any more; a tensor that was fed and disposed of since does not matter.
 */
export interface Batch {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Column>;
}
