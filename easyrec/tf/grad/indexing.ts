import { GraphError } from '../../errors.js';
import type { Operation, Output } from '../graph.js';
import {
  constant,
  expandDims,
  gather,
  ints,
  reshape,
  select,
  shapeOf,
  transpose,
  zerosLike,
} from '../ops/array.js';
import { greaterEqual, maximum, unsortedSegmentSum } from '../ops/math.js';
import { constantInt, intAttr, isStatic, positiveAxis } from './constant_value.js';
import { IndexedSlices } from './indexed_slices.js';
import { reshapeTo } from './reduce_broadcast.js';
import type { GradientRules, RuleFunction } from './rule.js';
import { broadcasting } from './rule.js';

function refuseBatchDims(op: Operation): void {
  const batchDims = intAttr(op, 'batch_dims');
  if (batchDims === 0) return;
  throw new GraphError(`gradient of ${op.type} "${op.name}": expected batch_dims 0, received ${batchDims}`);
}

/** The static shape of what a variable's handle stands for, else its run-time shape. */
function variableShape(handle: Output): readonly number[] | Output {
  if (handle.op.type === 'VarHandleOp') {
    const { unknown_rank: unknown, dim = [] } = handle.op.attr('shape').shape ?? { unknown_rank: true };
    const shape = dim.map(({ size = 0 }) => size);
    if (unknown !== true && isStatic(shape)) return shape;
  }
  return handle.graph.op('VariableShape', [handle]).output();
}

/** Rows for a table of shape `[rows, ...]` from the gradient `[.., ...]` of a lookup at `indices`, `[..]`. */
export function rowsOf(table: readonly number[] | Output, indices: Output, dy: Output): IndexedSlices {
  const { graph } = dy;
  if (indices.shape?.length === 1) return new IndexedSlices(dy, indices, table);
  const flat = reshape(indices, [-1]);
  if (Array.isArray(table) && !table.slice(1).includes(0)) {
    return new IndexedSlices(reshape(dy, [-1, ...(table as readonly number[]).slice(1)]), flat, table);
  }
  const whole = Array.isArray(table) ? ints(graph, table as readonly number[]) : (table as Output);
  const one = ints(graph, [1]);
  const rest = graph.op('StridedSlice', [whole, one, ints(graph, [0]), one], { end_mask: 1 }).output();
  const shape = graph.op('ConcatV2', [[shapeOf(flat), rest], constant(graph, 'int32', 0)]).output();
  return new IndexedSlices(reshape(dy, shape), flat, table);
}

const lookup: RuleFunction = (op, [dy]) => {
  refuseBatchDims(op);
  return [rowsOf(variableShape(op.input(0)), op.input(1), dy), null];
};

const gathering: RuleFunction = (op, [dy]) => {
  refuseBatchDims(op);
  const [params, indices] = [op.input(0), op.input(1)];
  const rank = params.shape?.length;
  const axis = constantInt(op.input(2));
  if (axis === null || (axis !== 0 && rank === undefined)) {
    throw new GraphError(`gradient of GatherV2 "${op.name}": expected a constant axis and a known rank`);
  }
  const at = rank === undefined ? axis : positiveAxis(axis, rank);
  const { shape } = params;
  if (at === 0) return [rowsOf(isStatic(shape) ? shape : shapeOf(params), indices, dy), null, null];
  return [() => gatherAlong(op, dy, at, rank ?? 0), null, null];
};

/** The gradient of `params` gathered along an axis other than the first: that axis goes to the front and back. */
function gatherAlong(op: Operation, dy: Output, axis: number, rank: number): Output {
  const [params, indices] = [op.input(0), op.input(1)];
  const indexRank = indices.shape?.length;
  if (indexRank === undefined) {
    throw new GraphError(`gradient of GatherV2 "${op.name}": expected indices of known rank`);
  }
  const around = Array.from({ length: rank - 1 }, (_, i) => (i < axis ? i : i + indexRank));
  const front = transpose(dy, [...Array.from({ length: indexRank }, (_, i) => axis + i), ...around]);
  const rows = gather(shapeOf(params), constant(op.graph, 'int32', axis));
  // UnsortedSegmentSum takes ids of any rank, as long as the data begins with the same dimensions.
  const sum = unsortedSegmentSum(front, indices, rows);
  const back = Array.from({ length: rank }, (_, i) => (i === axis ? 0 : i < axis ? i + 1 : i));
  return transpose(sum, back);
}

const selection: RuleFunction = (op, [dy]) => {
  const zeros = zerosLike(dy);
  const choose = (a: Output, b: Output): Output => op.graph.op('Select', [op.input(0), a, b]).output();
  return [null, () => choose(dy, zeros), () => choose(zeros, dy)];
};

/** Each row gets the gradient of the segment it went into; a row with a negative id went nowhere. */
const unsortedSegments: RuleFunction = (op, [dy]) => {
  const [data, ids] = [op.input(0), op.input(1)];
  const rank = data.shape?.length;
  const idRank = ids.shape?.length;
  if (rank === undefined || idRank === undefined) {
    throw new GraphError(`gradient of UnsortedSegmentSum "${op.name}": expected inputs of known rank`);
  }
  let counted = greaterEqual(ids, 0);
  for (let axis = idRank; axis < rank; axis++) counted = expandDims(counted, axis);
  return [select(counted, gather(dy, maximum(ids, 0)), 0), null, null];
};

/** Rules of lookups, selections and segment sums. */
export const INDEXING_RULES = {
  GatherV2: gathering,
  ResourceGather: lookup,
  // y = x[indices]: each element back to where it came from, repeated ones added
  GatherNd: (op, [dy]) => {
    const indices = op.input(1);
    const shape = shapeOf(op.input(0), indices.dtype === 'int64' ? 'int64' : 'int32');
    const dx = op.graph.op('ScatterNd', [indices, dy, shape]).output();
    return [reshapeTo(dx, op.input(0).shape, op.input(0)), null];
  },
  // y[indices] += x
  ScatterNd: (op, [dy]) => [null, op.graph.op('GatherNd', [dy, op.input(0)]).output(), null],
  Select: selection,
  SelectV2: broadcasting((op, [dy]) => [
    null,
    () => select(op.input(0), dy, 0),
    () => select(op.input(0), 0, dy),
  ]),
  UnsortedSegmentSum: unsortedSegments,
  SegmentSum: (op, [dy]) => [gather(dy, op.input(1)), null],
} satisfies GradientRules;
