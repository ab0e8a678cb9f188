import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMessage } from '../../easyrec/config/message.js';
import { type Optimizer, OPTIMIZERS, type RowRule, ruleParameters } from '../../easyrec/optimizers/index.js';
import { TABLE, TABLE_ROWS } from './cases.js';
import { runCase } from './optimizer_case.js';

const NUMBERS = 'beta1: 0.5 beta2: 0.75';

/** Of each optimizer: kind of its rule and its numbers in the order that the kernels' rules.h has. */
const RULES: readonly (readonly [Optimizer, string, readonly number[]])[] = [
  [OPTIMIZERS.adam_optimizer(parseMessage('AdamOptimizer', NUMBERS)), 'adam', [0.5, 0.75, 1e-8, 1]],
  [OPTIMIZERS.lazy_adam_optimizer(parseMessage('LazyAdamOptimizer', NUMBERS)), 'adam', [0.5, 0.75, 1e-8, 0]],
  [
    OPTIMIZERS.adam_async_optimizer(parseMessage('AdamAsyncOptimizer', NUMBERS)),
    'adam',
    [0.5, 0.75, 1e-8, 0],
  ],
  [
    OPTIMIZERS.adam_asyncw_optimizer(parseMessage('AdamAsyncWOptimizer', `${NUMBERS} weight_decay: 0.125`)),
    'adamw',
    [0.5, 0.75, 1e-8, 0, 0.125],
  ],
  [
    OPTIMIZERS.adamw_optimizer(parseMessage('AdamWOptimizer', `${NUMBERS} weight_decay: 0.125`)),
    'adamw',
    [0.5, 0.75, 1e-8, 1, 0.125],
  ],
  [OPTIMIZERS.adagrad_optimizer(parseMessage('AdagradOptimizer', '')), 'adagrad', []],
  [
    OPTIMIZERS.adagrad_optimizer(parseMessage('AdagradOptimizer', 'row_wise: true')),
    'rowwise_adagrad',
    [1e-8],
  ],
  [
    OPTIMIZERS.momentum_optimizer(parseMessage('MomentumOptimizer', 'momentum_optimizer_value: 0.5')),
    'momentum',
    [0.5, 0],
  ],
  [
    OPTIMIZERS.momentumw_optimizer(
      parseMessage('MomentumWOptimizer', 'momentum_optimizer_value: 0.5 weight_decay: 0.125'),
    ),
    'momentumw',
    [0.5, 0.125],
  ],
  [
    OPTIMIZERS.rms_prop_optimizer(
      parseMessage('RMSPropOptimizer', 'decay: 0.5 momentum_optimizer_value: 0.25 epsilon: 0.125'),
    ),
    'rms_prop',
    [0.5, 0.25, 0.125],
  ],
  [
    OPTIMIZERS.ftrl_optimizer(
      parseMessage(
        'FtrlOptimizer',
        'learning_rate_power: -0.75 l1_reg: 0.5 l2_reg: 0.25 l2_shrinkage_reg: 0.125',
      ),
    ),
    'ftrl',
    [-0.75, 0.5, 0.25, 0.125],
  ],
];

function ruleOf({ rowRule }: Optimizer): RowRule {
  assert.ok(rowRule);
  return rowRule;
}

for (const [optimizer, kind, parameters] of RULES) {
  const rule = ruleOf(optimizer);
  test(`${kind}, ${parameters.join()}: the kernels get its numbers in their order`, () => {
    assert.equal(rule.kind, kind);
    assert.deepEqual(ruleParameters(rule), parameters);
  });

  test(`${kind}, ${parameters.join()}: its slots are those that standard ops make`, () => {
    const trace = runCase(optimizer, { ...TABLE_ROWS, steps: [{ rows: [0], values: [0, 0, 0] }] });
    const made = Object.entries(trace[0] ?? {}).filter(
      ([name, values]) => name.startsWith(`${TABLE}/`) && values.length > 1,
    );
    const sizes = rule.slots.map(({ suffix, perRow }) => [`${TABLE}/${suffix}`, perRow === true ? 6 : 18]);
    assert.deepEqual(
      made.map(([name, values]) => [name, values.length]),
      sizes,
    );
    made.forEach(([, values], slot) =>
      assert.ok(Math.abs((values[17 % values.length] ?? NaN) - (rule.slots[slot]?.initial ?? NaN)) < 1e-7),
    );
  });
}
