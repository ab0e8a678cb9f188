import type { Output } from '../../../../easyrec/tf/index.js';
import { ops } from '../../../../easyrec/tf/index.js';
import type { GradientCase } from './case.js';
import { apply, at, integers, NO_RULE, pick, spread } from './case.js';

function variable(shape: readonly number[], start = 0): GradientCase['inputs'][number] {
  return { ...spread(shape, start), variable: true };
}

/** `GatherV2` by integers of a shape. */
function gather(
  title: string,
  shape: readonly number[],
  indices: readonly [values: readonly number[], shape: readonly number[]],
  axis = 0,
): GradientCase {
  return {
    op: 'GatherV2',
    title,
    inputs: [spread(shape)],
    build: (xs) => ops.gather(pick(xs, 0), integers(pick(xs, 0), ...indices), axis),
  };
}

function lookup(title: string, values: readonly number[], shape: readonly number[]): GradientCase {
  return {
    op: 'ResourceGather',
    title,
    inputs: [variable([4, 2])],
    build: (xs) => ops.resourceGather(pick(xs, 0), integers(pick(xs, 0), values, shape, 'int64'), 'float64'),
    withoutOracle: NO_RULE,
  };
}

function segments(
  title: string,
  ids: readonly number[],
  idShape: readonly number[],
  dataShape: readonly number[],
): GradientCase {
  return {
    op: 'UnsortedSegmentSum',
    title,
    inputs: [spread(dataShape)],
    build: (xs) => {
      const data = pick(xs, 0);
      return ops.unsortedSegmentSum(data, integers(data, ids, idShape), ops.constant(data.graph, 'int32', 3));
    },
    withoutOracle: NO_RULE,
  };
}

function truths(like: Output, values: readonly boolean[], shape: readonly number[]): Output {
  return ops.constant(like.graph, 'bool', values, shape);
}

function choose(
  title: string,
  op: string,
  condition: readonly number[],
  x: readonly number[],
  y: readonly number[],
): GradientCase {
  const size = condition.reduce((a, b) => a * b, 1);
  const values = Array.from({ length: size }, (_, i) => i % 2 === 0);
  return {
    op,
    title,
    inputs: [spread(x), spread(y, 5)],
    build: (xs) =>
      pick(xs, 0)
        .graph.op(op, [truths(pick(xs, 0), values, condition), ...xs])
        .output(),
  };
}

const sparse: GradientCase[] = ['SparseSegmentSum', 'SparseSegmentMean', 'SparseSegmentSqrtN'].flatMap(
  (op) => {
    const build = (
      type: string,
      indices: readonly number[],
      ids: readonly number[],
      more: (x: Output) => Output[] = () => [],
    ) =>
      ((xs) => {
        const x = pick(xs, 0);
        return x.graph.op(type, [x, integers(x, indices), integers(x, ids), ...more(x)]).output();
      }) satisfies GradientCase['build'];
    const three = (x: Output): Output[] => [ops.constant(x.graph, 'int32', 3)];
    return [
      {
        op,
        title: 'repeated rows',
        inputs: [spread([4, 2])],
        build: build(op, [0, 2, 2, 3, 0], [0, 0, 1, 1, 1]),
        withoutOracle: NO_RULE,
      },
      {
        op,
        title: 'an empty segment',
        inputs: [spread([3, 2])],
        build: build(op, [2, 1, 1], [0, 2, 2]),
        withoutOracle: NO_RULE,
      },
      {
        op,
        title: 'a vector',
        inputs: [spread([3])],
        build: build(op, [2, 1, 1], [0, 0, 1]),
        withoutOracle: NO_RULE,
      },
      {
        op,
        title: 'rows of two dimensions',
        inputs: [spread([3, 2, 2])],
        build: build(op, [2, 1], [0, 0]),
        withoutOracle: NO_RULE,
      },
      { op, title: 'no row', inputs: [spread([3, 2])], build: build(op, [], []), withoutOracle: NO_RULE },
      {
        op: `${op}WithNumSegments`,
        title: 'an empty segment at the end',
        inputs: [spread([3, 2])],
        build: build(`${op}WithNumSegments`, [2, 1, 1], [0, 1, 1], three),
        withoutOracle: NO_RULE,
      },
    ];
  },
);

