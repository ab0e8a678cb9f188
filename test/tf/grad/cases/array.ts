import type { Output } from '../../../../easyrec/tf/index.js';
import { ops } from '../../../../easyrec/tf/index.js';
import type { GradientCase } from './case.js';
import { apply, at, integers, NO_RULE, pick, spread } from './case.js';

const empty = at([0, 3], []);

/** One case on one input. */
function one(
  op: string,
  title: string,
  build: (x: Output) => Output | readonly Output[],
  input = spread([2, 3]),
): GradientCase {
  return { op, title, inputs: [input], build: (xs) => build(pick(xs, 0)) };
}

const hidden = (x: Output, values: readonly number[]): Output => ops.identity(integers(x, values));

const joins: GradientCase[] = [
  {
    op: 'ConcatV2',
    title: 'by row',
    inputs: [spread([1, 3]), spread([2, 3], 4)],
    build: (xs) => ops.concat(xs, 0),
  },
  {
    op: 'ConcatV2',
    title: 'by column',
    inputs: [spread([2, 1]), spread([2, 3], 4)],
    build: (xs) => ops.concat(xs, -1),
  },
  {
    op: 'ConcatV2',
    title: 'an empty batch',
    inputs: [empty, at([0, 2], [])],
    build: (xs) => ops.concat(xs, 1),
  },
  {
    op: 'ConcatV2',
    title: 'one tensor twice',
    inputs: [spread([2, 2])],
    build: (xs) => ops.concat([pick(xs, 0), pick(xs, 0)], 1),
  },
  {
    op: 'ConcatV2',
    title: 'an axis known only at run time',
    inputs: [spread([2, 1]), spread([2, 3], 4)],
    build: (xs) => {
      const axis = ops.identity(ops.constant(pick(xs, 0).graph, 'int32', -1));
      return axis.graph.op('ConcatV2', [xs, axis]).output();
    },
  },
  ...[0, 1, -1].map((axis) => ({
    op: 'Pack',
    title: `along axis ${axis}`,
    inputs: [spread([2, 2]), spread([2, 2], 4)],
    build: (xs: readonly Output[]) => ops.stack(xs, axis),
  })),
];

const parts: GradientCase[] = [
  one('Unpack', 'all outputs in use', (x) => ops.unstack(x, 3, 1)),
  one('Unpack', 'one output in use', (x) => pick(ops.unstack(x, 3, -1), 1)),
  one(
    'Split',
    'all outputs in use',
    (x) => x.graph.op('Split', [ops.constant(x.graph, 'int32', 1), x], { num_split: 3 }).outputs,
  ),
  one('Split', 'the last output in use', (x) =>
    x.graph.op('Split', [ops.constant(x.graph, 'int32', 0), x], { num_split: 2 }).output(1),
  ),
  one('SplitV', 'all outputs in use', (x) => ops.split(x, [1, 2], 1)),
  one('SplitV', 'the first output unused', (x) => pick(ops.split(x, [1, 2], 1), 1)),
  one('SplitV', 'an empty batch', (x) => ops.split(x, [1, 2], 1), empty),
  {
    ...one('SplitV', 'a single part', (x) => ops.split(x, [3], 1)),
    withoutOracle: 'its C++ rule makes a ConcatV2 of one tensor, which that op refuses',
  },
];

const slices: GradientCase[] = [
  one('Slice', 'inside', (x) => ops.slice(x, [1, 0], [1, 2])),
  one('Slice', 'to the end', (x) => ops.slice(x, [0, 1], [-1, -1])),
  one('Slice', 'an empty batch', (x) => ops.slice(x, [0, 1], [-1, 1]), empty),
  one('Slice', 'a begin known only at run time', (x) =>
    x.graph.op('Slice', [x, hidden(x, [1, 1]), integers(x, [1, 2])]).output(),
  ),
  one('StridedSlice', 'a column, its axis dropped', (x) =>
    ops.stridedSlice(x, integers(x, [0, 1]), integers(x, [0, 2]), integers(x, [1, 1]), {
      beginMask: 1,
      endMask: 1,
      shrinkAxisMask: 2,
    }),
  ),
  one('StridedSlice', 'every second, backwards, with a new axis', (x) =>
    ops.stridedSlice(x, integers(x, [0, 0, -1]), integers(x, [0, 2, 0]), integers(x, [1, 1, -2]), {
      newAxisMask: 1,
      endMask: 4,
    }),
  ),
  one('StridedSlice', 'an ellipsis', (x) =>
    ops.stridedSlice(x, integers(x, [0, 1]), integers(x, [0, 3]), integers(x, [1, 1]), { ellipsisMask: 1 }),
  ),
  one(
    'StridedSlice',
    'an empty batch',
    (x) =>
      ops.stridedSlice(x, integers(x, [0, 1]), integers(x, [0, 2]), integers(x, [1, 1]), {
        beginMask: 1,
        endMask: 1,
      }),
    empty,
  ),
];

