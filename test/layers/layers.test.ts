import assert from 'node:assert/strict';
import test from 'node:test';
import type { ACTIVATIONS } from '../../easyrec/layers/activations.js';
import { activationNamed, kerasActivationNamed } from '../../easyrec/layers/activations.js';
import { batchNorm } from '../../easyrec/layers/batch_norm.js';
import { dense } from '../../easyrec/layers/dense.js';
import { dice } from '../../easyrec/layers/dice.js';
import { dropout } from '../../easyrec/layers/dropout.js';
import type { INITIALIZERS } from '../../easyrec/layers/initializer_names.js';
import { initializerNamed } from '../../easyrec/layers/initializer_names.js';
import { layerNorm } from '../../easyrec/layers/layer_norm.js';
import { ConfigError, GraphError } from '../../easyrec/errors.js';
import type { Output } from '../../easyrec/tf/index.js';
import { Graph, ops, Session, Variables } from '../../easyrec/tf/index.js';
import { evaluate, initialize, matrix, tower } from '../support/tower.js';

function assertClose(actual: readonly number[] | undefined, expected: readonly number[], atol = 1e-5): void {
  assert.equal(actual?.length, expected.length);
  actual.forEach((x, i) =>
    assert.ok(Math.abs(x - (expected[i] ?? NaN)) <= atol, `element ${i}: ${x}, expected ${expected[i]}`),
  );
}

/** Runs `build` on a fresh graph and returns the values of what it makes. */
async function valuesOf(build: (variables: Variables) => readonly Output[]): Promise<number[][]> {
  using graph = new Graph();
  const variables = new Variables(graph, 5);
  const outputs = build(variables);
  await using session = Session.create(graph);
  initialize(session, variables);
  return evaluate(session, outputs);
}

const DATA = [
  [1, 10],
  [2, 30],
  [6, 20],
  [7, 40],
];

test('batch normalization uses population statistics in training', async () => {
  const [normalized] = await valuesOf((variables) => [
    batchNorm(tower(variables), matrix(variables, DATA), { name: 'bn' }),
  ]);
  // Columns: mean 4 and 25, variance 6.5 and 125.
  const expected = DATA.flatMap(([a = 0, b = 0]) => [
    (a - 4) / Math.sqrt(6.5 + 1e-3),
    (b - 25) / Math.sqrt(125 + 1e-3),
  ]);
  assertClose(normalized, expected);
});

test('batch normalization moves its averages by population statistics', async () => {
  using graph = new Graph();
  const variables = new Variables(graph);
  const ctx = tower(variables);
  batchNorm(ctx, matrix(variables, DATA), { name: 'bn', momentum: 0.9 });
  await using session = Session.create(graph);
  initialize(session, variables);
  for (let step = 0; step < 2; step++) evaluate(session, [], ctx.updates);
  const read = ['bn/moving_mean', 'bn/moving_variance'].map((name) => variables.find(name)?.read());
  const [mean, variance] = evaluate(
    session,
    read.filter((output) => output !== undefined),
  );
  assertClose(mean, [0.76, 4.75], 1e-5);
  assertClose(variance, [0.81 + 0.19 * 6.5, 0.81 + 0.19 * 125], 1e-4);
});

test('batch normalization keeps three dimensions and normalizes over the first two', async () => {
  const [flat, deep] = await valuesOf((variables) => {
    const x = matrix(variables, DATA);
    const options = { name: 'bn' };
    const cube = ops.reshape(x, [2, 2, 2]);
    return [batchNorm(tower(variables), x, options), batchNorm(tower(variables), cube, options)];
  });
  assertClose(deep, flat ?? []);
});

test('batch normalization without scale and center has no weights to train', () => {
  using graph = new Graph();
  const variables = new Variables(graph);
  batchNorm(tower(variables), matrix(variables, DATA), { name: 'bn', center: false, scale: false });
  assert.deepEqual(
    variables.all.map(({ name, trainable }) => [name, trainable]),
    [
      ['bn/moving_mean', false],
      ['bn/moving_variance', false],
    ],
  );
});

