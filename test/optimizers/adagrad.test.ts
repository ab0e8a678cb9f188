import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMessage } from '../../easyrec/config/message.js';
import { OPTIMIZERS } from '../../easyrec/optimizers/index.js';
import { DENSE, EMPTY_STEPS, SOME_ROWS, TABLE } from './cases.js';
import { type ClosedForm, elementwise, traceOf } from './closed_form.js';
import { largestDifference, runCase } from './optimizer_case.js';

const adagrad = OPTIMIZERS.adagrad_optimizer(
  parseMessage('AdagradOptimizer', 'initial_accumulator_value: 0.25'),
);
const rowWise = OPTIMIZERS.adagrad_optimizer(
  parseMessage('AdagradOptimizer', 'initial_accumulator_value: 0.25 row_wise: true'),
);

const FORM: ClosedForm = {
  slots: [{ suffix: 'Adagrad', initial: 0.25 }],
  move: elementwise((w, [a = NaN], { gradient, rate }) => {
    const sum = a + gradient ** 2;
    return [w - (rate * gradient) / Math.sqrt(sum), sum];
  }),
};

const ROW_WISE_FORM: ClosedForm = {
  slots: [{ suffix: 'Adagrad', initial: 0.25, perRow: true }],
  move: ({ w, slots: [accumulator = []] }, { g, rate }) => {
    const sum = (accumulator[0] ?? NaN) + g.reduce((squares, each) => squares + each ** 2, 0) / g.length;
    accumulator[0] = sum;
    g.forEach((each, i) => (w[i] = (w[i] ?? NaN) - (rate * each) / (Math.sqrt(sum) + 1e-8)));
  },
};

for (const [name, testCase] of Object.entries({ DENSE, SOME_ROWS, EMPTY_STEPS })) {
  test(`of ${name}, what is looked up moves by the formula`, () => {
    const difference = largestDifference(runCase(adagrad, testCase), traceOf(FORM, testCase));
    assert.ok(difference <= 2e-6, `they differ by ${difference}`);
  });

  test(`of ${name}, row-wise, a table's rows have one accumulator each`, () => {
    const table = { ...testCase, variable: TABLE };
    const received = runCase(rowWise, table);
    assert.equal(received[0]?.[`${TABLE}/Adagrad`]?.length, 6);
    const difference = largestDifference(received, traceOf(ROW_WISE_FORM, table));
    assert.ok(difference <= 2e-6, `they differ by ${difference}`);
  });
}

test('row-wise, other variables keep an accumulator an element', () => {
  const difference = largestDifference(runCase(rowWise, DENSE), traceOf(FORM, DENSE));
  assert.ok(difference <= 2e-6, `they differ by ${difference}`);
});
