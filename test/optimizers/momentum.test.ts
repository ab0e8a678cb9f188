import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMessage } from '../../easyrec/config/message.js';
import { OPTIMIZERS } from '../../easyrec/optimizers/index.js';
import { DENSE, EMPTY_STEPS, SOME_ROWS } from './cases.js';
import { type ClosedForm, elementwise, traceOf } from './closed_form.js';
import { largestDifference, runCase } from './optimizer_case.js';

const momentum = OPTIMIZERS.momentum_optimizer(
  parseMessage('MomentumOptimizer', 'momentum_optimizer_value: 0.7'),
);
const momentumW = OPTIMIZERS.momentumw_optimizer(
  parseMessage('MomentumWOptimizer', 'momentum_optimizer_value: 0.7 weight_decay: 0.03'),
);

function form(name: string, decay: number): ClosedForm {
  return {
    slots: [{ suffix: name, initial: 0 }],
    move: elementwise((w, [a = NaN], { gradient, rate }) => {
      const sum = 0.7 * a + gradient;
      return [w - decay * w - rate * sum, sum];
    }),
  };
}

for (const [name, testCase] of Object.entries({ DENSE, SOME_ROWS, EMPTY_STEPS })) {
  test(`of ${name}, what is looked up moves by its momentum`, () => {
    const difference = largestDifference(runCase(momentum, testCase), traceOf(form('Momentum', 0), testCase));
    assert.ok(difference <= 2e-6, `they differ by ${difference}`);
  });

  test(`of ${name}, what is looked up decays before it moves, with weight decay`, () => {
    const difference = largestDifference(
      runCase(momentumW, testCase),
      traceOf(form('MomentumW', 0.03), testCase),
    );
    assert.ok(difference <= 2e-6, `they differ by ${difference}`);
  });
}
