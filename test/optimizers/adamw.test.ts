import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMessage } from '../../easyrec/config/message.js';
import { OPTIMIZERS } from '../../easyrec/optimizers/index.js';
import { DENSE, EMPTY_STEPS, SOME_ROWS } from './cases.js';
import { type ClosedForm, elementwise, traceOf } from './closed_form.js';
import { largestDifference, runCase } from './optimizer_case.js';

const adamW = OPTIMIZERS.adamw_optimizer(
  parseMessage('AdamWOptimizer', 'beta1: 0.8 beta2: 0.99 weight_decay: 0.03'),
);

const FORM: ClosedForm = {
  slots: [
    { suffix: 'AdamW', initial: 0 },
    { suffix: 'AdamW_1', initial: 0 },
  ],
  everyStep: true,
  move: elementwise((w, [m = NaN, v = NaN], { gradient, rate, t, lookedUp }) => {
    const mean = 0.8 * m + 0.2 * gradient;
    const square = 0.99 * v + 0.01 * gradient ** 2;
    const correction = Math.sqrt(1 - 0.99 ** t) / (1 - 0.8 ** t);
    const decayed = lookedUp ? w - 0.03 * w : w;
    return [decayed - (rate * correction * mean) / (Math.sqrt(square) + 1e-8), mean, square];
  }),
};

for (const [name, testCase] of Object.entries({ DENSE, SOME_ROWS, EMPTY_STEPS })) {
  test(`of ${name}, weights decay where a step looks them up, and all rows move`, () => {
    const expected = traceOf(FORM, testCase).map((state, step) => ({
      ...state,
      beta1_power: [0.8 ** (step + 2)],
      beta2_power: [0.99 ** (step + 2)],
    }));
    const difference = largestDifference(runCase(adamW, testCase), expected);
    assert.ok(difference <= 2e-6, `they differ by ${difference}`);
  });
}
