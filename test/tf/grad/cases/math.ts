import { ops } from '../../../../easyrec/tf/index.js';
import type { CheckedInput } from '../../../support/gradient_check.js';
import type { GradientCase } from './case.js';
import { apply, at, NO_RULE, pick, positive, spread } from './case.js';

const empty = at([0, 3], []);
const large = at([2, 2], [300, -300, 299.5, -1]);

function unary(
  op: string,
  point: CheckedInput,
  more: Readonly<Record<string, CheckedInput>> = {},
): GradientCase[] {
  const points = { 'a matrix': point, 'an empty batch': empty, ...more };
  return Object.entries(points).map(([title, input]) => ({ op, title, inputs: [input], build: apply(op) }));
}

/** Ops of two operands that broadcast, at points where both are positive unless told otherwise. */
function binary(op: string, point: typeof spread = spread, more: Partial<GradientCase> = {}): GradientCase[] {
  const shapes: Readonly<Record<string, readonly [readonly number[], readonly number[]]>> = {
    'one shape': [
      [2, 3],
      [2, 3],
    ],
    'a row on the right': [[2, 3], [3]],
    'a row on the left': [[3], [2, 3]],
    'a column on the right': [
      [2, 3],
      [2, 1],
    ],
    'a scalar on the left': [[], [2, 3]],
    'a scalar on the right': [[2, 3], []],
    'both repeated': [
      [2, 1, 2],
      [3, 1],
    ],
    'an empty batch and a row': [[0, 3], [3]],
    'an empty batch and a row of 1': [
      [0, 3],
      [1, 3],
    ],
  };
  return Object.entries(shapes).map(([title, [left, right]]) => ({
    op,
    title,
    inputs: [point(left), point(right, 7)],
    build: apply(op),
    ...more,
  }));
}

const bigOperands = (op: string): GradientCase => ({
  op,
  title: 'operands of 300',
  inputs: [large, at([2, 2], [-300, 2.5, 301, 298])],
  build: apply(op),
});

const productShapes = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

const products: GradientCase[] = productShapes.flatMap(([a, b]) => [
  {
    op: 'MatMul',
    title: `transposes ${a} ${b}`,
    inputs: [spread(a ? [3, 2] : [2, 3]), spread(b ? [4, 3] : [3, 4], 5)],
    build: apply('MatMul', { transpose_a: a, transpose_b: b }),
  },
  {
    op: 'BatchMatMulV2',
    title: `transposes ${a} ${b}`,
    inputs: [spread(a ? [2, 3, 2] : [2, 2, 3]), spread(b ? [2, 2, 3] : [2, 3, 2], 5)],
    build: apply('BatchMatMulV2', { adj_x: a, adj_y: b }),
    oracleSince: 13,
  },
]);

/** Cases of arithmetic, functions of one number and matrix products. */
export const MATH_CASES: readonly GradientCase[] = [
  ...[
    'Add',
    'AddV2',
    'Sub',
    'Mul',
    'RealDiv',
    'Div',
    'DivNoNan',
    'Maximum',
    'Minimum',
    'SquaredDifference',
  ].flatMap((op) => [...binary(op), bigOperands(op)]),
  ...binary('FloorMod', positive, { withoutOracle: NO_RULE }),
  ...binary('Pow', positive),
  {
    op: 'Pow',
    title: 'a base of 300',
    inputs: [at([2], [300, -300])],
    build: (xs) => ops.pow(pick(xs, 0), 3),
  },
  ...binary('Xlogy', positive, { withoutOracle: NO_RULE }),
  {
    op: 'DivNoNan',
    title: 'a divisor of 300',
    inputs: [at([2], [300, -300])],
    build: (xs) => ops.divNoNan(pick(xs, 0), -300),
  },
  { op: 'AddN', title: 'three terms', inputs: [spread([2, 2]), spread([2, 2], 3), large], build: ops.addN },
  ...['Neg', 'Abs', 'Square', 'Tanh', 'Sigmoid', 'Erf', 'Sin', 'Cos', 'Reciprocal'].flatMap((op) =>
    unary(op, spread([2, 3]), { 'inputs of 300': large }),
  ),
  ...unary('Sign', spread([2, 3]), { 'inputs of 300': large }),
  ...unary('Exp', spread([2, 3]), { 'inputs of 300': at([2], [300, -300]) }),
  ...unary('Expm1', spread([2, 3]), { 'inputs of 300': at([2], [300, -300]) }),
  ...['Log', 'Log1p', 'Sqrt', 'Rsqrt'].flatMap((op) =>
    unary(op, positive([2, 3]), { 'an input of 300': at([2], [300, 299]) }),
  ),
  {
    op: 'Cast',
    title: 'to the narrower float and back',
    inputs: [at([3], [0.5, -2, 8])],
    build: (xs) => ops.cast(ops.cast(pick(xs, 0), 'float32'), 'float64'),
    delta: 2 ** -10,
  },
  {
    op: 'ClipByValue',
    title: 'below, between and above',
    inputs: [at([4], [-300, -0.5, 0.7, 300]), at([], [-1.2]), at([], [1.1])],
    build: apply('ClipByValue'),
    withoutOracle: NO_RULE,
  },
  {
    op: 'ClipByValue',
    title: 'bounds for each element',
    inputs: [at([3], [-3, 0.5, 3]), at([3], [-2, -1, 0]), at([3], [1, 2, 2.5])],
    build: apply('ClipByValue'),
    withoutOracle: NO_RULE,
  },
  ...products,
  { op: 'MatMul', title: 'an empty batch', inputs: [at([0, 3], []), spread([3, 2])], build: apply('MatMul') },
  { op: 'MatMul', title: 'operands of 300', inputs: [large, spread([2, 2])], build: apply('MatMul') },
  {
    op: 'BatchMatMulV2',
    title: 'the right operand repeated',
    inputs: [spread([2, 2, 3]), spread([3, 2], 5)],
    build: apply('BatchMatMulV2'),
    oracleSince: 13,
  },
  {
    op: 'BatchMatMulV2',
    title: 'both operands repeated',
    inputs: [spread([2, 1, 2, 3]), spread([3, 3, 2], 5)],
    build: apply('BatchMatMulV2'),
    oracleSince: 13,
  },
  {
    op: 'BatchMatMulV2',
    title: 'an empty batch',
    inputs: [at([0, 2, 3], []), spread([3, 2], 5)],
    build: apply('BatchMatMulV2'),
    oracleSince: 13,
  },
  ...['TanhGrad', 'SigmoidGrad', 'SqrtGrad'].map((op) => ({
    op,
    title: 'as an op of its own',
    inputs: [positive([2, 2]), spread([2, 2], 4)],
    build: apply(op),
    withoutOracle: NO_RULE,
  })),
  {
    op: 'ReluGrad',
    title: 'as an op of its own',
    inputs: [spread([2, 2], 4)],
    build: (xs) => {
      const { graph } = pick(xs, 0);
      const y = ops.constant(graph, 'float64', [1, -1, 2, -2], [2, 2]);
      return graph.op('ReluGrad', [pick(xs, 0), y]).output();
    },
    withoutOracle: NO_RULE,
  },
];
