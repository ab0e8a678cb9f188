import type { Operation, Output } from '../graph.js';
import {
  constant,
  dimension,
  gather,
  ints,
  pad,
  reshape,
  shapeOf,
  transpose,
  zerosLike,
} from '../ops/array.js';
import { floorMod, reduceSum, sub } from '../ops/math.js';
import { constantInt, constantInts, intAttr, positiveAxis } from './constant_value.js';
import { reshapeTo } from './reduce_broadcast.js';
import type { GradientRules, OutputGradients, RuleFunction } from './rule.js';
import { broadcasting, passThrough } from './rule.js';

/** The gradients of all outputs, zeros for those that nothing uses. */
function filled(op: Operation, dys: OutputGradients): Output[] {
  return dys.map((dy, i) => dy ?? zerosLike(op.output(i)));
}

/** The elements stay; only the shape changes. */
function reshaped(op: Operation, dy: Output): Output {
  return reshapeTo(dy, op.input(0).shape, op.input(0));
}

function concatAt(values: readonly Output[], axis: Output): Output {
  return values.length === 1 && values[0] !== undefined
    ? values[0]
    : axis.graph.op('ConcatV2', [values, axis]).output();
}

/** The sizes of tensors along an axis: constants where all are known. */
function sizesAlong(values: readonly Output[], axis: Output): Output {
  const { graph } = axis;
  const at = constantInt(axis);
  const known = values.map(({ shape }) =>
    at === null || shape === null ? -1 : (shape[positiveAxis(at, shape.length)] ?? -1),
  );
  if (known.every((size) => size >= 0)) return ints(graph, known);
  const sizes = values.map((value, i) => {
    const size = known[i] ?? -1;
    if (size >= 0) return constant(graph, 'int32', size);
    if (at !== null && value.shape !== null) return dimension(value, positiveAxis(at, value.shape.length));
    const shape = shapeOf(value, axis.dtype === 'int64' ? 'int64' : 'int32');
    const front = floorMod(axis, graph.op('Size', [shape], { out_type: axis.dtype }).output());
    return graph.op('Cast', [gather(shape, front)], { DstT: 'int32' }).output();
  });
  return graph.op('Pack', [sizes]).output();
}

const concatenation: RuleFunction = (op, [dy]) => {
  const values = op.inputs.slice(0, -1);
  const axis = op.input(values.length);
  if (values.length === 1) return [dy, null];
  const sizes = sizesAlong(values, axis);
  const at = constantInt(axis);
  const split = axis.dtype === 'int32' ? axis : op.graph.op('Cast', [axis], { DstT: 'int32' }).output();
  const parts = op.graph.op('SplitV', [dy, sizes, at === null ? split : constant(op.graph, 'int32', at)], {
    num_split: values.length,
  });
  return [...parts.outputs, null];
};

// The gradient of each copy, added up.
const tiling: RuleFunction = (op, [dy]) => {
  const [x, multiples] = [op.input(0), op.input(1)];
  const { graph } = op;
  const shape = shapeOf(x, multiples.dtype === 'int64' ? 'int64' : 'int32');
  // [m0, d0, m1, d1, ...]: copies apart from elements
  const pairs = graph.op('Pack', [[multiples, shape]], { axis: 1 }).output();
  const apart = reshape(dy, reshape(pairs, [-1]));
  const rank = x.shape?.length;
  const doubled = graph.op('Size', [pairs]).output();
  const [zero, two] = [constant(graph, 'int32', 0), constant(graph, 'int32', 2)];
  const axes =
    rank === undefined
      ? graph.op('Range', [zero, doubled, two]).output()
      : ints(
          graph,
          Array.from({ length: rank }, (_, i) => 2 * i),
        );
  return [reshapeTo(reduceSum(apart, { axes }), x.shape, x), null];
};

/** The part of a padded tensor's gradient that belongs to the tensor. */
function unpadded(op: Operation, dy: Output): Output {
  const { graph } = op;
  const paddings = op.input(1);
  const before = graph
    .op('StridedSlice', [paddings, ints(graph, [0, 0]), ints(graph, [0, 1]), ints(graph, [1, 1])], {
      begin_mask: 1,
      end_mask: 1,
      shrink_axis_mask: 2,
    })
    .output();
  const size = shapeOf(op.input(0), paddings.dtype === 'int64' ? 'int64' : 'int32');
  return graph.op('Slice', [dy, before, size]).output();
}

