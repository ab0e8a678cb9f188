import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromCase } from '../../easyrec/config/case_table.js';
import { parseMessage } from '../../easyrec/config/message.js';
import { LEARNING_RATES, type LearningRate } from '../../easyrec/optimizers/index.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../support/python.js';

/** The rate that a config's text names. */
function rateOf(text: string): LearningRate {
  return fromCase(parseMessage('LearningRate', text, 'a.config'), 'learning_rate', LEARNING_RATES);
}

function expectRates(rate: LearningRate, expected: Readonly<Record<number, number>>): void {
  for (const [step, wanted] of Object.entries(expected)) {
    const received = rate(Number(step));
    assert.ok(
      Math.abs(received - wanted) <= 1e-7 * Math.abs(wanted),
      `${step}: ${received} is not ${wanted}`,
    );
  }
}

const failsWith = (text: string, message: string): void =>
  assert.throws(() => rateOf(text), { name: 'ConfigError', message });

test('a constant rate is the same at every step', () => {
  const rate = rateOf('constant_learning_rate { learning_rate: 0.5 }');
  assert.deepEqual([0, 1, 1e9].map(rate), [0.5, 0.5, 0.5]);
  expectRates(rateOf('constant_learning_rate { }'), { 0: 0.002 });
});

const DECAY = 'initial_learning_rate: 0.002 decay_steps: 50 decay_factor: 0.5';
const decay = (more = ''): LearningRate => rateOf(`exponential_decay_learning_rate { ${DECAY} ${more} }`);

test('a staircase falls at whole multiples of the decay steps, a slope a little at each step', () => {
  expectRates(decay(), { 0: 0.002, 49: 0.002, 50: 0.001, 99: 0.001, 100: 0.0005 });
  expectRates(decay('staircase: false'), { 25: 0.002 * Math.SQRT1_2, 100: 0.0005 });
});

test('the rate rises linearly during burn-in, and decay counts from its end', () => {
  expectRates(decay('burnin_learning_rate: 0.001 burnin_steps: 10'), {
    0: 0.001,
    5: 0.0015,
    9: 0.0019,
    10: 0.002,
    59: 0.002,
    60: 0.001,
  });
});

test('a burn-in from 0 keeps the initial rate', () => {
  expectRates(decay('burnin_steps: 10'), { 0: 0.002, 9: 0.002, 10: 0.002, 59: 0.002, 60: 0.001 });
});

test('the rate never falls below its minimum, nor begins there in a burn-in', () => {
  const rate = decay('burnin_learning_rate: 0.0001 burnin_steps: 10 min_learning_rate: 0.0008');
  expectRates(rate, { 0: 0.0008, 1000: 0.0008 });
});

test('a decay over no steps fails', () => {
  failsWith(
    'exponential_decay_learning_rate {\n decay_steps: 0 }',
    'a.config:2:2: decay_steps: expected a whole number from 1, received 0',
  );
});

test('a cosine rises linearly, holds, falls to 0 and stays there', () => {
  const rate = rateOf(`cosine_decay_learning_rate {
    learning_rate_base: 0.4 total_steps: 100 warmup_learning_rate: 0.1 warmup_steps: 10 hold_base_rate_steps: 10 }`);
  expectRates(rate, {
    0: 0.1,
    5: 0.25,
    9: 0.37,
    10: 0.4,
    15: 0.4,
    20: 0.4,
    40: 0.2 * (1 + Math.SQRT1_2),
    60: 0.2,
    80: 0.2 * (1 - Math.SQRT1_2),
    101: 0,
    1e6: 0,
  });
  assert.ok(Math.abs(rate(100)) < 1e-15);
});

test('a cosine without warm-up or hold begins at its base', () => {
  const rate = rateOf(
    'cosine_decay_learning_rate { learning_rate_base: 0.4 total_steps: 100 warmup_steps: 0 }',
  );
  expectRates(rate, { 0: 0.4, 25: 0.2 * (1 + Math.SQRT1_2), 50: 0.2 });
});

test('a cosine that has nothing to decay over fails, one that holds to its end does not', () => {
  const of = (text: string): string => `cosine_decay_learning_rate {\n ${text} }`;
  failsWith(
    of('total_steps: 10 warmup_steps: 11'),
    'a.config:2:2: total_steps: expected at least 12, after warmup_steps, received 10',
  );
  failsWith(
    of('total_steps: 10 warmup_steps: 10'),
    'a.config:2:2: total_steps: expected at least 11, after warmup_steps, received 10',
  );
  failsWith(
    of('warmup_learning_rate: 0.5 learning_rate_base: 0.25'),
    'a.config:2:2: warmup_learning_rate: expected at most learning_rate_base, 0.25, received 0.5',
  );
  const held = rateOf(of('total_steps: 10 warmup_steps: 5 hold_base_rate_steps: 5 learning_rate_base: 0.5'));
  assert.deepEqual([5, 10, 11].map(held), [0.5, 0.5, 0]);
});

const SCHEDULE = 'schedule { step: 4 learning_rate: 0.5 } schedule { step: 6 learning_rate: 0.125 }';

