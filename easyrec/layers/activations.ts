import { ConfigError, didYouMean } from '../errors.js';
import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';

/** An element-wise function without weights (softmax: over the last axis). */
export type Activation = (x: Output) => Output;

const linear: Activation = (x) => x;

/** `x sigmoid(x)`. */
const swish: Activation = (x) => ops.mul(x, ops.sigmoid(x));

/** `x Phi(x)`, by the approximation `0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`. */
const geluTanh: Activation = (x) => {
  const cube = ops.mul(ops.square(x), x);
  const inner = ops.mul(ops.add(x, ops.mul(cube, 0.044715)), Math.sqrt(2 / Math.PI));
  return ops.mul(ops.mul(x, 0.5), ops.add(ops.tanh(inner), 1));
};

/** `x Phi(x)`. */
const geluExact: Activation = (x) => ops.mul(ops.mul(x, 0.5), ops.add(ops.erf(ops.mul(x, Math.SQRT1_2)), 1));

/** `x / (1 + |x|)`. */
const softsign: Activation = (x) => ops.div(x, ops.add(ops.abs(x), 1));

const leakyRelu: Activation = (x) => ops.leakyRelu(x);

const COMMON = {
  linear,
  relu: ops.relu,
  elu: ops.elu,
  selu: ops.selu,
  tanh: ops.tanh,
  sigmoid: ops.sigmoid,
  softmax: ops.softmax,
  softplus: ops.softplus,
  softsign,
  swish,
  leaky_relu: leakyRelu,
} as const satisfies Readonly<Record<string, Activation>>;

/** Activations by EasyRec's names, beside `dice`, which has weights and a layer of its own. */
export const ACTIVATIONS = {
  ...COMMON,
  gelu: geluTanh,
  // Without parameters EasyRec's prelu is leaky_relu (utils/activation.py).
  prelu: leakyRelu,
} as const satisfies Readonly<Record<string, Activation>>;

/** Activations by the names of tf.nn and tf.math, as configs spell them with dots. */
const DOTTED = {
  ...COMMON,
  gelu: geluExact,
  silu: swish,
} as const satisfies Readonly<Record<string, Activation>>;

/** Activations by Keras' names, for its own layers. */
export const KERAS_ACTIVATIONS = {
  ...COMMON,
  gelu: geluExact,
  silu: swish,
  exponential: ops.exp,
} as const satisfies Readonly<Record<string, Activation>>;

function find(table: Readonly<Record<string, Activation>>, key: string): Activation | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function unknown(name: string, known: readonly string[]): ConfigError {
  return new ConfigError(
    `activation: expected one of ${known.join(', ')}, received "${name}"${didYouMean(name, known)}`,
  );
}

/**
 * An activation by EasyRec's rules: names in any case, an empty one is linear, `tf.nn.relu` names TensorFlow's function.
 *
 * @throws ConfigError naming the nearest ones.
 */
export function activationNamed(name: string): Activation {
  if (name === '') return linear;
  const dotted = /^tf\.(?:(?:nn|math)\.)?(\w+)$/.exec(name)?.[1];
  const found = dotted === undefined ? find(ACTIVATIONS, name.toLowerCase()) : find(DOTTED, dotted);
  if (found !== undefined) return found;
  throw unknown(name, [...Object.keys(ACTIVATIONS), 'dice', 'tf.nn.relu']);
}

/** @throws ConfigError naming the nearest ones. */
export function kerasActivationNamed(name: string): Activation {
  const found = find(KERAS_ACTIVATIONS, name);
  if (found !== undefined) return found;
  throw unknown(name, Object.keys(KERAS_ACTIVATIONS));
}