/** How much a slice leaves out before and behind, per dimension; null when only a run knows. */
function staticPaddings(op: Operation): (readonly [number, number])[] | null {
  const begin = constantInts(op.input(1));
  const size = constantInts(op.input(2));
  const { shape } = op.input(0);
  if (begin === null || size === null || shape === null) return null;
  const paddings = shape.map((dim, axis) => {
    const [start = 0, length = -1] = [begin[axis], size[axis]];
    if (length === -1) return [start, 0] as const;
    return dim < 0 ? null : ([start, dim - start - length] as const);
  });
  return paddings.every((entry) => entry !== null) ? paddings : null;
}

const slicing: RuleFunction = (op, [dy]) => {
  const paddings = staticPaddings(op);
  if (paddings !== null) return [pad(dy, paddings), null, null];
  const { graph } = op;
  const begin = op.input(1);
  const dtype = begin.dtype === 'int64' ? 'int64' : 'int32';
  const after = sub(sub(shapeOf(op.input(0), dtype), begin), shapeOf(op.output(), dtype));
  const table = graph.op('Pack', [[begin, after]], { axis: 1 }).output();
  return [graph.op('Pad', [dy, table]).output(), null, null];
};

const MASKS = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'] as const;

const stridedSlicing: RuleFunction = (op, [dy]) => {
  const [, begin, end, strides] = [0, 1, 2, 3].map((i) => op.input(i)) as [Output, Output, Output, Output];
  const shape = shapeOf(op.input(0), begin.dtype === 'int64' ? 'int64' : 'int32');
  const masks = Object.fromEntries(MASKS.map((mask) => [mask, intAttr(op, mask)]));
  const dx = op.graph.op('StridedSliceGrad', [shape, begin, end, strides, dy], masks).output();
  return [dx, null, null, null];
};

const transposition: RuleFunction = (op, [dy]) => {
  const order = constantInts(op.input(1));
  if (order === null) {
    const inverse = op.graph.op('InvertPermutation', [op.input(1)]).output();
    return [op.graph.op('Transpose', [dy, inverse]).output(), null];
  }
  const front = order.map((axis) => positiveAxis(axis, order.length));
  return [
    transpose(
      dy,
      front.map((_, axis) => front.indexOf(axis)),
    ),
    null,
  ];
};

/** Rules of ops that move elements about. */
export const ARRAY_RULES = {
  Identity: passThrough,
  EnsureShape: passThrough,
  CheckNumerics: passThrough,
  Reshape: (op, [dy]) => [reshaped(op, dy), null],
  ExpandDims: (op, [dy]) => [reshaped(op, dy), null],
  Squeeze: (op, [dy]) => [reshaped(op, dy)],
  ConcatV2: concatenation,
  Pack: (op, [dy]) =>
    op.graph.op('Unpack', [dy], { num: op.inputs.length, axis: intAttr(op, 'axis') }).outputs,
  Unpack: (op, dys) => [op.graph.op('Pack', [filled(op, dys)], { axis: intAttr(op, 'axis') }).output()],
  Split: (op, dys) => [null, concatAt(filled(op, dys), op.input(0))],
  SplitV: (op, dys) => [concatAt(filled(op, dys), op.input(2)), null, null],
  Slice: slicing,
  StridedSlice: stridedSlicing,
  Transpose: transposition,
  ReverseV2: (op, [dy]) => [op.graph.op('ReverseV2', [dy, op.input(1)]).output(), null],
  Tile: tiling,
  Pad: (op, [dy]) => [unpadded(op, dy), null],
  PadV2: (op, [dy]) => {
    const dx = unpadded(op, dy);
    return [dx, null, () => sub(reduceSum(dy), reduceSum(dx))];
  },
  BroadcastTo: broadcasting((_op, [dy]) => [dy, null]),
  Fill: (_op, [dy]) => [null, reduceSum(dy)],
} satisfies GradientRules;
