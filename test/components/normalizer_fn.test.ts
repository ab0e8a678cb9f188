import assert from 'node:assert/strict';
import test from 'node:test';
import { normalizerFn } from '../../easyrec/components/normalizer_fn.js';
import { ConfigError } from '../../easyrec/errors.js';
import { Graph, makeStep, ops, Session } from '../../easyrec/tf/index.js';

const AT = { file: 'test.config', line: 3 };

function applied(text: string, values: readonly number[]): number[] {
  using graph = new Graph();
  const output = normalizerFn(text, AT)(ops.constant(graph, 'float32', values));
  const session = Session.create(graph);
  try {
    const [result] = session.runSync(makeStep({ fetches: [output] }));
    assert.ok(result);
    using owned = result;
    return [...owned.data('float32')];
  } finally {
    void session.close();
  }
}

test('applies a lambda', () => {
  assert.deepEqual(applied('lambda x: (x + 1) * 2', [0, 1.5]), [2, 5]);
});

test('applies a function by its dotted name', () => {
  const [zero = NaN, one = NaN] = applied('tf.math.log1p', [0, Math.E - 1]);
  assert.equal(zero, 0);
  assert.ok(Math.abs(one - 1) < 1e-6);
});

test('refuses what is no function, and functions that it does not know', () => {
  for (const text of ['x + 1', 'my_module.normalize']) {
    assert.throws(
      () => applied(text, [1]),
      (error) => error instanceof ConfigError && error.at?.file === 'test.config' && error.at.line === 3,
    );
  }
});
