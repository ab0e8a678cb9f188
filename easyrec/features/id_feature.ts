import { GraphError } from '../errors.js';
import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { FeatureType } from './feature_type.js';
import { inputAt } from './feature_type.js';
import { idCount, idsOf, idsOrNone, idsWhere, integersOf, oneIdPerRow, textOf } from './ids.js';
import type { IdFeatureSpec } from './spec.js';
import type { SparseIds } from './types.js';

/** What ids are made of: numbers where they are the ids, else text. */
function valuesOf(column: Output, { name, ids, precision }: IdFeatureSpec): Output {
  if (ids.kind === 'ready') throw new GraphError(`feature "${name}": its column has ids, no values`);
  return ids.kind === 'identity' ? integersOf(column, ids.buckets) : textOf(column, precision);
}

/** `''`, and -1 where numbers are the ids, mean that a row has none; a hashed number is never missing. */
function parse(inputs: readonly Output[], spec: IdFeatureSpec): SparseIds {
  const column = inputAt(inputs, 0);
  if (spec.ids.kind === 'ready') {
    return spec.ids.complete ? oneIdPerRow(column) : idsOrNone(column);
  }
  const values = valuesOf(column, spec);
  const ids = idsOf(values, spec.ids);
  if (spec.ids.kind === 'identity') return idsWhere(ops.notEqual(values, -1), ids);
  if (column.dtype !== 'string') return oneIdPerRow(ids);
  return idsWhere(ops.notEqual(column, ops.constant(column.graph, 'string', '')), ids);
}

/** One id a row, or none. */
export const idFeature: FeatureType<IdFeatureSpec> = {
  parse,
  raw: (inputs, spec) => new Map([[spec.name, valuesOf(inputAt(inputs, 0), spec)]]),
  columnName: ({ name }) => name,
  tableRows: ({ ids }) => idCount(ids),
};
