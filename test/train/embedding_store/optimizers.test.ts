import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withClipping, withEmbeddingMultiplier, withFrozen } from '../../../easyrec/optimizers/index.js';
import { LONG, TABLE, TABLE_ROWS } from '../../optimizers/cases.js';
import { largestDifference, type OptimizerCase, runCase } from '../../optimizers/optimizer_case.js';
import { optimizerOf, StoreModel } from './store_model.js';

const CONFIGS = [
  'adam_optimizer { beta1: 0.8 beta2: 0.99 }',
  'lazy_adam_optimizer { beta1: 0.8 beta2: 0.99 }',
  'adamw_optimizer { beta1: 0.8 beta2: 0.99 weight_decay: 0.03 }',
  'adam_async_optimizer { beta1: 0.8 beta2: 0.99 }',
  'adam_asyncw_optimizer { beta1: 0.8 beta2: 0.99 weight_decay: 0.03 }',
  'adagrad_optimizer { initial_accumulator_value: 0.25 }',
  'adagrad_optimizer { initial_accumulator_value: 0.25 row_wise: true }',
  'momentum_optimizer { momentum_optimizer_value: 0.7 }',
  'momentumw_optimizer { momentum_optimizer_value: 0.7 weight_decay: 0.03 }',
  'rms_prop_optimizer { decay: 0.8 momentum_optimizer_value: 0.6 epsilon: 0.01 }',
  'ftrl_optimizer { }',
  'ftrl_optimizer { learning_rate_power: -0.4 l1_reg: 0.3 l2_reg: 0.25 l2_shrinkage_reg: 0.125 }',
];

/** What the store holds of TABLE after all steps, by the names of variables. */
async function stateAfter(optimizer: ReturnType<typeof optimizerOf>, testCase: OptimizerCase = TABLE_ROWS) {
  const { height, width, start, steps, learningRates } = testCase;
  const model = new StoreModel({
    tables: [{ rows: height, dim: width }],
    features: [[{ table: 0, combiner: 'sum', single: true }]],
    start: [start],
    optimizer,
  });
  try {
    steps.forEach(({ rows, values }, i) => {
      const feature = { ids: rows, rows: rows.map((_, row) => row), weights: null };
      model.step({ batchSize: rows.length, groups: [[feature]], slopes: [values] }, learningRates[i] ?? NaN);
    });
    const state = Object.entries(await model.state());
    return Object.fromEntries(state.map(([name, values]) => [name.replace('table_0', TABLE), values]));
  } finally {
    await model.close();
  }
}

for (const config of CONFIGS) {
  test(`${config}: rows of a store end where standard ops end`, async () => {
    const optimizer = optimizerOf(config);
    const expected = runCase(optimizer, TABLE_ROWS).at(-1) ?? {};
    const received = await stateAfter(optimizer);
    const ofTable = Object.entries(expected).filter(([, values]) => values.length > 1);
    const difference = largestDifference([received], [Object.fromEntries(ofTable)]);
    assert.ok(difference <= 2e-6, `they differ by ${difference}`);
  });
}

for (const config of ['adam_optimizer { }', 'adamw_optimizer { weight_decay: 0.02 }']) {
  test(`${config}: rows that miss steps are after 200 of them where standard ops have them, to 1e-6`, async () => {
    const optimizer = optimizerOf(config);
    const testCase = { ...LONG, variable: TABLE };
    const expected = runCase(optimizer, testCase).at(-1) ?? {};
    const received = await stateAfter(optimizer, testCase);
    const ofTable = Object.entries(expected).filter(([, values]) => values.length > 1);
    const difference = largestDifference([received], [Object.fromEntries(ofTable)]);
    assert.ok(difference <= 1e-6, `they differ by ${difference}`);
  });
}

for (const [what, factor] of [
  ['', 1],
  [', multiplied before', 3],
] as const) {
  test(`rows of a store are clipped by the norm that standard ops find${what}`, async () => {
    const { rowRule, ...momentum } = optimizerOf('momentum_optimizer { momentum_optimizer_value: 0.7 }');
    // Norms of the steps are about 3.5: some are clipped, others are not.
    const clipped = withClipping({ rowRule, ...momentum }, 3.3 * factor);
    const optimizer = withEmbeddingMultiplier(clipped, factor);
    const received = await stateAfter({ ...optimizer, rowRule });
    const difference = largestDifference([received], [runCase(optimizer, TABLE_ROWS).at(-1) ?? {}]);
    assert.ok(difference <= 2e-6, `they differ by ${difference}`);
    const unclipped = withEmbeddingMultiplier({ rowRule, ...momentum }, factor);
    const other = largestDifference([received], [runCase(unclipped, TABLE_ROWS).at(-1) ?? {}]);
    assert.ok(other > 1e-3, `no step was clipped: ${other}`);
  });
}

test('tables of a store that are frozen stay as they are, without slots', async () => {
  const { height, width, start, steps } = TABLE_ROWS;
  const { rowRule, ...adam } = optimizerOf('adam_optimizer { }');
  const optimizer = { ...withFrozen({ rowRule, ...adam }, [/^table_1:0$/u]), rowRule };
  const table = { rows: height, dim: width };
  const feature = { combiner: 'sum', single: true } as const;
  const model = new StoreModel({
    tables: [table, table],
    features: [
      [
        { ...feature, table: 0 },
        { ...feature, table: 1 },
      ],
      [{ ...feature, table: 1 }],
    ],
    start: [start, start],
    optimizer,
  });
  for (const { rows, values } of steps) {
    const ids = { ids: rows, rows: [], weights: null };
    const both = rows.flatMap((_, i) => [0, 0].flatMap(() => values.slice(i * width, (i + 1) * width)));
    const batch = { batchSize: rows.length, groups: [[ids, ids], [ids]], slopes: [both, values] };
    model.step(batch, 0.1);
  }
  const state = await model.state();
  assert.deepEqual(Object.keys(state), ['table_0', 'table_0/Adam', 'table_0/Adam_1', 'table_1']);
  assert.deepEqual(state['table_1'], start);
  assert.ok(state['table_0']?.every((weight, i) => weight !== start[i]));
  await model.close();
});

test('gradients of rows of a store are multiplied before the rule sees them', async () => {
  const { rowRule, ...momentum } = optimizerOf('momentum_optimizer { momentum_optimizer_value: 0.7 }');
  const multiplied = withEmbeddingMultiplier({ rowRule, ...momentum }, 3);
  const received = await stateAfter({ ...multiplied, rowRule });
  const difference = largestDifference([received], [runCase(multiplied, TABLE_ROWS).at(-1) ?? {}]);
  assert.ok(difference <= 2e-6, `they differ by ${difference}`);
});
