import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEARNING_RATES } from '../../easyrec/optimizers/index.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../support/python.js';

const BASE = {
  initialLearningRate: 0.002,
  decaySteps: 50,
  decayFactor: 0.5,
  staircase: true,
  burninLearningRate: 0,
  burninSteps: 0,
  minLearningRate: 0,
};
const decay = LEARNING_RATES.exponential_decay_learning_rate;
const near = (received: number, expected: number): void =>
  assert.ok(Math.abs(received - expected) <= 1e-12, `${received} is not ${expected}`);

test('a constant rate is the same at every step', () => {
  const rate = LEARNING_RATES.constant_learning_rate({ learningRate: 0.3 });
  assert.deepEqual([0, 1, 1e9].map(rate), [0.3, 0.3, 0.3]);
});

test('a staircase falls at whole multiples of the decay steps, a slope a little at each step', () => {
  const stairs = decay(BASE);
  assert.deepEqual([0, 49, 50, 99, 100].map(stairs), [0.002, 0.002, 0.001, 0.001, 0.0005]);
  const slope = decay({ ...BASE, staircase: false });
  near(slope(25), 0.002 * Math.SQRT1_2);
  near(slope(100), 0.0005);
});

test('the rate rises linearly during burn-in, and decay counts from its end', () => {
  const rate = decay({ ...BASE, burninLearningRate: 0.001, burninSteps: 10 });
  near(rate(0), 0.001);
  near(rate(5), 0.0015);
  near(rate(9), 0.0019);
  near(rate(10), 0.002);
  near(rate(59), 0.002);
  near(rate(60), 0.001);
});

test('a burn-in from 0 keeps the initial rate', () => {
  const rate = decay({ ...BASE, burninSteps: 10 });
  assert.deepEqual([0, 9, 10, 59, 60].map(rate), [0.002, 0.002, 0.002, 0.002, 0.001]);
});

test('the rate never falls below its minimum, nor begins there in a burn-in', () => {
  const rate = decay({ ...BASE, burninLearningRate: 0.0001, burninSteps: 10, minLearningRate: 0.0008 });
  assert.deepEqual([0, 1000].map(rate), [0.0008, 0.0008]);
});

/** EasyRec's schedule in TensorFlow's own terms: tf.train.exponential_decay after the burn-in, at least the minimum. */
const PYTHON = `
import json, sys
import tensorflow.compat.v1 as tf
tf.disable_eager_execution()
step = tf.placeholder(tf.int64, [])
rates = []
with tf.Session() as session:
  for c in json.loads(sys.argv[1]):
    decayed = tf.train.exponential_decay(c['initialLearningRate'], step - c['burninSteps'], c['decaySteps'], c['decayFactor'], staircase=c['staircase'])
    rate = tf.maximum(decayed, c['minLearningRate'])
    rates.append([float(session.run(rate, {step: n})) for n in json.loads(sys.argv[2])])
print(json.dumps(rates))
`;

for (const version of ORACLE_VERSIONS) {
  const skip = skipWithoutTensorflow(version);
  test(`after the burn-in, rates are those of TensorFlow ${version}`, { skip }, async () => {
    const configs = [
      BASE,
      { ...BASE, staircase: false },
      { ...BASE, decaySteps: 7, decayFactor: 0.95, burninSteps: 20 },
      { ...BASE, decaySteps: 1000, decayFactor: 0.97, staircase: false, minLearningRate: 0.0019 },
    ];
    const steps = [20, 21, 26, 27, 48, 49, 50, 51, 1000, 4999, 5000, 100_000];
    const printed = await runPython(version, PYTHON, [JSON.stringify(configs), JSON.stringify(steps)]);
    const expected = JSON.parse(printed) as number[][];
    assert.equal(expected.length, configs.length);
    for (const [i, config] of configs.entries()) {
      for (const [j, step] of steps.entries()) {
        const wanted = expected[i]?.[j] ?? NaN;
        const received = decay(config)(step);
        assert.ok(Math.abs(received - wanted) <= 2e-5 * wanted + 1e-30, `${step}: ${received} not ${wanted}`);
      }
    }
  });
}
