import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { FeatureType } from './feature_type.js';
import { inputAt } from './feature_type.js';
import { batchSizeOf, idCount, idsOf, rowsOf } from './ids.js';
import type { TagFeatureSpec } from './spec.js';
import type { SparseIds } from './types.js';

interface Tags {
  readonly texts: Output;
  readonly rows: Output;
  readonly weights: Output | null;
}

/** Fails the run, with `message` (TensorFlow would escape quotes in it) and the values of `data`, unless `condition` holds; then passes `x` on. */
function checked(x: Output, condition: Output, message: string, data: readonly Output[]): Output {
  const { graph } = x;
  const assertion = graph.op('Assert', [condition, [ops.constant(graph, 'string', message), ...data]]);
  return graph.withControl([assertion], () => ops.identity(x));
}

/** `key:weight` parts: exactly two pieces each. */
function splitWeights(parts: Output, kvSeparator: string, name: string): { keys: Output; weights: Output } {
  const pieces = ops.stringSplit(parts, kvSeparator, false);
  const count = ops.sizeOf(parts, 'int64');
  const longest = ops.slice(pieces.denseShape, [1], [1]);
  const complete = ops.equal(ops.sizeOf(pieces.values, 'int64'), ops.mul(count, 2));
  // No part has more than two pieces and all together have two each: none has one. No parts have no longest one.
  const fits = ops.logicalAnd(complete, ops.reduceAll(ops.lessEqual(longest, 2)));
  const message = `TagFeature ${name}: expected each tag as key${kvSeparator}weight, received (first ones):`;
  const values = checked(pieces.values, fits, message, [parts]);
  const columns = ops.reshape(values, [-1, 2]);
  const column = (index: number): Output =>
    ops.squeeze(ops.slice(columns, [0, index], [-1, 1]), [1]).setShape([-1]);
  return { keys: column(0), weights: ops.stringToNumber(column(1), 'float32') };
}

function splitColumn(column: Output, weightColumn: Output | undefined, spec: TagFeatureSpec): Tags {
  const parts = ops.stringSplit(column, spec.separator);
  const rows = rowsOf(parts.indices);
  if (spec.kvSeparator !== null) {
    const { keys, weights } = splitWeights(parts.values, spec.kvSeparator, spec.name);
    return { texts: keys, rows, weights };
  }
  if (weightColumn === undefined) return { texts: parts.values, rows, weights: null };
  const weights = ops.stringToNumber(ops.stringSplit(weightColumn, spec.separator).values, 'float32');
  const counts = [ops.sizeOf(parts.values), ops.sizeOf(weights)] as const;
  const message = `TagFeature ${spec.name}: expected as many weights in ${spec.inputs[1] ?? ''} as tags in ${spec.inputs[0] ?? ''}, received (tags, weights):`;
  return { texts: parts.values, rows, weights: checked(weights, ops.equal(...counts), message, counts) };
}

/** A column of rank 2 holds tags already split, '' or -1 where a row has fewer. */
function presentValues(column: Output, weightColumn: Output | undefined): Tags {
  const missing = column.dtype === 'string' ? ops.constant(column.graph, 'string', '') : -1;
  const indices = ops.where(ops.notEqual(column, missing));
  const rows = rowsOf(indices);
  const texts = ops.gatherNd(column, indices);
  if (weightColumn === undefined) return { texts, rows, weights: null };
  const weights = ops.gatherNd(weightColumn, indices);
  const isText = weights.dtype === 'string';
  return {
    texts,
    rows,
    weights: isText ? ops.stringToNumber(weights, 'float32') : ops.cast(weights, 'float32'),
  };
}

function flattened(column: Output): Output {
  return column.shape?.length === 2 ? ops.squeeze(column, [1]) : column;
}

function parse(inputs: readonly Output[], spec: TagFeatureSpec): SparseIds {
  const column = inputAt(inputs, 0);
  const weightColumn = inputs[1];
  const isSplit = column.shape?.length === 2 && column.shape[1] !== 1;
  const tags = isSplit
    ? presentValues(column, weightColumn)
    : splitColumn(flattened(column), weightColumn && flattened(weightColumn), spec);
  const ids = idsOf(tags.texts, spec.ids);
  return { kind: 'sparse', ids, rows: tags.rows, weights: tags.weights, batchSize: batchSizeOf(column) };
}

/** Any number of ids a row, with or without weights. */
export const tagFeature: FeatureType<TagFeatureSpec> = {
  parse,
  raw: () => new Map(),
  columnName: ({ name, inputs, kvSeparator }) =>
    inputs.length > 1 || kvSeparator !== null ? `${name}_weighted_by_${name}_w` : name,
  tableRows: ({ ids }) => idCount(ids),
};
