import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Optimizer,
  OPTIMIZERS,
  type VariableGradient,
  withClipping,
  withEmbeddingMultiplier,
  withFrozen,
} from '../../easyrec/optimizers/index.js';
import { parseMessage } from '../../easyrec/config/message.js';
import { IndexedSlices } from '../../easyrec/tf/grad/index.js';
import { Graph, makeStep, ops, type Output, Session, Variables } from '../../easyrec/tf/index.js';

/** What an optimizer sees: the values of gradients by the names of their variables. */
type Seen = Readonly<Record<string, readonly number[]>>;

/** The gradients that reach an optimizer through what `wrap` puts around it: of a bias `[2]`, a kernel, a table. */
function gradientsThrough(wrap: (optimizer: Optimizer) => Optimizer, bias: readonly number[]): Seen {
  using graph = new Graph();
  const variables = new Variables(graph);
  const variable = (name: string, shape: readonly number[]) =>
    variables.create(name, {
      shape,
      initializer: () => ops.fill(ops.ints(graph, shape), ops.constant(graph, 'float32', 0)),
    });
  const numbers = (values: readonly number[], shape: readonly number[]) =>
    ops.constant(graph, 'float32', [...values], shape);
  const rows = (values: readonly number[], ids: readonly number[]) =>
    new IndexedSlices(numbers(values, [ids.length, 1]), ops.constant(graph, 'int64', [...ids]), [4, 1]);
  // Two lookups of one table: in the first, row 1 is looked up twice.
  const table = IndexedSlices.sum([rows([1, 1, 2], [1, 1, 3]), rows([4], [1])]);
  let given: readonly VariableGradient[] = [];
  const optimizer: Optimizer = {
    rowRule: null,
    apply(_, gradients) {
      given = gradients;
      return [];
    },
  };
  wrap(optimizer).apply({ variables, learningRate: numbers([1], []) }, [
    { variable: variable('bias', [2]), gradient: numbers(bias, [2]) },
    { variable: variable('deep/kernel', [1, 2]), gradient: numbers([4, 4], [1, 2]) },
    { variable: variable('user/embedding_weights', [4, 1]), gradient: table },
  ]);
  const values = given.map(({ gradient }) =>
    gradient instanceof IndexedSlices ? gradient.values : gradient,
  );
  const session = Session.create(graph);
  const results = session.runSync(makeStep({ fetches: values }));
  return Object.fromEntries(
    results.map((result, i) => [given[i]?.variable.name ?? '', [...result.data('float32')]]),
  );
}

function expectNear(received: Seen, expected: Seen): void {
  assert.deepEqual(Object.keys(received), Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    values.forEach((value, i) => {
      const number = received[name]?.[i] ?? NaN;
      assert.ok(Math.abs(number - value) <= 1e-6, `${name}: ${number} is not ${value}`);
    });
  }
}

// Squared: 2 * 6^2, 2 * 4^2, and of the table 2^2 + 2^2 in one lookup, 4^2 in the other: 128 together.
const NORM = Math.sqrt(128);
const BIAS = [6, 6];

test('gradients are scaled so that their norm is the largest allowed, each lookup summed up for itself', () => {
  const half = gradientsThrough((optimizer) => withClipping(optimizer, NORM / 2), BIAS);
  expectNear(half, {
    bias: [3, 3],
    'deep/kernel': [2, 2],
    'user/embedding_weights': [0.5, 0.5, 1, 2],
  });
});

test('gradients of a smaller norm stay as they are', () => {
  const seen = gradientsThrough((optimizer) => withClipping(optimizer, NORM * 1.01), BIAS);
  expectNear(seen, { bias: BIAS, 'deep/kernel': [4, 4], 'user/embedding_weights': [1, 1, 2, 4] });
});

test('a norm that is not finite makes all gradients NaN', () => {
  const seen = gradientsThrough((optimizer) => withClipping(optimizer, 1), [Infinity, 0]);
  assert.deepEqual(
    Object.values(seen)
      .flat()
      .filter((value) => !Number.isNaN(value)),
    [],
  );
});

