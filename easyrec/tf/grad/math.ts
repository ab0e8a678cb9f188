import type { Operation, Output } from '../graph.js';
import { select, zerosLike } from '../ops/array.js';
import * as m from '../ops/math.js';
import { boolAttr } from './constant_value.js';
import type { GradientRules } from './rule.js';
import { broadcasting } from './rule.js';

const x = (op: Operation): Output => op.input(0);
const y = (op: Operation): Output => op.output();

/** A gradient op of TensorFlow's own: one kernel for what would be several. */
function fused(type: string, a: Output, b: Output): Output {
  return a.graph.op(type, [a, b]).output();
}

/** The sum of two terms, for rules of rules. */
const twice = (value: Output): Output => m.mul(value, 2);

/** A value made when first asked for, and shared. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

// dz/dx = 1, dz/dy = 1
const addition = broadcasting((_op, [dz]) => [dz, dz]);

// z = x / y: dz/dx = 1 / y, dz/dy = -x / y^2 = -z / y
const division = broadcasting((op, [dz]) => [
  () => m.div(dz, op.input(1)),
  () => m.neg(m.mul(dz, m.div(y(op), op.input(1)))),
]);

/** At a tie the whole gradient goes to x, as in TensorFlow. */
function extremum(chooseX: (a: Output, b: Output) => Output): ReturnType<typeof broadcasting> {
  return broadcasting((op, [dz]) => {
    const mask = once(() => chooseX(op.input(0), op.input(1)));
    return [() => select(mask(), dz, 0), () => select(mask(), 0, dz)];
  });
}

/** Rules of arithmetic with two operands; `z` is the result. */
export const BINARY_RULES = {
  Add: addition,
  AddV2: addition,
  // dz/dx = 1, dz/dy = -1
  Sub: broadcasting((_op, [dz]) => [dz, () => m.neg(dz)]),
  // dz/dx = y, dz/dy = x
  Mul: broadcasting((op, [dz]) => [() => m.mul(dz, op.input(1)), () => m.mul(dz, op.input(0))]),
  RealDiv: division,
  Div: division,
  // As division; 0 where y is 0.
  DivNoNan: broadcasting((op, [dz]) => [
    () => m.divNoNan(dz, op.input(1)),
    () => m.neg(m.mul(dz, m.divNoNan(y(op), op.input(1)))),
  ]),
  // z = x - floor(x / y) y: dz/dx = 1, dz/dy = -floor(x / y)
  FloorMod: broadcasting((op, [dz]) => [
    dz,
    () => m.neg(m.mul(dz, m.floor(m.div(op.input(0), op.input(1))))),
  ]),
  // dz/dx = y x^(y-1), dz/dy = z ln(x), taken as 0 where x <= 0
  Pow: broadcasting((op, [dz]) => [
    () => m.mul(m.mul(dz, op.input(1)), m.pow(op.input(0), m.sub(op.input(1), 1))),
    () => {
      const positive = m.greater(op.input(0), 0);
      // The logarithm of a number that is not positive must not even be computed: 0 * NaN is NaN.
      const log = m.log(select(positive, op.input(0), 1));
      return m.mul(m.mul(dz, y(op)), select(positive, log, 0));
    },
  ]),
  Maximum: extremum(m.greaterEqual),
  Minimum: extremum(m.lessEqual),
  // z = (x - y)^2: dz/dx = 2 (x - y), dz/dy = -dz/dx
  SquaredDifference: broadcasting((op, [dz]) => {
    const dx = once(() => m.mul(dz, twice(m.sub(op.input(0), op.input(1)))));
    return [dx, () => m.neg(dx())];
  }),
  // dz/dx = ln(y) where x is not 0, dz/dy = x / y
  Xlogy: broadcasting((op, [dz]) => [
    () => {
      const isZero = m.equal(op.input(0), 0);
      return select(isZero, 0, m.mul(dz, m.log(select(isZero, 1, op.input(1)))));
    },
    () => m.mul(dz, op.graph.op('Xdivy', [op.input(0), op.input(1)]).output()),
  ]),
  AddN: (op, [dz]) => op.inputs.map(() => dz),
} satisfies GradientRules;

const TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);

