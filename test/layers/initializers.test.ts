import assert from 'node:assert/strict';
import test from 'node:test';
import { initialRows, initialRowsOf } from '../../easyrec/layers/initial_rows.js';
import * as initializers from '../../easyrec/layers/initializers.js';
import type { Initializer } from '../../easyrec/tf/index.js';
import { Graph, makeStep, Session, Variables } from '../../easyrec/tf/index.js';

interface Options {
  readonly shape?: readonly number[];
  readonly seed?: number;
  readonly name?: string;
  readonly threads?: number;
}

function valuesOf(initializer: Initializer, options: Options = {}): number[] {
  const { shape = [400, 100], seed = 1, name = 'w', threads = 2 } = options;
  using graph = new Graph();
  const variable = new Variables(graph, seed).create(name, { shape, initializer });
  const config = { intra_op_parallelism_threads: threads, inter_op_parallelism_threads: threads };
  const session = Session.create(graph, { config });
  try {
    const value = variable.read();
    session.runSync(makeStep({ targets: [variable.initialize] }));
    const [result] = session.runSync(makeStep({ fetches: [value] }));
    assert.ok(result);
    using owned = result;
    return [...owned.data('float32')];
  } finally {
    void session.close();
  }
}

function moments(values: readonly number[]): { mean: number; stddev: number; largest: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return { mean, stddev: Math.sqrt(variance), largest };
}

// 40,000 draws: the standard error of a mean is 0.005 standard deviations, of a standard deviation 0.0035.
const TRUNCATED = 0.87962566;
const CASES: readonly (readonly [string, Initializer, { stddev: number; limit: number; mean?: number }])[] = [
  ['embedding table', initialRows(initialRowsOf(null, 5, 100)), { stddev: 0.001 * TRUNCATED, limit: 0.002 }],
  ['truncated normal', initializers.truncatedNormal(0, 3), { stddev: 3 * TRUNCATED, limit: 6 }],
  ['normal', initializers.normal(5, 2), { mean: 5, stddev: 2, limit: 20 }],
  ['uniform', initializers.uniform(-2, 4), { mean: 1, stddev: 6 / Math.sqrt(12), limit: 4 }],
  [
    'glorot normal',
    initializers.glorotNormal(),
    { stddev: Math.sqrt(2 / 500), limit: (2 / TRUNCATED) * Math.sqrt(2 / 500) },
  ],
  ['glorot uniform', initializers.glorotUniform(), { stddev: Math.sqrt(2 / 500), limit: Math.sqrt(6 / 500) }],
  [
    'he normal',
    initializers.heNormal(),
    { stddev: Math.sqrt(2 / 400), limit: (2 / TRUNCATED) * Math.sqrt(2 / 400) },
  ],
  ['he uniform', initializers.heUniform(), { stddev: Math.sqrt(2 / 400), limit: Math.sqrt(6 / 400) }],
  [
    'lecun normal',
    initializers.lecunNormal(),
    { stddev: Math.sqrt(1 / 400), limit: (2 / TRUNCATED) * Math.sqrt(1 / 400) },
  ],
  ['lecun uniform', initializers.lecunUniform(), { stddev: Math.sqrt(1 / 400), limit: Math.sqrt(3 / 400) }],
];

for (const [name, initializer, { mean = 0, stddev, limit }] of CASES) {
  test(`${name}: mean, standard deviation and range are as defined`, () => {
    const found = moments(valuesOf(initializer));
    assert.ok(Math.abs(found.mean - mean) < 0.025 * stddev, `mean ${found.mean}`);
    assert.ok(
      Math.abs(found.stddev / stddev - 1) < 0.02,
      `standard deviation ${found.stddev}, expected ${stddev}`,
    );
    assert.ok(found.largest <= limit * 1.000001, `largest ${found.largest}, limit ${limit}`);
  });
}

test('the same seed and name give the same values on any number of threads', () => {
  const initializer = initializers.truncatedNormal(0, 1);
  const one = valuesOf(initializer, { threads: 1 });
  assert.deepEqual(valuesOf(initializer, { threads: 4 }), one);
  assert.notDeepEqual(valuesOf(initializer, { seed: 2 }), one);
  assert.notDeepEqual(valuesOf(initializer, { name: 'v' }), one);
});

test('fills with zeros, ones or given values, of which the last repeats', () => {
  const shape = [2, 3];
  assert.deepEqual(valuesOf(initializers.zeros(), { shape }), [0, 0, 0, 0, 0, 0]);
  assert.deepEqual(valuesOf(initializers.ones(), { shape }), [1, 1, 1, 1, 1, 1]);
  assert.deepEqual(valuesOf(initializers.constants([7]), { shape }), [7, 7, 7, 7, 7, 7]);
  assert.deepEqual(valuesOf(initializers.constants([1, 2, 3]), { shape }), [1, 2, 3, 3, 3, 3]);
  assert.deepEqual(valuesOf(initializers.constants([1, 2, 3, 4, 5, 6]), { shape }), [1, 2, 3, 4, 5, 6]);
});

test('refuses no constants and more than the variable holds', () => {
  for (const values of [[], [1, 2, 3]]) {
    assert.throws(() => valuesOf(initializers.constants(values), { shape: [2] }), /expected 1 to 2 values/);
  }
});
