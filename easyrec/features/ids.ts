import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { Buckets, IdSource } from './spec.js';
import type { SparseIds } from './types.js';
import { vocabularyIds } from './vocabulary.js';

/** Text as it is; numbers as decimal text, floats with `precision` decimals. */
export function textOf(x: Output, precision: number | null): Output {
  if (x.dtype === 'string') return x;
  const isFloat = x.dtype === 'float32' || x.dtype === 'float64';
  return ops.asString(x, isFloat && precision !== null ? { precision } : {});
}

/** Numbers as they are; text parsed as int32, or int64 where there are more ids: it fails the run where it is no such number. */
export function integersOf(x: Output, buckets: Buckets = 0): Output {
  const dtype = typeof buckets === 'bigint' ? 'int64' : 'int32';
  return x.dtype === 'string' ? ops.stringToNumber(x, dtype) : x;
}

/** The id of each value, int64 of the same shape: of text, or of integers where the source is `identity`. */
export function idsOf(values: Output, source: IdSource): Output {
  switch (source.kind) {
    case 'hash':
      return ops.stringToHashBucketFast(values, source.buckets);
    case 'vocabulary':
      return vocabularyIds(values, source.words);
    case 'identity': {
      const { buckets } = source;
      const ids = ops.cast(integersOf(values, buckets), 'int64');
      const end = ops.constant(values.graph, 'int64', buckets);
      const outside = ops.logicalOr(ops.less(ids, 0), ops.greaterEqual(ids, end));
      return ops.select(outside, 0, ids);
    }
    case 'ready':
      return values;
  }
}

/** The number of ids a source can give, rounded where it is above 2^53. */
export function idCount(source: IdSource): number {
  return source.kind === 'vocabulary' ? source.words.length : Number(source.buckets);
}

/** B of a column `[B]`. */
export function batchSizeOf(column: Output): Output {
  return column.shape?.length === 1 ? ops.sizeOf(column) : ops.dimension(column, 0);
}

/** 0 … B-1, int64. */
export function rowNumbers(batchSize: Output): Output {
  const { graph } = batchSize;
  const at = (value: number): Output => ops.constant(graph, 'int64', value);
  return ops.range(at(0), ops.cast(batchSize, 'int64'), at(1));
}

/** One id a row, `[B]`, none of them missing. */
export function oneIdPerRow(ids: Output): SparseIds {
  const batchSize = batchSizeOf(ids);
  return { kind: 'sparse', ids, rows: rowNumbers(batchSize), weights: null, batchSize, single: true };
}

/** One id a row where `present`, none elsewhere; both `[B]`. */
export function idsWhere(present: Output, ids: Output): SparseIds {
  return idsUnless(present, ids, ops.select(present, ids, -1));
}

/** One id a row, none where it is -1; `[B]` int64. */
export function idsOrNone(idOrNone: Output): SparseIds {
  return idsUnless(ops.notEqual(idOrNone, -1), idOrNone, idOrNone);
}

function idsUnless(present: Output, ids: Output, idOrNone: Output): SparseIds {
  const rows = ops.reshape(ops.where(present), [-1]);
  const kept = ops.gather(ids, rows);
  return { kind: 'sparse', ids: kept, rows, weights: null, batchSize: batchSizeOf(ids), idOrNone };
}

/** Column 0 of the coordinates of sparse elements, `[n, rank]` -> `[n]`: the row of each. */
export function rowsOf(indices: Output): Output {
  const pair = (a: number, b: number): Output => ops.ints(indices.graph, [a, b]);
  const masks = { beginMask: 1, endMask: 1, shrinkAxisMask: 2 };
  return ops.stridedSlice(indices, pair(0, 0), pair(0, 1), pair(1, 1), masks);
}
