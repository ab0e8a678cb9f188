import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMessage } from '../../easyrec/config/message.js';
import { OPTIMIZERS } from '../../easyrec/optimizers/index.js';
import { DENSE, EMPTY_STEPS, SOME_ROWS } from './cases.js';
import { type ClosedForm, elementwise, traceOf } from './closed_form.js';
import { largestDifference, runCase } from './optimizer_case.js';

const rmsProp = OPTIMIZERS.rms_prop_optimizer(
  parseMessage('RMSPropOptimizer', 'decay: 0.8 momentum_optimizer_value: 0.6 epsilon: 0.01'),
);

const FORM: ClosedForm = {
  slots: [
    { suffix: 'RMSProp', initial: 1 },
    { suffix: 'RMSProp_1', initial: 0 },
  ],
  move: elementwise((w, [s = NaN, a = NaN], { gradient, rate }) => {
    const square = 0.8 * s + 0.2 * gradient ** 2;
    const step = 0.6 * a + (rate * gradient) / Math.sqrt(square + 0.01);
    return [w - step, square, step];
  }),
};

for (const [name, testCase] of Object.entries({ DENSE, SOME_ROWS, EMPTY_STEPS })) {
  test(`of ${name}, what is looked up moves by the formula`, () => {
    const difference = largestDifference(runCase(rmsProp, testCase), traceOf(FORM, testCase));
    assert.ok(difference <= 2e-6, `they differ by ${difference}`);
  });
}
