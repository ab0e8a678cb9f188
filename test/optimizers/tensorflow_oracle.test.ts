import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPTIMIZERS, type Optimizer } from '../../easyrec/optimizers/index.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../support/python.js';
import {
  largestDifference,
  type OptimizerCase,
  pythonProgram,
  randomCase,
  runCase,
  type Trace,
} from './optimizer_case.js';

const SIZE = { height: 6, width: 3, steps: 20 };
const ALL_ROWS = [0, 1, 2, 3, 4, 5];

/** The whole variable at once; all of its rows, some of them twice; some of its rows, some of them twice. */
const DENSE = randomCase(SIZE, true, () => ALL_ROWS);
const EVERY_ROW = randomCase(SIZE, false, (random) => [...ALL_ROWS, random.below(6), random.below(6)]);
const SOME_ROWS = randomCase(SIZE, false, (random) => Array.from({ length: 4 }, () => random.below(6)));

interface Comparison {
  readonly title: string;
  readonly python: string;
  readonly ours: Optimizer;
  readonly testCase: OptimizerCase;
}

const ADAM = 'tf.train.AdamOptimizer(learning_rate, beta1=0.8, beta2=0.99)';
const ADAGRAD = 'tf.train.AdagradOptimizer(learning_rate, initial_accumulator_value=0.1)';
const adam = OPTIMIZERS.adam_optimizer({ beta1: 0.8, beta2: 0.99 });
const adagrad = OPTIMIZERS.adagrad_optimizer({ initialAccumulatorValue: 0.1 });

const COMPARISONS: readonly Comparison[] = [
  { title: 'dense Adam', python: ADAM, ours: adam, testCase: DENSE },
  // With every row looked up at every step, there is nothing that Adam of the touched rows leaves out.
  { title: 'Adam of rows that are all touched', python: ADAM, ours: adam, testCase: EVERY_ROW },
  { title: 'dense Adagrad', python: ADAGRAD, ours: adagrad, testCase: DENSE },
  { title: 'Adagrad of some rows', python: ADAGRAD, ours: adagrad, testCase: SOME_ROWS },
];

for (const version of ORACLE_VERSIONS) {
  for (const { title, python, ours, testCase } of COMPARISONS) {
    const skip = skipWithoutTensorflow(version);
    test(`${title} takes the steps of TensorFlow ${version}, slots by the same names`, { skip }, async () => {
      const printed = await runPython(version, pythonProgram(python), [JSON.stringify(testCase)]);
      const expected = JSON.parse(printed) as Trace;
      assert.equal(expected.length, 20);
      const received = runCase(ours, testCase);
      const difference = largestDifference(received, expected);
      assert.ok(difference <= 1e-6, `they differ by ${difference}`);
    });
  }
}
