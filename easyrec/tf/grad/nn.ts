import type { Operation, Output } from '../graph.js';
import { broadcastTo, expandDims, shapeOf } from '../ops/array.js';
import * as m from '../ops/math.js';
import { logSoftmax, softmax } from '../ops/nn.js';
import { GraphError } from '../../errors.js';
import { boolAttr } from './constant_value.js';
import type { GradientRules, RuleFunction } from './rule.js';
import { broadcasting } from './rule.js';

const y = (op: Operation): Output => op.output();

/** A gradient op of TensorFlow's own that takes `(dy, value)`. */
function activation(type: string, of: 'x' | 'y'): RuleFunction {
  return (op, [dy]) => [op.graph.op(type, [dy, of === 'x' ? op.input(0) : y(op)]).output()];
}

/** The sum over the last axis, which stays with length 1. */
function sumOverLast(x: Output): Output {
  return m.reduceSum(x, { axes: [-1], keepDims: true });
}

/** The text of an attribute. */
function textAttr(op: Operation, name: string): string {
  return Buffer.from(op.attr(name).s ?? []).toString('utf8');
}

/** What the gradient `dp` of `softmax(logits) - labels` adds to that of the logits. */
function throughSoftmax(logits: Output, dp: Output): Output {
  const p = softmax(logits);
  return m.mul(m.sub(dp, sumOverLast(m.mul(dp, p))), p);
}

const batchNorm: RuleFunction = (op, [dy]) => {
  const isTraining = boolAttr(op, 'is_training');
  // In training the op itself saved the batch's mean and variance; otherwise it used those it was given.
  const [mean, variance] = isTraining ? [op.output(3), op.output(4)] : [op.input(3), op.input(4)];
  const attrs = {
    epsilon: op.attr('epsilon').f ?? 0,
    data_format: textAttr(op, 'data_format'),
    is_training: isTraining,
  };
  const parts = [dy, op.input(0), m.cast(op.input(1), 'float32'), mean, variance, op.output(5)];
  const back = op.graph.op('FusedBatchNormGradV3', parts, attrs);
  return [back.output(0), back.output(1), back.output(2), null, null];
};

/** The loss's gradient, `[B]`, beside each of the classes. */
function perClass(dy: Output): Output {
  return expandDims(dy, -1);
}

/** Rules of activations, losses and normalisations. */
export const NN_RULES = {
  // dy/dx = 1 where y > 0, 0 at and below 0
  Relu: activation('ReluGrad', 'y'),
  // dy/dx = 1 where 0 < y < 6
  Relu6: activation('Relu6Grad', 'y'),
  // dy/dx = 1 where x > 0, else y + 1
  Elu: activation('EluGrad', 'y'),
  // dy/dx = scale where x > 0, else y + scale alpha
  Selu: activation('SeluGrad', 'y'),
  // dy/dx = 1 / (1 + e^-x)
  Softplus: activation('SoftplusGrad', 'x'),
  // dy/dx = 1 / (1 + |x|)^2
  Softsign: activation('SoftsignGrad', 'x'),
  // dy/dx = 1 where x > 0, else alpha
  LeakyRelu: (op, [dy]) => [
    op.graph.op('LeakyReluGrad', [dy, op.input(0)], { alpha: op.attr('alpha').f ?? 0 }).output(),
  ],
  // y = x + b: the bias gets the sum over all but its own axis
  BiasAdd: (op, [dy]) => {
    const attrs = { data_format: textAttr(op, 'data_format') };
    return [dy, () => op.graph.op('BiasAddGrad', [dy], attrs).output()];
  },
  // y = the sum of x over all but the last axis, for second derivatives
  BiasAddGrad: (op, [dy]) => {
    if (textAttr(op, 'data_format') === 'NCHW') {
      throw new GraphError(`gradient of BiasAddGrad "${op.name}": expected data_format NHWC, received NCHW`);
    }
    return [broadcastTo(dy, shapeOf(op.input(0)))];
  },
  // dx = (dy - sum(dy y)) y
  Softmax: (op, [dy]) => [m.mul(m.sub(dy, sumOverLast(m.mul(dy, y(op)))), y(op))],
  // dx = dy - sum(dy) e^y
  LogSoftmax: (op, [dy]) => [m.sub(dy, m.mul(sumOverLast(dy), m.exp(y(op))))],
  // loss = -sum(labels log p), p = softmax(logits); the second output is dloss/dlogits = p sum(labels) - labels
  SoftmaxCrossEntropyWithLogits: broadcasting(
    (op, [dy, dp]) => [
      () => {
        const dx = m.mul(perClass(dy), op.output(1));
        return dp === null || dp === undefined ? dx : m.add(dx, throughSoftmax(op.input(0), dp));
      },
      () => {
        const dlabels = m.neg(m.mul(perClass(dy), logSoftmax(op.input(0))));
        return dp === null || dp === undefined ? dlabels : m.sub(dlabels, dp);
      },
    ],
    { output: 1 },
  ),
  // As above with the class's number for a label.
  SparseSoftmaxCrossEntropyWithLogits: (op, [dy, dp]) => {
    const dx = m.mul(perClass(dy), op.output(1));
    return [dp === null || dp === undefined ? dx : m.add(dx, throughSoftmax(op.input(0), dp)), null];
  },
  // y = scale (x - mean) / sqrt(variance + epsilon) + offset
  FusedBatchNormV3: batchNorm,
} satisfies GradientRules;
