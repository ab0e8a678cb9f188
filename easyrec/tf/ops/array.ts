import type { Graph, Shape } from '../graph.js';
import { Output } from '../graph.js';
import { GraphError } from '../../errors.js';
import type { DType } from '../dtype.js';
import type { TensorValues } from '../tensor.js';
import { elementCount, tensor } from '../tensor.js';

/** A value given as a tensor of the graph, or as a number that becomes a constant like the other operand. */
export type Operand = Output | number;

/** Values for a constant: a number, or an array in row-major order. */
export type ConstantValue = number | bigint | boolean | string | TensorValues;

/**
 * A constant.
 *
 * @param shape Default: scalar for a single value, else one dimension.
 */
export function constant(
  graph: Graph,
  dtype: DType,
  value: ConstantValue,
  shape?: readonly number[],
): Output {
  const values = isArrayLike(value) ? value : ([value] as TensorValues);
  const dims = shape ?? (isArrayLike(value) ? [values.length] : []);
  using content =
    values.length === 1 && elementCount(dims) !== 1
      ? tensor(dtype, dims, Array.from({ length: elementCount(dims) }, () => values[0]) as TensorValues)
      : tensor(dtype, dims, values);
  return graph.op('Const', [], { dtype, value: content }).output();
}

function isArrayLike(value: ConstantValue): value is TensorValues {
  return typeof value === 'object';
}

/** Makes a number a scalar constant of `like`'s dtype; tensors pass through. */
export function operand(value: Operand, like: Output): Output {
  return value instanceof Output ? value : constant(like.graph, like.dtype, value);
}

/** A 1-D int32 constant, as shapes, axes and permutations are given. */
export function ints(graph: Graph, values: readonly number[]): Output {
  return constant(graph, 'int32', values);
}

/** A value to be fed. `shape` has -1 for what varies. */
export function placeholder(graph: Graph, dtype: DType, shape: Shape, name: string): Output {
  return graph.op('Placeholder', [], { dtype, shape }, { name }).output();
}

/** The same value under a name of its own. */
export function identity(x: Output, name?: string): Output {
  return x.graph.op('Identity', [x], {}, name === undefined ? {} : { name }).output();
}

/** The same value, through which no gradient flows. */
export function stopGradient(x: Output): Output {
  return x.graph.op('StopGradient', [x]).output();
}

/** The same elements as `shape`; one dimension may be -1. */
export function reshape(x: Output, shape: readonly number[] | Output): Output {
  const target = shape instanceof Output ? shape : ints(x.graph, shape);
  return x.graph.op('Reshape', [x, target]).output();
}

/** The run-time shape, `[rank]`. */
export function shapeOf(x: Output, dtype: 'int32' | 'int64' = 'int32'): Output {
  return x.graph.op('Shape', [x], { out_type: dtype }).output();
}

/** The run-time number of elements, a scalar. */
export function sizeOf(x: Output, dtype: 'int32' | 'int64' = 'int32'): Output {
  return x.graph.op('Size', [x], { out_type: dtype }).output();
}

/** Inserts a dimension of 1 at `axis`. */
export function expandDims(x: Output, axis: number): Output {
  return x.graph.op('ExpandDims', [x, constant(x.graph, 'int32', axis)]).output();
}

/** Drops the dimensions of 1 at `axes`; all of them when none is named. */
export function squeeze(x: Output, axes: readonly number[] = []): Output {
  return x.graph.op('Squeeze', [x], { squeeze_dims: axes }).output();
}

/** Joins tensors along an existing axis; a single tensor passes through. */
export function concat(values: readonly Output[], axis: number): Output {
  const [first] = values;
  if (first === undefined) throw new GraphError('concat: expected at least one tensor, received none');
  if (values.length === 1) return first;
  return first.graph.op('ConcatV2', [values, constant(first.graph, 'int32', axis)]).output();
}

/** Joins tensors of one shape along a new axis. */
export function stack(values: readonly Output[], axis = 0): Output {
  const [first] = values;
  if (first === undefined) throw new GraphError('stack: expected at least one tensor, received none');
  return first.graph.op('Pack', [values], { axis }).output();
}

/** The `num` slices along `axis`, that axis removed. */
export function unstack(x: Output, num: number, axis = 0): readonly Output[] {
  return x.graph.op('Unpack', [x], { num, axis }).outputs;
}

/** Parts of the given sizes along `axis`. */
export function split(x: Output, sizes: readonly number[], axis: number): readonly Output[] {
  const graph = x.graph;
  return graph.op('SplitV', [x, ints(graph, sizes), constant(graph, 'int32', axis)], {
    num_split: sizes.length,
  }).outputs;
}

