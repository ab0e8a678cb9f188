import { ops } from '../../../../easyrec/tf/index.js';
import type { CheckedInput } from '../../../support/gradient_check.js';
import type { GradientCase } from './case.js';
import { apply, at, integers, pick, spread } from './case.js';

type Reduce = (
  x: Parameters<typeof ops.reduceSum>[0],
  options?: Parameters<typeof ops.reduceSum>[1],
) => ReturnType<typeof ops.reduceSum>;

const REDUCTIONS: Readonly<Record<string, Reduce>> = {
  Sum: ops.reduceSum,
  Mean: ops.reduceMean,
  Max: ops.reduceMax,
  Min: ops.reduceMin,
  Prod: ops.reduceProd,
};

const points: Readonly<Record<string, readonly [CheckedInput, Parameters<typeof ops.reduceSum>[1]]>> = {
  'all axes': [spread([2, 3]), {}],
  'the first axis': [spread([3, 2]), { axes: [0] }],
  'the last axis': [spread([2, 3]), { axes: [-1] }],
  'a middle axis': [spread([2, 3, 2]), { axes: [1] }],
  'two axes apart': [spread([2, 3, 2]), { axes: [2, 0] }],
  'an axis that stays': [spread([2, 3]), { axes: [1], keepDims: true }],
  'no axis': [spread([2, 3]), { axes: [] }],
  'an empty batch by column': [at([0, 3], []), { axes: [1] }],
  'inputs of 300': [at([2, 2], [300, -300, 299, -1]), { axes: [1] }],
};

const byPoint: GradientCase[] = Object.entries(REDUCTIONS).flatMap(([op, reduce]) =>
  Object.entries(points).map(([title, [input, options]]) => ({
    op,
    title,
    inputs: [input],
    build: (xs: Parameters<GradientCase['build']>[0]) => reduce(pick(xs, 0), options),
  })),
);

// Axes that no constant tells: the identity hides them.
const hiddenAxes: GradientCase[] = ['Sum', 'Mean', 'Max', 'Min'].map((op) => ({
  op,
  title: 'axes known only at run time',
  inputs: [spread([2, 3, 2])],
  build: (xs) => {
    const x = pick(xs, 0);
    return x.graph.op(op, [x, ops.identity(integers(x, [1, -1]))]).output();
  },
}));

const scans: GradientCase[] = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
].map(([exclusive, reverse]) => ({
  op: 'Cumsum',
  title: `exclusive ${String(exclusive)}, reverse ${String(reverse)}`,
  inputs: [spread([3, 2])],
  build: (xs) => {
    const x = pick(xs, 0);
    return x.graph.op('Cumsum', [x, ops.constant(x.graph, 'int32', 0)], { exclusive, reverse }).output();
  },
}));

/** Cases of reductions. */
export const REDUCTION_CASES: readonly GradientCase[] = [
  ...byPoint,
  ...hiddenAxes,
  {
    op: 'Prod',
    title: 'one and two zeros',
    inputs: [at([3, 3], [0, 2, 3, 0, 0, 3, 1, 2, 3])],
    build: (xs) => ops.reduceProd(pick(xs, 0), { axes: [1] }),
  },
  ...scans,
  { op: 'L2Loss', title: 'a matrix', inputs: [spread([2, 3])], build: apply('L2Loss') },
  { op: 'L2Loss', title: 'an empty batch', inputs: [at([0, 3], [])], build: apply('L2Loss') },
  { op: 'L2Loss', title: 'inputs of 300', inputs: [at([2], [300, -300])], build: apply('L2Loss') },
];
