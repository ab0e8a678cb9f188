import type { Output } from '../../tf/index.js';
import { ops } from '../../tf/index.js';
import type { TfFunction, TfFunctions } from './tf_function.js';
import { unary } from './tf_function.js';

type BinaryOp = (x: Output | number, y: Output | number) => Output;

function binary(run: BinaryOp): TfFunction {
  return {
    parameters: ['x', 'y'],
    run(args) {
      const x = args.operand('x');
      // Two numbers make a constant of neither's dtype.
      return run(
        typeof x === 'number' && typeof args.optional('y') === 'number' ? args.tensor('x') : x,
        args.operand('y'),
      );
    },
  };
}

function reduction(run: typeof ops.reduceSum): TfFunction {
  return {
    parameters: ['input_tensor', 'axis', 'keepdims'],
    run(args) {
      const axes = args.integers('axis');
      const keepDims = args.boolean('keepdims');
      return run(args.tensor('input_tensor'), axes === undefined ? { keepDims } : { axes, keepDims });
    },
  };
}

/** Of `tf` and `tf.math`: sums and the like over axes. */
export const REDUCTIONS: TfFunctions = {
  reduce_sum: reduction(ops.reduceSum),
  reduce_mean: reduction(ops.reduceMean),
  reduce_max: reduction(ops.reduceMax),
  reduce_min: reduction(ops.reduceMin),
  reduce_prod: reduction(ops.reduceProd),
  reduce_any: reduction(ops.reduceAny),
  reduce_all: reduction(ops.reduceAll),
};

/** Of `tf` and `tf.math`. */
export const MATH_FUNCTIONS: TfFunctions = {
  add: binary(ops.add),
  subtract: binary(ops.sub),
  multiply: binary(ops.mul),
  divide: binary(ops.div),
  truediv: binary(ops.div),
  floordiv: binary(ops.floorDiv),
  floormod: binary(ops.floorMod),
  mod: binary(ops.floorMod),
  pow: binary(ops.pow),
  maximum: binary(ops.maximum),
  minimum: binary(ops.minimum),
  squared_difference: binary(ops.squaredDifference),
  divide_no_nan: binary(ops.divNoNan),
  equal: binary(ops.equal),
  not_equal: binary(ops.notEqual),
  less: binary(ops.less),
  less_equal: binary(ops.lessEqual),
  greater: binary(ops.greater),
  greater_equal: binary(ops.greaterEqual),
  logical_and: binary(ops.logicalAnd),
  logical_or: binary(ops.logicalOr),
  logical_not: unary(ops.logicalNot),
  negative: unary(ops.neg),
  abs: unary(ops.abs),
  sign: unary(ops.sign),
  square: unary(ops.square),
  sqrt: unary(ops.sqrt),
  rsqrt: unary(ops.rsqrt),
  reciprocal: unary(ops.reciprocal),
  exp: unary(ops.exp),
  log: unary(ops.log),
  log1p: unary(ops.log1p),
  floor: unary(ops.floor),
  tanh: unary(ops.tanh),
  sigmoid: unary(ops.sigmoid),
  erf: unary(ops.erf),
  add_n: { parameters: ['inputs'], run: (args) => ops.addN(args.tensors('inputs')) },
};

/** Of `tf.nn` and `tf.math`: vectors of length 1 along the axes. */
export const L2_NORMALIZE: TfFunction = {
  parameters: ['x', 'axis', 'epsilon'],
  run(args) {
    const x = args.tensor('x');
    const axes = args.integers('axis');
    const total = ops.reduceSum(
      ops.square(x),
      axes === undefined ? { keepDims: true } : { axes, keepDims: true },
    );
    return ops.mul(x, ops.rsqrt(ops.maximum(total, args.number('epsilon', 1e-12))));
  },
};

/** Of `tf.nn`. */
export const NN_FUNCTIONS: TfFunctions = {
  relu: unary(ops.relu, 'features'),
  elu: unary(ops.elu, 'features'),
  selu: unary(ops.selu, 'features'),
  softplus: unary(ops.softplus, 'features'),
  sigmoid: unary(ops.sigmoid),
  tanh: unary(ops.tanh),
  leaky_relu: {
    parameters: ['features', 'alpha'],
    run: (args) => ops.leakyRelu(args.tensor('features'), args.number('alpha', 0.2)),
  },
  softmax: {
    parameters: ['logits', 'axis'],
    run(args) {
      const logits = args.tensor('logits');
      const axis = args.integer('axis', -1);
      const last = (logits.shape?.length ?? 0) - 1;
      if (axis !== -1 && axis !== last)
        throw args.error(`axis: expected the last one (-1), received ${axis}`);
      return ops.softmax(logits);
    },
  },
  l2_normalize: L2_NORMALIZE,
};