/** Rules of functions of one number; `y` is the result. */
export const UNARY_RULES = {
  // dy/dx = -1
  Neg: (_op, [dy]) => [m.neg(dy)],
  // dy/dx = sign(x)
  Abs: (op, [dy]) => [m.mul(dy, m.sign(x(op)))],
  // dy/dx = e^x = y
  Exp: (op, [dy]) => [m.mul(dy, y(op))],
  // dy/dx = e^x; y + 1 would lose all digits for x below -36
  Expm1: (op, [dy]) => [m.mul(dy, m.exp(x(op)))],
  // dy/dx = 1 / x
  Log: (op, [dy]) => [m.div(dy, x(op))],
  // dy/dx = 1 / (1 + x)
  Log1p: (op, [dy]) => [m.div(dy, m.add(x(op), 1))],
  // dy/dx = 1 / (2 y)
  Sqrt: (op, [dy]) => [fused('SqrtGrad', y(op), dy)],
  // dy/dx = -y^3 / 2
  Rsqrt: (op, [dy]) => [fused('RsqrtGrad', y(op), dy)],
  // dy/dx = 2 x
  Square: (op, [dy]) => [m.mul(dy, twice(x(op)))],
  // dy/dx = -y^2
  Reciprocal: (op, [dy]) => [fused('ReciprocalGrad', y(op), dy)],
  // dy/dx = 1 - y^2
  Tanh: (op, [dy]) => [fused('TanhGrad', y(op), dy)],
  // dy/dx = y (1 - y)
  Sigmoid: (op, [dy]) => [fused('SigmoidGrad', y(op), dy)],
  // dy/dx = 2 / sqrt(pi) e^(-x^2)
  Erf: (op, [dy]) => [m.mul(m.mul(dy, TWO_OVER_ROOT_PI), m.exp(m.neg(m.square(x(op)))))],
  // dy/dx = cos(x)
  Sin: (op, [dy]) => [m.mul(dy, op.graph.op('Cos', [x(op)]).output())],
  // dy/dx = -sin(x)
  Cos: (op, [dy]) => [m.neg(m.mul(dy, op.graph.op('Sin', [x(op)]).output()))],
  // Constant but for a jump at 0.
  Sign: (op) => [zerosLike(x(op))],
  Cast: (op, [dy]) => [() => m.cast(dy, x(op).dtype)],
  // y = min(max(x, low), high): to x in between, to the bound beyond it
  ClipByValue: broadcasting((op, [dy]) => {
    const below = once(() => m.less(x(op), op.input(1)));
    const above = once(() => m.greater(x(op), op.input(2)));
    return [
      () => select(m.logicalOr(below(), above()), 0, dy),
      () => select(below(), dy, 0),
      () => select(above(), dy, 0),
    ];
  }),
} satisfies GradientRules;

/** Rules of the gradient ops that the rules above use, for second derivatives. */
export const SECOND_ORDER_RULES = {
  // z = dy (1 - y^2), of (y, dy)
  TanhGrad: (op, [dz]) => [
    () => m.mul(dz, m.mul(op.input(1), m.mul(op.input(0), -2))),
    () => fused('TanhGrad', op.input(0), dz),
  ],
  // z = dy y (1 - y), of (y, dy)
  SigmoidGrad: (op, [dz]) => [
    () => m.mul(dz, m.mul(op.input(1), m.sub(1, twice(op.input(0))))),
    () => fused('SigmoidGrad', op.input(0), dz),
  ],
  // z = dy where y > 0, of (dy, y)
  ReluGrad: (op, [dz]) => [fused('ReluGrad', dz, op.input(1)), null],
  // z = dy / (2 y), of (y, dy)
  SqrtGrad: (op, [dz]) => [
    () => m.neg(m.mul(dz, m.div(y(op), op.input(0)))),
    () => fused('SqrtGrad', op.input(0), dz),
  ],
} satisfies GradientRules;

type Operands = readonly [a: Output, b: Output];
type Multiply = (a: Output, b: Output, options: m.MatmulOptions) => Output;

/** Both gradients of `op(a) op(b)`, where op may transpose. */
function productRule(
  multiply: Multiply,
  flipA: boolean,
  flipB: boolean,
): (dz: Output, ab: Operands) => [() => Output, () => Output] {
  const product = (a: Output, b: Output, transposeA: boolean, transposeB: boolean): Output =>
    multiply(a, b, { transposeA, transposeB });
  // dA = dZ B^T and dB = A^T dZ; a transposed operand gets the transpose of that.
  return (dz, [a, b]) => [
    () => (flipA ? product(b, dz, flipB, true) : product(dz, b, false, !flipB)),
    () => (flipB ? product(dz, a, true, flipA) : product(a, dz, !flipA, false)),
  ];
}

/** Rules of matrix products. */
export const PRODUCT_RULES = {
  MatMul: (op, [dz]) =>
    productRule(
      m.matmul,
      boolAttr(op, 'transpose_a'),
      boolAttr(op, 'transpose_b'),
    )(dz, [op.input(0), op.input(1)]),
  BatchMatMulV2: broadcasting(
    (op, [dz]) =>
      productRule(
        m.batchMatmul,
        boolAttr(op, 'adj_x'),
        boolAttr(op, 'adj_y'),
      )(dz, [op.input(0), op.input(1)]),
    { trailing: 2 },
  ),
} satisfies GradientRules;
