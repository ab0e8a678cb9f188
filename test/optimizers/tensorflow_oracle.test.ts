import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { parseMessage } from '../../easyrec/config/message.js';
import { type Optimizer, OPTIMIZERS } from '../../easyrec/optimizers/index.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../support/python.js';
import { DENSE, EVERY_ROW, SOME_ROWS } from './cases.js';
import { DECAYED, largestDifference, pythonTraces, runCase, type Trace } from './optimizer_case.js';

interface Comparison {
  readonly title: string;
  /** Default: 1e-6. */
  readonly tolerance?: number;
  readonly python: string;
  readonly ours: Optimizer;
}

const COMPARISONS: readonly Comparison[] = [
  {
    title: 'Adam',
    python: 'tf.train.AdamOptimizer(learning_rate, beta1=0.8, beta2=0.99)',
    ours: OPTIMIZERS.adam_optimizer(parseMessage('AdamOptimizer', 'beta1: 0.8 beta2: 0.99')),
  },
  {
    title: 'AdamW',
    python: 'decayed(learning_rate, tf.train.AdamOptimizer, 0.03, beta1=0.8, beta2=0.99, name="AdamW")',
    ours: OPTIMIZERS.adamw_optimizer(
      parseMessage('AdamWOptimizer', 'beta1: 0.8 beta2: 0.99 weight_decay: 0.03'),
    ),
  },
  {
    title: 'Adagrad',
    python: 'tf.train.AdagradOptimizer(learning_rate, initial_accumulator_value=0.2)',
    ours: OPTIMIZERS.adagrad_optimizer(parseMessage('AdagradOptimizer', 'initial_accumulator_value: 0.2')),
  },
  {
    title: 'Momentum',
    python: 'tf.train.MomentumOptimizer(learning_rate, momentum=0.7)',
    ours: OPTIMIZERS.momentum_optimizer(parseMessage('MomentumOptimizer', 'momentum_optimizer_value: 0.7')),
  },
  {
    title: 'Momentum of 0',
    python: 'tf.train.MomentumOptimizer(learning_rate, momentum=0)',
    ours: OPTIMIZERS.momentum_optimizer(parseMessage('MomentumOptimizer', 'momentum_optimizer_value: 0')),
  },
  {
    title: 'MomentumW',
    python: 'decayed(learning_rate, tf.train.MomentumOptimizer, 0.03, momentum=0.7, name="MomentumW")',
    ours: OPTIMIZERS.momentumw_optimizer(
      parseMessage('MomentumWOptimizer', 'momentum_optimizer_value: 0.7 weight_decay: 0.03'),
    ),
  },
  {
    title: 'RMSProp',
    python: 'tf.train.RMSPropOptimizer(learning_rate, decay=0.8, momentum=0.6, epsilon=0.01)',
    ours: OPTIMIZERS.rms_prop_optimizer(
      parseMessage('RMSPropOptimizer', 'decay: 0.8 momentum_optimizer_value: 0.6 epsilon: 0.01'),
    ),
  },
  {
    title: 'FTRL',
    python: 'tf.train.FtrlOptimizer(learning_rate)',
    ours: OPTIMIZERS.ftrl_optimizer(parseMessage('FtrlOptimizer', '')),
  },
  {
    title: 'FTRL with regularization',
    python: `tf.train.FtrlOptimizer(learning_rate, initial_accumulator_value=0.2,
      l1_regularization_strength=0.3, l2_regularization_strength=0.2)`,
    ours: OPTIMIZERS.ftrl_optimizer(
      parseMessage('FtrlOptimizer', 'initial_accumulator_value: 0.2 l1_reg: 0.3 l2_reg: 0.2'),
    ),
  },
  {
    title: 'FTRL with a power of its own',
    // The power function of TensorFlow 2.12 is not that of 2.21; they differ in the last digits.
    tolerance: 1e-5,
    python: 'tf.train.FtrlOptimizer(learning_rate, learning_rate_power=-0.4, l1_regularization_strength=0.3)',
    ours: OPTIMIZERS.ftrl_optimizer(parseMessage('FtrlOptimizer', 'learning_rate_power: -0.4 l1_reg: 0.3')),
  },
  {
    title: 'FTRL with shrinkage',
    python: `tf.train.FtrlOptimizer(learning_rate, l1_regularization_strength=0.3, l2_regularization_strength=0.2,
      l2_shrinkage_regularization_strength=0.1)`,
    ours: OPTIMIZERS.ftrl_optimizer(
      parseMessage('FtrlOptimizer', 'l1_reg: 0.3 l2_reg: 0.2 l2_shrinkage_reg: 0.1'),
    ),
  },
];

const CASES = [
  { of: 'a dense gradient', testCase: DENSE },
  { of: 'every row', testCase: EVERY_ROW },
  { of: 'some rows', testCase: SOME_ROWS },
] as const;

for (const version of ORACLE_VERSIONS) {
  describe(`in TensorFlow ${version}`, { skip: skipWithoutTensorflow(version) }, () => {
    let expected: readonly (readonly Trace[])[] = [];

    before(async () => {
      const program = pythonTraces(
        COMPARISONS.map(({ python }) => python),
        DECAYED,
      );
      const cases = JSON.stringify(CASES.map(({ testCase }) => testCase));
      expected = JSON.parse(await runPython(version, program, [cases])) as typeof expected;
    });

    COMPARISONS.forEach(({ title, ours, tolerance = 1e-6 }, i) => {
      CASES.forEach(({ of, testCase }, j) => {
        test(`${title} takes the same steps with ${of}, slots by the same names`, () => {
          const trace = expected[i]?.[j] ?? [];
          assert.equal(trace.length, 24);
          const difference = largestDifference(runCase(ours, testCase), trace);
          assert.ok(difference <= tolerance, `they differ by ${difference}`);
        });
      });
    });
  });
}