/** Cases of lookups, selections, segment sums and variables. */
export const INDEXING_CASES: readonly GradientCase[] = [
  gather('repeated rows', [4, 2], [[3, 0, 3], [3]]),
  gather(
    'a matrix of rows',
    [4, 2],
    [
      [3, 0, 3, 1],
      [2, 2],
    ],
  ),
  gather('one row', [4, 2], [[2], []]),
  gather('no row', [4, 2], [[], [0]]),
  gather(
    'elements of a vector',
    [4],
    [
      [3, 0, 3, 1],
      [2, 2],
    ],
  ),
  gather('columns', [2, 3], [[2, 0, 2], [3]], 1),
  {
    ...gather(
      'a matrix of columns',
      [2, 3, 2],
      [
        [2, 0, 2, 1],
        [2, 2],
      ],
      -2,
    ),
    withoutOracle: 'its C++ rule takes a negative axis for a size',
  },
  lookup('repeated rows', [3, 0, 3], [3]),
  lookup('a matrix of rows', [3, 0, 3, 1], [2, 2]),
  lookup('no row', [], [0]),
  {
    op: 'ResourceGather',
    title: 'a lookup and the whole table',
    inputs: [variable([3, 2])],
    build: (xs) => {
      const handle = pick(xs, 0);
      const rows = ops.resourceGather(handle, integers(handle, [2, 0, 2]), 'float64');
      return ops.mul(rows, ops.readVariable(handle, 'float64'));
    },
    withoutOracle: NO_RULE,
  },
  {
    op: 'ReadVariableOp',
    title: 'read twice',
    inputs: [variable([2, 2])],
    build: (xs) => {
      const [a, b] = [ops.readVariable(pick(xs, 0), 'float64'), ops.readVariable(pick(xs, 0), 'float64')];
      return ops.matmul(a, b);
    },
  },
  {
    op: 'GatherNd',
    title: 'repeated elements',
    inputs: [spread([2, 3])],
    build: (xs) => ops.gatherNd(pick(xs, 0), integers(pick(xs, 0), [0, 1, 1, 2, 0, 1], [3, 2])),
  },
  {
    op: 'GatherNd',
    title: 'rows',
    inputs: [spread([3, 2])],
    build: (xs) => ops.gatherNd(pick(xs, 0), integers(pick(xs, 0), [2, 0, 2], [3, 1], 'int64')),
    oracleSince: 13,
  },
  {
    op: 'ScatterNd',
    title: 'repeated rows',
    inputs: [spread([3, 2])],
    build: (xs) => {
      const x = pick(xs, 0);
      return x.graph.op('ScatterNd', [integers(x, [2, 0, 2], [3, 1]), x, integers(x, [4, 2])]).output();
    },
  },
  choose('one shape', 'Select', [2, 2], [2, 2], [2, 2]),
  choose('a truth value per row', 'Select', [3], [3, 2], [3, 2]),
  choose('one shape', 'SelectV2', [2, 2], [2, 2], [2, 2]),
  choose('all broadcast', 'SelectV2', [3, 1], [2], []),
  choose('the condition broadcasts', 'SelectV2', [2, 1], [2, 3], [2, 3]),
  choose('an empty batch', 'SelectV2', [0, 3], [0, 3], [3]),
  segments('repeated and negative ids', [2, 0, -1, 2], [4], [4, 2]),
  segments('a matrix of ids', [2, 0, 1, 2], [2, 2], [2, 2, 2]),
  segments('a vector', [2, 0, 2], [3], [3]),
  segments('no row', [], [0], [0, 2]),
  {
    op: 'SegmentSum',
    title: 'repeated ids and an empty segment',
    inputs: [spread([4, 2])],
    build: (xs) => apply('SegmentSum')([pick(xs, 0), integers(pick(xs, 0), [0, 0, 2, 2])]),
  },
  ...sparse,
  {
    op: 'GatherV2',
    title: 'rows of 300',
    inputs: [at([2, 1], [300, -300])],
    build: (xs) => ops.gather(pick(xs, 0), integers(pick(xs, 0), [1, 1])),
  },
];