test('the multiplier is applied to embeddings alone, and before the norm is taken', () => {
  const doubled = gradientsThrough((optimizer) => withEmbeddingMultiplier(optimizer, 2), BIAS);
  expectNear(doubled, { bias: BIAS, 'deep/kernel': [4, 4], 'user/embedding_weights': [2, 2, 4, 8] });
  // 72 + 32 + 4 (8 + 16) = 200
  const clipped = gradientsThrough(
    (optimizer) => withEmbeddingMultiplier(withClipping(optimizer, Math.sqrt(50)), 2),
    BIAS,
  );
  expectNear(clipped, { bias: [3, 3], 'deep/kernel': [2, 2], 'user/embedding_weights': [1, 1, 2, 4] });
});

test('the multiplier reaches rows that kernels move, whose rule stays', () => {
  using graph = new Graph();
  const adagrad = OPTIMIZERS.adagrad_optimizer(parseMessage('AdagradOptimizer', ''));
  const scales: (Output | number | undefined)[] = [];
  const multiplied = withEmbeddingMultiplier(adagrad, 3);
  multiplied.apply(
    {
      variables: new Variables(graph),
      learningRate: ops.constant(graph, 'float32', 1),
      rowUpdates(_, scale) {
        scales.push(scale);
        return [];
      },
    },
    [],
  );
  assert.deepEqual(scales, [3]);
  assert.equal(multiplied.rowRule, adagrad.rowRule);
});

test('rows that kernels move count for the norm and are scaled with all other gradients, whose rule stays', () => {
  using graph = new Graph();
  const adagrad = OPTIMIZERS.adagrad_optimizer(parseMessage('AdagradOptimizer', ''));
  const number = (value: number) => ops.constant(graph, 'float32', value);
  const scales: Output[] = [];
  const wrapped = withEmbeddingMultiplier(withClipping(adagrad, 2), 3);
  const variables = new Variables(graph);
  const bias = variables.create('bias', { shape: [], initializer: () => number(0) });
  wrapped.apply(
    {
      variables,
      learningRate: number(1),
      rowSquares: () => [number(1), number(2)],
      rowUpdates(_, scale) {
        assert.ok(scale !== undefined && typeof scale !== 'number');
        scales.push(scale);
        return [];
      },
    },
    [{ variable: bias, gradient: number(3) }],
  );
  assert.equal(wrapped.rowRule, adagrad.rowRule);
  const session = Session.create(graph);
  const [scale] = session.runSync(makeStep({ fetches: scales }));
  // The norm is the root of 3^2 (1 + 2) + 3^2.
  assert.ok(Math.abs((scale?.data('float32')[0] ?? NaN) - (3 * 2) / 6) <= 1e-6);
});

test('frozen variables get no gradient and do not count for the norm', () => {
  const patterns = [/bias:0$/u, /^user\//u];
  expectNear(
    gradientsThrough((optimizer) => withFrozen(optimizer, patterns), BIAS),
    {
      'deep/kernel': [4, 4],
    },
  );
  const clipped = gradientsThrough(
    (optimizer) => withFrozen(withClipping(optimizer, Math.sqrt(8)), patterns),
    BIAS,
  );
  expectNear(clipped, { 'deep/kernel': [2, 2] });
});

test('tables that kernels move are frozen by their names', () => {
  const adagrad = OPTIMIZERS.adagrad_optimizer(parseMessage('AdagradOptimizer', ''));
  const { rowRule, isFrozen } = withFrozen(adagrad, [/weights:0$/u, /^user/u]);
  assert.equal(rowRule, adagrad.rowRule);
  const names = ['a/weights', 'user/kernel', 'weights_1', 'a/user'];
  assert.deepEqual(
    names.map((name) => isFrozen?.(name)),
    [true, true, false, false],
  );
});
