import assert from 'node:assert/strict';
import { test } from 'node:test';
import { largestDifference, pythonProgram, randomCase, type Trace } from '../../optimizers/optimizer_case.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../../support/python.js';
import { StoreModel, optimizerOf } from './store_model.js';

const STEPS = 200;
/** Rows of which a few are looked up all the time, most rarely, the last never. */
const CASE = randomCase({ height: 60, width: 4, steps: STEPS }, false, (random) =>
  Array.from({ length: 3 + random.below(3) }, () => Math.floor(59 * random.below(1000) ** 3 * 1e-9)),
);
// Weights of the size that embeddings have: TensorFlow rounds each of 200 sums to 24 bits, in weights near 1 to 6e-8.
const START = CASE.start.map((value) => Math.fround(0.1 * value));
const DECAYING = {
  ...CASE,
  start: START,
  learningRates: CASE.steps.map((_, step) => Math.fround(0.02 * 0.5 ** (step / 50))),
};

const OPTIMIZER_PAIRS = [
  {
    name: 'adam_optimizer',
    python: 'tf.train.AdamOptimizer(learning_rate)',
    ours: optimizerOf('adam_optimizer {}'),
  },
  {
    name: 'adam_optimizer with betas of its own',
    python: 'tf.train.AdamOptimizer(learning_rate, beta1=0.8, beta2=0.99)',
    ours: optimizerOf('adam_optimizer { beta1: 0.8 beta2: 0.99 }'),
  },
  {
    name: 'adagrad_optimizer',
    python: 'tf.train.AdagradOptimizer(learning_rate, initial_accumulator_value=0.1)',
    ours: optimizerOf('adagrad_optimizer {}'),
  },
] as const;

for (const version of ORACLE_VERSIONS) {
  for (const { name, python, ours } of OPTIMIZER_PAIRS) {
    const skip = skipWithoutTensorflow(version);
    test(`${name} on rows ends ${STEPS} steps where TensorFlow ${version} does`, { skip }, async (t) => {
      const printed = await runPython(version, pythonProgram(python), [JSON.stringify(DECAYING)]);
      const expected = JSON.parse(printed) as Trace;
      const model = new StoreModel({
        tables: [{ rows: CASE.height, dim: CASE.width }],
        features: [[{ table: 0, combiner: 'sum', single: true }]],
        start: [START],
        optimizer: ours,
      });
      t.after(() => model.close());
      for (const [i, { rows, values }] of DECAYING.steps.entries()) {
        const feature = { ids: rows, rows: rows.map((_, row) => row), weights: null };
        const batch = { batchSize: rows.length, groups: [[feature]], slopes: [values] };
        const [found] = model.step(batch, DECAYING.learningRates[i] ?? NaN);
        // What is looked up is where TensorFlow's row stood after the step before.
        const before = i === 0 ? START : (expected[i - 1]?.['w'] ?? []);
        const wanted = rows.flatMap((row) => before.slice(row * CASE.width, (row + 1) * CASE.width));
        const difference = largestDifference([{ w: found ?? [] }], [{ w: wanted }]);
        assert.ok(difference <= 1e-6, `step ${i}: looked up vectors differ by ${difference}`);
      }
      const ofTables = Object.entries(expected.at(-1) ?? {}).filter(([key]) => key.startsWith('w'));
      const received = Object.entries(await model.state()).map(
        ([key, value]): [string, readonly number[]] => [key.replace('table_0', 'w'), value],
      );
      const difference = largestDifference([Object.fromEntries(received)], [Object.fromEntries(ofTables)]);
      assert.ok(difference <= 1e-6, `they differ by ${difference}`);
    });
  }
}
