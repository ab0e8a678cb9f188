import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { FeatureType } from './feature_type.js';
import { inputAt } from './feature_type.js';
import { batchSizeOf, oneIdPerRow, rowNumbers, rowsOf } from './ids.js';
import { poolRows } from './pooling.js';
import type { RawFeatureSpec } from './spec.js';
import type { DenseValues, SparseIds } from './types.js';

/** A string column's numbers: `[B]`, or `[B, width]` where wider than 1. */
function parseText(column: Output, { width, separator, pooling }: RawFeatureSpec): Output {
  const { graph } = column;
  if (pooling !== null) {
    const parts = ops.stringSplit(column, pooling.separator);
    const texts = width > 1 ? ops.stringSplit(parts.values, separator).values : parts.values;
    const numbers = ops.stringToNumber(texts, 'float32');
    const vectors = width > 1 ? ops.reshape(numbers, [-1, width]) : numbers;
    return poolRows(vectors, rowsOf(parts.indices), batchSizeOf(column), pooling.combiner);
  }
  if (width === 1) return ops.stringToNumber(column, 'float32');
  const { indices, values } = ops.stringSplit(column, separator);
  const numbers = ops.stringToNumber(values, 'float32');
  const shape = ops.stack([ops.sizeOf(column, 'int64'), ops.constant(graph, 'int64', width)]);
  // A missing tail is 0; one number too many is out of bounds and fails the run.
  return graph.op('SparseToDense', [indices, shape, numbers, ops.constant(graph, 'float32', 0)]).output();
}

/** The numbers of each row, normalized: `[B]`, or `[B, width]` where wider than 1. */
function numbersOf(column: Output, spec: RawFeatureSpec): Output {
  let x = column.dtype === 'string' ? parseText(column, spec) : ops.cast(column, 'float32');
  if (spec.range !== null) x = ops.div(ops.sub(x, spec.range.min), spec.range.max - spec.range.min);
  return spec.normalizer === null ? x : spec.normalizer(x);
}

/** `[B, width]`, flattened: `width` ids a row, those of dimension d at `d * (boundaries + 1)`. */
function bucketIds(x: Output, width: number, boundaries: readonly number[]): SparseIds {
  const buckets = ops.cast(ops.bucketize(x, boundaries), 'int64');
  if (width === 1) return oneIdPerRow(buckets);
  const { graph } = x;
  const perDimension = boundaries.length + 1;
  const offsets = Array.from({ length: width }, (_, d) => BigInt(d * perDimension));
  const ids = ops.reshape(ops.add(buckets, ops.constant(graph, 'int64', offsets)), [-1]);
  const batchSize = ops.dimension(x, 0);
  return { kind: 'sparse', ids, rows: repeatedRows(batchSize, width), weights: null, batchSize };
}

/** 0, 0, …, 1, 1, …: each row number `times` times. */
function repeatedRows(batchSize: Output, times: number): Output {
  const rows = ops.tile(ops.expandDims(rowNumbers(batchSize), 1), [1, times]);
  return ops.reshape(rows, [-1]);
}

/** Each row has all ids 0 … width-1, weighted with its numbers. */
function projectionIds(x: Output, width: number): SparseIds {
  const { graph } = x;
  const projection = ops.reshape(x, [-1, width]);
  const batchSize = ops.dimension(projection, 0);
  const dimensions = ops.constant(
    graph,
    'int64',
    Array.from({ length: width }, (_, d) => BigInt(d)),
  );
  return {
    kind: 'sparse',
    ids: ops.tile(dimensions, ops.reshape(batchSize, [1])),
    rows: repeatedRows(batchSize, width),
    weights: ops.reshape(x, [-1]),
    batchSize,
    projection,
  };
}

function parse(inputs: readonly Output[], spec: RawFeatureSpec): SparseIds | DenseValues {
  const { width, boundaries, embedding } = spec;
  const x = numbersOf(inputAt(inputs, 0), spec);
  if (boundaries !== null) return bucketIds(x, width, boundaries);
  if (embedding.dim > 0) return projectionIds(x, width);
  return { kind: 'dense', values: ops.reshape(x, [-1, width]), width };
}

/** Numbers: as they are, bucketized, or as weights of one embedding row a dimension. */
export const rawFeature: FeatureType<RawFeatureSpec> = {
  parse,
  raw: (inputs, spec) => new Map([[spec.name, numbersOf(inputAt(inputs, 0), spec)]]),
  columnName: ({ name, boundaries }) =>
    boundaries === null ? `${name}_weighted_by_${name}_raw_proj_val` : `${name}_bucketized`,
  tableRows: ({ width, boundaries, embedding }) => {
    if (boundaries !== null) return (boundaries.length + 1) * width;
    return embedding.dim > 0 ? width : 0;
  },
};
