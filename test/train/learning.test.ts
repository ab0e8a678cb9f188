import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../easyrec/errors.js';
import { SILENT_LOG } from '../../easyrec/log.js';
import { type Learning, learningOf, learningRateTensor } from '../../easyrec/train/optimizer_config.js';
import { Graph, makeStep, ops, Session, Variables } from '../../easyrec/tf/index.js';
import { randomCase, runCase } from '../optimizers/optimizer_case.js';
import { pipelineOf } from './pipeline_text.js';

function learning(optimizerConfig: string): Learning {
  const { train_config: config } = pipelineOf(`train_config { ${optimizerConfig} }`);
  assert.ok(config);
  return learningOf(config);
}

function failure(optimizerConfig: string): string {
  try {
    learning(optimizerConfig);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return 'no error';
}

const CONSTANT = 'learning_rate { constant_learning_rate { learning_rate: 0.5 } }';
const ONE_STEP = randomCase({ height: 2, width: 2, steps: 1 }, true, () => [0, 1]);

test("a config's betas and initial accumulator reach the optimizer", () => {
  const adam = learning(`optimizer_config { adam_optimizer { ${CONSTANT} beta1: 0.75 beta2: 0.5 } }`);
  const [state] = runCase(adam.optimizer, ONE_STEP);
  assert.deepEqual([state?.['beta1_power'], state?.['beta2_power']], [[0.75 ** 2], [0.5 ** 2]]);
  const adagrad = learning(
    `optimizer_config { adagrad_optimizer { ${CONSTANT} initial_accumulator_value: 8 } }`,
  );
  const [accumulated] = runCase(adagrad.optimizer, ONE_STEP)[0]?.['w/Adagrad'] ?? [];
  const gradient = ONE_STEP.steps[0]?.values[0] ?? NaN;
  assert.ok(Math.abs((accumulated ?? NaN) - (8 + gradient ** 2)) < 1e-5);
  assert.equal(adagrad.learningRate(3), 0.5);
});

test("defaults are EasyRec's", () => {
  const lazy = learning(
    'optimizer_config { lazy_adam_optimizer { learning_rate { exponential_decay_learning_rate { } } } }',
  );
  const rates = [0, 3_999_999, 4_000_000].map(lazy.learningRate);
  [0.002, 0.002, 0.0019].forEach((rate, i) => assert.ok(Math.abs((rates[i] ?? NaN) - rate) < 1e-9));
  const [state] = runCase(lazy.optimizer, ONE_STEP);
  const powers = [state?.['beta1_power']?.[0], state?.['beta2_power']?.[0]];
  [0.81, 0.998001].forEach((power, i) => assert.ok(Math.abs((powers[i] ?? NaN) - power) < 1e-6));
});

test('every field of the exponential decay is used', () => {
  const { learningRate } = learning(`optimizer_config { adam_optimizer { learning_rate {
    exponential_decay_learning_rate {
      initial_learning_rate: 0.5 decay_steps: 10 decay_factor: 0.25 staircase: false
      burnin_learning_rate: 0.125 burnin_steps: 4 min_learning_rate: 0.0625
    } } } }`);
  const expected = new Map([
    [0, 0.125],
    [2, 0.3125],
    [4, 0.5],
    [9, 0.25],
    [14, 0.125],
    [1000, 0.0625],
  ]);
  for (const [step, rate] of expected) {
    assert.ok(Math.abs(learningRate(step) - rate) < 1e-9, `step ${step}: ${learningRate(step)}`);
  }
});

test('what is missing fails at its place', () => {
  assert.match(
    failure(''),
    /^a\.config:\d+:\d+: optimizer_config: expected one optimizer, or two, received none$/,
  );
  assert.match(
    failure('optimizer_config { }'),
    /^a\.config:\d+:\d+: optimizer: expected adam_optimizer or .*, received none$/,
  );
  assert.match(
    failure('optimizer_config { adam_optimizer { } }'),
    /^a\.config:\d+:\d+: learning_rate: expected constant_learning_rate or .*, received none$/,
  );
});

test('numbers that cannot be worked with fail at their place', () => {
  const message = failure(
    'optimizer_config { adam_optimizer { learning_rate { exponential_decay_learning_rate {\n decay_steps: 0 } } } }',
  );
  assert.match(message, /^a\.config:\d+:2: decay_steps: expected a whole number from 1, received 0$/);
});

const MOMENTUM = `optimizer_config { momentum_optimizer { ${CONSTANT} momentum_optimizer_value: 0 }`;

/** How far one step of momentum moves the first weight for each unit of its gradient. */
function moveOf(config: string, variable = 'w'): number {
  const { optimizer } = learning(config);
  const after = runCase(optimizer, { ...ONE_STEP, variable })[0]?.[variable]?.[0] ?? NaN;
  const [rate = NaN] = ONE_STEP.learningRates;
  return ((ONE_STEP.start[0] ?? NaN) - after) / (rate * (ONE_STEP.steps[0]?.values[0] ?? NaN));
}

const near = (received: number, wanted: number): void =>
  assert.ok(Math.abs(received - wanted) < 1e-4, `${received} is not ${wanted}`);

test('gradients are clipped by their norm as the config says', () => {
  const norm = Math.hypot(...(ONE_STEP.steps[0]?.values ?? []));
  near(moveOf(`${MOMENTUM} }`), 1);
  near(moveOf(`${MOMENTUM} } gradient_clipping_by_norm: ${norm / 4}`), 0.25);
  near(moveOf(`${MOMENTUM} } gradient_clipping_by_norm: ${norm * 2}`), 1);
  near(moveOf(`${MOMENTUM} } gradient_clipping_by_norm: -1`), 1);
});

test("embeddings' gradients are multiplied as the config says, and a warning names the trap", () => {
  const config = `${MOMENTUM} embedding_learning_rate_multiplier: 3 }`;
  near(moveOf(config), 1);
  near(moveOf(config, 'input_layer/user_embedding/embedding_weights'), 3);
  const warnings: string[] = [];
  const { train_config: trainConfig } = pipelineOf(`train_config { ${config} }`);
  assert.ok(trainConfig);
  learningOf(trainConfig, { ...SILENT_LOG, warn: (text) => warnings.push(text) });
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /^embedding_learning_rate_multiplier multiplies the gradients/);
});

