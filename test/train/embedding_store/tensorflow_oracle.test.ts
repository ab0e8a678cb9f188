import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LONG } from '../../optimizers/cases.js';
import { largestDifference, pythonProgram, type Trace } from '../../optimizers/optimizer_case.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../../support/python.js';
import { StoreModel, optimizerOf } from './store_model.js';

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
    name: 'adamw_optimizer',
    python: 'decayed(learning_rate, tf.train.AdamOptimizer, 0.02, name="AdamW")',
    ours: optimizerOf('adamw_optimizer { weight_decay: 0.02 }'),
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
    test(
      `${name} on rows ends ${LONG.steps.length} steps where TensorFlow ${version} does`,
      { skip },
      async (t) => {
        const printed = await runPython(version, pythonProgram(python), [JSON.stringify(LONG)]);
        const expected = JSON.parse(printed) as Trace;
        const model = new StoreModel({
          tables: [{ rows: LONG.height, dim: LONG.width }],
          features: [[{ table: 0, combiner: 'sum', single: true }]],
          start: [LONG.start],
          optimizer: ours,
        });
        t.after(() => model.close());
        for (const [i, { rows, values }] of LONG.steps.entries()) {
          const feature = { ids: rows, rows: rows.map((_, row) => row), weights: null };
          const batch = { batchSize: rows.length, groups: [[feature]], slopes: [values] };
          const [found] = model.step(batch, LONG.learningRates[i] ?? NaN);
          // What is looked up is where TensorFlow's row stood after the step before.
          const before = i === 0 ? LONG.start : (expected[i - 1]?.['w'] ?? []);
          const wanted = rows.flatMap((row) => before.slice(row * LONG.width, (row + 1) * LONG.width));
          const difference = largestDifference([{ w: found ?? [] }], [{ w: wanted }]);
          assert.ok(difference <= 1e-6, `step ${i}: looked up vectors differ by ${difference}`);
        }
        const ofTables = Object.entries(expected.at(-1) ?? {}).filter(([key]) => key.startsWith('w'));
        const received = Object.entries(await model.state()).map(
          ([key, value]): [string, readonly number[]] => [key.replace('table_0', 'w'), value],
        );
        const difference = largestDifference([Object.fromEntries(received)], [Object.fromEntries(ofTables)]);
        assert.ok(difference <= 1e-6, `they differ by ${difference}`);
      },
    );
  }
}
