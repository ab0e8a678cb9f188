import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMessage } from '../../easyrec/config/message.js';
import { OPTIMIZERS } from '../../easyrec/optimizers/index.js';
import { DENSE, EMPTY_STEPS, SOME_ROWS } from './cases.js';
import { type ClosedForm, elementwise, traceOf } from './closed_form.js';
import { largestDifference, runCase } from './optimizer_case.js';

/** The formulas of McMahan et al. with the power `p` of the accumulator. */
function form(p: number, l1: number, l2: number, shrinkage: number): ClosedForm {
  return {
    slots: [
      { suffix: 'Ftrl', initial: 0.2 },
      { suffix: 'Ftrl_1', initial: 0 },
    ],
    move: elementwise((w, [a = NaN, z = NaN], { gradient, rate }) => {
      const sum = a + gradient ** 2;
      const linear = z + gradient + 2 * shrinkage * w - ((sum ** p - a ** p) / rate) * w;
      const moved = (Math.sign(linear) * l1 - linear) / (sum ** p / rate + 2 * l2);
      return [Math.abs(linear) > l1 ? moved : 0, sum, linear];
    }),
  };
}

const PLAIN = 'initial_accumulator_value: 0.2';
const CONFIGS = [
  { text: PLAIN, form: form(0.5, 0, 0, 0) },
  { text: `${PLAIN} learning_rate_power: -0.4 l1_reg: 0.3 l2_reg: 0.25`, form: form(0.4, 0.3, 0.25, 0) },
  { text: `${PLAIN} l1_reg: 0.3 l2_reg: 0.25 l2_shrinkage_reg: 0.125`, form: form(0.5, 0.3, 0.25, 0.125) },
];

for (const { text, form: expected } of CONFIGS) {
  for (const [name, testCase] of Object.entries({ DENSE, SOME_ROWS, EMPTY_STEPS })) {
    test(`of ${name}, what is looked up moves by the formula: ${text}`, () => {
      const received = runCase(OPTIMIZERS.ftrl_optimizer(parseMessage('FtrlOptimizer', text)), testCase);
      const difference = largestDifference(received, traceOf(expected, testCase));
      assert.ok(difference <= 1e-5, `they differ by ${difference}`);
    });
  }
}

test('a strong l1 leaves weights at exactly 0', () => {
  const ftrl = OPTIMIZERS.ftrl_optimizer(parseMessage('FtrlOptimizer', 'l1_reg: 1000'));
  assert.deepEqual(runCase(ftrl, DENSE)[0]?.['w'], Array(18).fill(0));
});

test('numbers that the formula cannot work with fail at their place', () => {
  const failing = (text: string): void =>
    void OPTIMIZERS.ftrl_optimizer(parseMessage('FtrlOptimizer', text, 'a.config'));
  assert.throws(() => failing('learning_rate_power: 0.5'), {
    message: 'a.config:1:1: learning_rate_power: expected at most 0, received 0.5',
  });
  assert.throws(() => failing('l1_reg: 1\n l2_reg: -1'), {
    message: 'a.config:2:2: l2_reg: expected 0 or more, received -1',
  });
});