test('layer normalization makes each row zero on average with variance one', async () => {
  const [normalized] = await valuesOf((variables) => [
    layerNorm(tower(variables), matrix(variables, [[1, 2, 3, 6]]), { name: 'ln', epsilon: 0.5 }),
  ]);
  assertClose(
    normalized,
    [-2, -1, 0, 3].map((x) => x / Math.sqrt(3.5 + 0.5)),
  );
});

test('dense works on the last axis of three dimensions with unknown sizes', async () => {
  const [flat, cube] = await valuesOf((variables) => {
    const ctx = tower(variables);
    const x = matrix(variables, DATA);
    const options = { name: 'd', units: 3 };
    const whole = ops.reshape(x, [2, 2, 2]);
    const unknown = variables.graph.op('PlaceholderWithDefault', [whole], { shape: [-1, -1, 2] }).output();
    const product = dense(ctx, unknown, options);
    assert.deepEqual(product.shape, [-1, -1, 3]);
    return [dense(ctx, x, options), product];
  });
  assertClose(cube, flat ?? []);
});

test('dense adds L2 of its kernel to the loss of training alone', async () => {
  using graph = new Graph();
  const variables = new Variables(graph);
  const contexts = [tower(variables), tower(variables, { mode: 'infer' })];
  for (const ctx of contexts) {
    dense(ctx, matrix(variables, DATA), {
      name: 'd',
      units: 2,
      kernelL2: 0.1,
      kernelInitializer: initializerNamed('ones'),
    });
  }
  assert.deepEqual(
    contexts.map(({ regularization }) => regularization.length),
    [1, 0],
  );
  await using session = Session.create(graph);
  initialize(session, variables);
  assertClose(
    evaluate(
      session,
      contexts.flatMap(({ regularization }) => regularization),
    )[0],
    [0.1 * 2],
  );
});

test('dense refuses an input of unknown width', () => {
  using graph = new Graph();
  const x = ops.placeholder(graph, 'float32', [-1, -1], 'x');
  const ctx = tower(new Variables(graph));
  assert.throws(
    () => dense(ctx, x, { name: 'd', units: 2 }),
    (error) =>
      error instanceof GraphError && error.message.includes('dense "d"') && error.message.includes('[?, ?]'),
  );
});

test('dropout keeps the expected value in training and does nothing in inference', async () => {
  const [train = [], infer = []] = await valuesOf((variables) => {
    const ones = ops.constant(variables.graph, 'float32', 1, [10000]);
    return [dropout(tower(variables), ones, 0.2), dropout(tower(variables, { mode: 'infer' }), ones, 0.2)];
  });
  assert.ok(train.every((x) => x === 0 || Math.abs(x - 1.25) < 1e-6));
  const kept = train.filter((x) => x !== 0).length;
  assert.ok(kept > 7800 && kept < 8200, `kept ${kept} of 10,000`);
  assert.ok(infer.every((x) => x === 1));
});

test('dropout draws anew at each call', async () => {
  const [a, b] = await valuesOf((variables) => {
    const ctx = tower(variables);
    const ones = ops.constant(variables.graph, 'float32', 1, [100]);
    return [dropout(ctx, ones, 0.5), dropout(ctx, ones, 0.5)];
  });
  assert.notDeepEqual(a, b);
});

test('dropout refuses a rate of 1', () => {
  using graph = new Graph();
  const variables = new Variables(graph);
  assert.throws(() => dropout(tower(variables), matrix(variables, DATA), 1), GraphError);
});

test('dice passes what lies above the mean and drops what lies below', async () => {
  const [values = []] = await valuesOf((variables) => [
    dice(tower(variables), matrix(variables, DATA), { name: 'act', batchNormName: 'batch_normalization' }),
  ]);
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  const expected = DATA.flatMap(([a = 0, b = 0]) => [
    a * sigmoid((a - 4) / Math.sqrt(6.5)),
    b * sigmoid((b - 25) / Math.sqrt(125)),
  ]);
  assertClose(values, expected, 1e-4);
});