test('manual steps change the rate at their steps', () => {
  const rate = rateOf(`manual_step_learning_rate { initial_learning_rate: 0.25 ${SCHEDULE} }`);
  assert.deepEqual([0, 3, 4, 5, 6, 1000].map(rate), [0.25, 0.25, 0.5, 0.5, 0.125, 0.125]);
});

test('manual steps with warm-up rise linearly to the first of them', () => {
  const rate = rateOf(`manual_step_learning_rate { initial_learning_rate: 0.25 warmup: true ${SCHEDULE} }`);
  assert.deepEqual([0, 1, 3, 4, 5, 6].map(rate), [0.25, 0.3125, 0.4375, 0.5, 0.5, 0.125]);
});

test('manual steps that do not rise fail at their place', () => {
  failsWith(
    'manual_step_learning_rate { }',
    'a.config:1:1: manual_step_learning_rate: expected a schedule, received none',
  );
  failsWith(
    'manual_step_learning_rate {\n schedule { step: 4 }\n schedule { step: 4 } }',
    'a.config:3:13: step: expected a whole number from 5, received 4',
  );
  failsWith(
    'manual_step_learning_rate {\n schedule { step: 0 } }',
    'a.config:2:13: step: expected a whole number from 1, received 0',
  );
});

test('a polynomial falls to its end and stays there', () => {
  const rate = rateOf(`poly_decay_learning_rate {
    learning_rate_base: 0.5 total_steps: 8 power: 2 end_learning_rate: 0.25 }`);
  assert.deepEqual([0, 4, 8, 100].map(rate), [0.5, 0.3125, 0.25, 0.25]);
  failsWith(
    'poly_decay_learning_rate {\n total_steps: 0 }',
    'a.config:2:2: total_steps: expected a whole number from 1, received 0',
  );
});

test("the transformer's rate rises linearly over its warm-up, then falls with the root of the steps", () => {
  const of = (more: string): LearningRate =>
    rateOf(`transformer_learning_rate { learning_rate_base: 0.5 hidden_size: 16 ${more} }`);
  const rate = of('warmup_steps: 4');
  expectRates(rate, { 0: 0.125 / 8, 1: 0.25 / 8, 3: 0.5 / 8, 15: 0.125 / 4, 99: 0.125 / 10 });
  const scaled = of('warmup_steps: 8 step_scaling_rate: 0.5');
  expectRates(scaled, { 0: 0.125 / 8, 2: 0.25 / 8, 6: 0.5 / 8, 30: 0.125 / 4 });
  expectRates(of('warmup_steps: 0'), { 0: 0.125, 3: 0.0625 });
  failsWith(
    'transformer_learning_rate {\n hidden_size: 0 }',
    'a.config:2:2: hidden_size: expected a whole number from 1, received 0',
  );
});

/** TensorFlow's own decays, which EasyRec's exponential (after its burn-in) and polynomial ones are. */
const PYTHON = `
import json, sys
import tensorflow.compat.v1 as tf
tf.disable_eager_execution()
step = tf.placeholder(tf.int64, [])
steps = json.loads(sys.argv[1])
rates = [
  tf.train.exponential_decay(0.002, step, 50, 0.5, staircase=True),
  tf.train.exponential_decay(0.002, step, 50, 0.5, staircase=False),
  tf.train.exponential_decay(0.002, step - 20, 7, 0.95, staircase=True),
  tf.maximum(tf.train.exponential_decay(0.002, step, 1000, 0.97, staircase=False), 0.0019),
  tf.train.polynomial_decay(0.5, step, 1000, 0.125, 2.5),
  tf.train.polynomial_decay(0.5, step, 50, 0.0, 1.0),
]
with tf.Session() as session:
  print(json.dumps([[float(session.run(rate, {step: n})) for n in steps] for rate in rates]))
`;

const OURS: readonly LearningRate[] = [
  decay(),
  decay('staircase: false'),
  decay('decay_steps: 7 decay_factor: 0.95 burnin_steps: 20'),
  decay('decay_steps: 1000 decay_factor: 0.97 staircase: false min_learning_rate: 0.0019'),
  rateOf(
    'poly_decay_learning_rate { learning_rate_base: 0.5 total_steps: 1000 end_learning_rate: 0.125 power: 2.5 }',
  ),
  rateOf('poly_decay_learning_rate { learning_rate_base: 0.5 total_steps: 50 power: 1 }'),
];

for (const version of ORACLE_VERSIONS) {
  const skip = skipWithoutTensorflow(version);
  test(`decays are those of TensorFlow ${version}`, { skip }, async () => {
    const steps = [20, 21, 26, 27, 48, 49, 50, 51, 1000, 4999, 5000, 100_000];
    const expected = JSON.parse(await runPython(version, PYTHON, [JSON.stringify(steps)])) as number[][];
    assert.equal(expected.length, OURS.length);
    OURS.forEach((rate, i) =>
      steps.forEach((step, j) => {
        const wanted = expected[i]?.[j] ?? NaN;
        const received = rate(step);
        assert.ok(
          Math.abs(received - wanted) <= 2e-5 * wanted + 1e-8,
          `${i}, step ${step}: ${received} is not ${wanted}`,
        );
      }),
    );
  });
}
