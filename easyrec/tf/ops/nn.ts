import type { Output } from '../graph.js';

function unary(type: string): (x: Output) => Output {
  return (x) => x.graph.op(type, [x]).output();
}

/** `max(x, 0)`. */
export const relu = unary('Relu');
export const elu = unary('Elu');
export const selu = unary('Selu');
export const softplus = unary('Softplus');
/** Over the last axis. */
export const softmax = unary('Softmax');
/** Over the last axis. */
export const logSoftmax = unary('LogSoftmax');

/** `x` where positive, else `alpha * x`. */
export function leakyRelu(x: Output, alpha = 0.2): Output {
  return x.graph.op('LeakyRelu', [x], { alpha }).output();
}

/** `x + bias`, the bias along the last axis. */
export function biasAdd(x: Output, bias: Output): Output {
  return x.graph.op('BiasAdd', [x, bias]).output();
}

/** `sum(x^2) / 2`, a scalar. */
export const l2Loss = unary('L2Loss');