/** `x[begin : begin + size]` per dimension; a size of -1 takes the rest. */
export function slice(x: Output, begin: readonly number[], size: readonly number[]): Output {
  return x.graph.op('Slice', [x, ints(x.graph, begin), ints(x.graph, size)]).output();
}

/** Bits by dimension, as in TensorFlow's StridedSlice; each mask defaults to 0. */
export interface StridedSliceMasks {
  readonly beginMask?: number;
  readonly endMask?: number;
  readonly ellipsisMask?: number;
  readonly newAxisMask?: number;
  readonly shrinkAxisMask?: number;
}

/** Python's `x[begin:end:stride]` per dimension, with TensorFlow's masks. */
export function stridedSlice(
  x: Output,
  begin: Output,
  end: Output,
  strides: Output,
  masks: StridedSliceMasks = {},
): Output {
  return x.graph
    .op('StridedSlice', [x, begin, end, strides], {
      begin_mask: masks.beginMask,
      end_mask: masks.endMask,
      ellipsis_mask: masks.ellipsisMask,
      new_axis_mask: masks.newAxisMask,
      shrink_axis_mask: masks.shrinkAxisMask,
    })
    .output();
}

/** Dimension `axis` of the run-time shape, a scalar. */
export function dimension(x: Output, axis: number, dtype: 'int32' | 'int64' = 'int32'): Output {
  const shape = shapeOf(x, dtype);
  const at = (index: number): Output => ints(x.graph, [index]);
  return stridedSlice(shape, at(axis), at(axis + 1), at(1), {
    shrinkAxisMask: 1,
    ...(axis === -1 && { endMask: 1 }),
  });
}

/** Axes in another order. */
export function transpose(x: Output, permutation: readonly number[]): Output {
  return x.graph.op('Transpose', [x, ints(x.graph, permutation)]).output();
}

/** Repeats `x` so many times per dimension. */
export function tile(x: Output, multiples: readonly number[] | Output): Output {
  const counts = multiples instanceof Output ? multiples : ints(x.graph, multiples);
  return x.graph.op('Tile', [x, counts]).output();
}

/** A tensor of one value and a run-time shape. */
export function fill(shape: Output, value: Output): Output {
  return shape.graph.op('Fill', [shape, value]).output();
}

/** Zeros of the same shape and dtype. */
export function zerosLike(x: Output): Output {
  return x.graph.op('ZerosLike', [x]).output();
}

/** Ones of the same shape and dtype. */
export function onesLike(x: Output): Output {
  return x.graph.op('OnesLike', [x]).output();
}

/** `start, start + delta, …` below `limit`. */
export function range(start: Output, limit: Output, delta: Output): Output {
  return start.graph.op('Range', [start, limit, delta]).output();
}

/** Pads with zeros: `[before, after]` per dimension. */
export function pad(x: Output, paddings: readonly (readonly [number, number])[]): Output {
  const table = constant(x.graph, 'int32', paddings.flat(), [paddings.length, 2]);
  return x.graph.op('Pad', [x, table]).output();
}

/** Rows (or slices along `axis`) of `params` at `indices`. */
export function gather(params: Output, indices: Output, axis = 0): Output {
  return params.graph.op('GatherV2', [params, indices, constant(params.graph, 'int32', axis)]).output();
}

/** Elements of `params` at the index vectors in the last dimension of `indices`. */
export function gatherNd(params: Output, indices: Output): Output {
  return params.graph.op('GatherNd', [params, indices]).output();
}

/** The coordinates of true elements, `[count, rank]` int64, in row-major order. */
export function where(condition: Output): Output {
  return condition.graph.op('Where', [condition]).output();
}

/** Element-wise `condition ? x : y`, broadcasting. */
export function select(condition: Output, x: Operand, y: Operand): Output {
  const like = x instanceof Output ? x : y;
  if (!(like instanceof Output)) throw new GraphError('select: expected a tensor for x or y');
  return condition.graph.op('SelectV2', [condition, operand(x, like), operand(y, like)]).output();
}

/** Distinct values in order of first occurrence, and the position of each element's value among them. */
export function unique(x: Output, indexType: 'int32' | 'int64' = 'int32'): { values: Output; index: Output } {
  const op = x.graph.op('Unique', [x], { out_idx: indexType });
  return { values: op.output(0), index: op.output(1) };
}

/** Repeats `x` to a run-time shape, by the rules of broadcasting. */
export function broadcastTo(x: Output, shape: Output): Output {
  return x.graph.op('BroadcastTo', [x, shape]).output();
}