const pads: GradientCase[] = [
  one('Pad', 'both sides', (x) =>
    ops.pad(x, [
      [1, 0],
      [2, 1],
    ]),
  ),
  one(
    'Pad',
    'an empty batch',
    (x) =>
      ops.pad(x, [
        [0, 0],
        [0, 1],
      ]),
    empty,
  ),
  {
    op: 'PadV2',
    title: 'a value of its own',
    inputs: [spread([2, 2]), at([], [1.5])],
    build: (xs) => {
      const x = pick(xs, 0);
      return x.graph.op('PadV2', [x, integers(x, [1, 0, 2, 1], [2, 2]), pick(xs, 1)]).output();
    },
    withoutOracle: NO_RULE,
  },
];

/** Cases of ops that move elements about. */
export const ARRAY_CASES: readonly GradientCase[] = [
  one('Identity', 'a matrix', (x) => ops.identity(x)),
  one('Identity', 'inputs of 300', (x) => ops.identity(x), at([2], [300, -300])),
  {
    ...one('EnsureShape', 'a matrix', (x) => x.graph.op('EnsureShape', [x], { shape: [-1, 3] }).output()),
    withoutOracle: NO_RULE,
  },
  one('CheckNumerics', 'a matrix', (x) => x.graph.op('CheckNumerics', [x], { message: 'x' }).output()),
  one('Reshape', 'one size open', (x) => ops.reshape(x, [-1, 2])),
  one('Reshape', 'an empty batch', (x) => ops.reshape(x, [-1, 3, 1]), empty),
  one('Reshape', 'to a vector', (x) => ops.reshape(x, [-1]), spread([2, 2, 2])),
  one('ExpandDims', 'at the front', (x) => ops.expandDims(x, 0)),
  one('ExpandDims', 'at the end', (x) => ops.expandDims(x, -1)),
  one('Squeeze', 'a named axis', (x) => ops.squeeze(x, [1]), spread([2, 1, 3])),
  one('Squeeze', 'all axes of size 1', (x) => ops.squeeze(x), spread([1, 3, 1])),
  ...joins,
  ...parts,
  ...slices,
  ...pads,
  one('Transpose', 'three axes', (x) => ops.transpose(x, [2, 0, 1]), spread([2, 3, 2])),
  one('Transpose', 'an order known only at run time', (x) =>
    x.graph.op('Transpose', [x, hidden(x, [1, 0])]).output(),
  ),
  one('ReverseV2', 'one axis', (x) => x.graph.op('ReverseV2', [x, integers(x, [1])]).output()),
  one('Tile', 'both axes', (x) => ops.tile(x, [2, 3])),
  one('Tile', 'counts known only at run time', (x) => ops.tile(x, hidden(x, [1, 2]))),
  one('Tile', 'an empty batch', (x) => ops.tile(x, [2, 1]), empty),
  one('BroadcastTo', 'a row', (x) => ops.broadcastTo(x, integers(x, [3, 2])), spread([2])),
  one('BroadcastTo', 'a column', (x) => ops.broadcastTo(x, integers(x, [2, 2, 3])), spread([2, 1])),
  one(
    'BroadcastTo',
    'a shape known only at run time',
    (x) => ops.broadcastTo(x, hidden(x, [2, 3])),
    spread([2, 1]),
  ),
  one('Fill', 'a matrix', (x) => ops.fill(integers(x, [2, 3]), x), at([], [0.7])),
  one('Fill', 'an empty batch', (x) => ops.fill(integers(x, [0, 3]), x), at([], [300])),
  {
    op: 'Identity',
    title: 'in a row with others',
    inputs: [spread([2])],
    build: (xs) => apply('Identity')([apply('Identity')(xs)]),
  },
];