const X = 0.7;
const CLOSED_FORMS: Readonly<Record<keyof typeof ACTIVATIONS, (x: number) => number>> = {
  linear: (x) => x,
  relu: (x) => Math.max(0, x),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  selu: (x) => 1.05070098 * (x > 0 ? x : 1.67326324 * Math.expm1(x)),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softmax: (x) => Math.exp(x) / (Math.exp(X) + Math.exp(-X)),
  softplus: (x) => Math.log1p(Math.exp(x)),
  softsign: (x) => x / (1 + Math.abs(x)),
  swish: (x) => x / (1 + Math.exp(-x)),
  leaky_relu: (x) => (x > 0 ? x : 0.2 * x),
  prelu: (x) => (x > 0 ? x : 0.2 * x),
  gelu: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

test('activations have their closed forms', async () => {
  const names = Object.keys(CLOSED_FORMS) as (keyof typeof CLOSED_FORMS)[];
  const values = await valuesOf((variables) => {
    const x = matrix(variables, [[X, -X]]);
    return names.map((name) => activationNamed(name)(x));
  });
  names.forEach((name, i) => assertClose(values[i], [X, -X].map(CLOSED_FORMS[name]), 1e-6));
});

test("Keras' gelu is exact where EasyRec's is an approximation", async () => {
  const [exact] = await valuesOf((variables) => [kerasActivationNamed('gelu')(matrix(variables, [[1]]))]);
  assertClose(exact, [0.841344746], 1e-6);
});

test('activations are found in any case and by their dotted name', async () => {
  const [a, b, c] = await valuesOf((variables) => {
    const x = matrix(variables, [[-1, 2]]);
    return [activationNamed('ReLU')(x), activationNamed('tf.nn.relu')(x), activationNamed('')(x)];
  });
  assert.deepEqual(
    [a, b, c],
    [
      [0, 2],
      [0, 2],
      [-1, 2],
    ],
  );
});

test('an unknown activation or initializer names the nearest', () => {
  assert.throws(
    () => activationNamed('rleu'),
    (error) =>
      error instanceof ConfigError &&
      error.message.includes('did you mean') &&
      error.message.includes('"relu"'),
  );
  assert.throws(
    () => initializerNamed('he_unifrom'),
    (error) => error instanceof ConfigError && error.message.includes('"he_uniform"'),
  );
});

/** Standard deviation of each initializer for a kernel of 400 x 100. */
const DEVIATIONS: Readonly<Record<keyof typeof INITIALIZERS, number>> = {
  zeros: 0,
  ones: 0,
  glorot_uniform: Math.sqrt(2 / 500),
  glorot_normal: Math.sqrt(2 / 500),
  he_uniform: Math.sqrt(2 / 400),
  he_normal: Math.sqrt(2 / 400),
  lecun_uniform: Math.sqrt(1 / 400),
  lecun_normal: Math.sqrt(1 / 400),
  random_uniform: 0.05 / Math.sqrt(3),
  random_normal: 0.05,
  truncated_normal: 0.05 * 0.87962566,
};

test('initializers have the spread that Keras gives them', async () => {
  const names = Object.keys(DEVIATIONS) as (keyof typeof DEVIATIONS)[];
  const values = await valuesOf(({ graph }) =>
    names.map((name) =>
      initializerNamed(name)(graph, [400, 100], 'float32', ops.constant(graph, 'int64', [1, 2])),
    ),
  );
  names.forEach((name, i) => {
    const sample = values[i] ?? [];
    const mean = sample.reduce((sum, x) => sum + x, 0) / sample.length;
    const deviation = Math.sqrt(sample.reduce((sum, x) => sum + (x - mean) ** 2, 0) / sample.length);
    assert.ok(Math.abs(deviation - DEVIATIONS[name]) <= 0.02 * DEVIATIONS[name], `${name}: ${deviation}`);
  });
});