test('variables whose name fits a pattern of the config stay as they are', () => {
  near(moveOf(`${MOMENTUM} } freeze_gradient: "^v" freeze_gradient: "w:0"`), 0);
  near(moveOf(`${MOMENTUM} } freeze_gradient: "^v"`), 1);
  assert.match(
    failure(`${MOMENTUM} }\n freeze_gradient: "^v"\n freeze_gradient: "(?P<name>w)"`),
    /^a\.config:13:2: freeze_gradient: expected a regular expression, received "\(\?P<name>w\)": /,
  );
});

test('of two optimizers the first moves embeddings, the second all else, at a rate each', () => {
  const both = learning(`
    optimizer_config { adam_optimizer { learning_rate { constant_learning_rate { learning_rate: 0.25 } } } }
    optimizer_config { adam_optimizer { learning_rate { poly_decay_learning_rate {
      learning_rate_base: 1 total_steps: 4 power: 1 } } beta1: 0.5 } }`);
  using graph = new Graph();
  const variables = new Variables(graph);
  const names = [
    'input_layer/u/embedding_weights',
    'input_layer/bn/gamma',
    'deep/embedding_weights',
    'deep/kernel',
  ];
  const gradient = ops.constant(graph, 'float32', [1]);
  const initializer = () => ops.constant(graph, 'float32', [8]);
  const pairs = names.map((name) => ({
    variable: variables.create(name, { shape: [1], initializer }),
    gradient,
  }));
  const learningRate = ops.placeholder(graph, 'float32', [2], 'learning_rate');
  const targets = both.optimizer.apply({ variables, learningRate }, pairs);
  const session = Session.create(graph);
  session.runSync(makeStep({ targets: variables.all.map(({ initialize }) => initialize) }));
  using rates = learningRateTensor(both, 2);
  session.runSync(makeStep({ feeds: [learningRate], targets }), [rates]);
  const state = session.runSync(makeStep({ fetches: variables.all.map((each) => each.read()) }));
  const values = new Map(variables.all.map(({ name }, i) => [name, state[i]?.data('float32')[0] ?? NaN]));
  // Adam's first step is its rate.
  for (const [i, name] of names.entries()) near(values.get(name) ?? NaN, i < 3 ? 7.75 : 7.5);
  near(values.get('beta1_power') ?? NaN, 0.81);
  near(values.get('beta1_power_1') ?? NaN, 0.25);
  assert.equal(both.learningRate(2), 0.5);
  assert.match(
    failure(`${MOMENTUM} } ${MOMENTUM} }\n ${MOMENTUM} }`),
    /^a\.config:12:2: optimizer_config: expected one optimizer, or two, received 3$/,
  );
});
