import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMessage } from '../../easyrec/config/message.js';
import { OPTIMIZERS } from '../../easyrec/optimizers/index.js';
import { gradients } from '../../easyrec/tf/grad/index.js';
import { Graph, makeStep, ops, scalar, Session, tensor, Variables } from '../../easyrec/tf/index.js';
import { SOME_ROWS } from './cases.js';
import { type ClosedForm, elementwise, traceOf } from './closed_form.js';
import { largestDifference, type OptimizerCase, randomCase, runCase, type Trace } from './optimizer_case.js';

const BETA1 = 0.9;
const BETA2 = 0.999;
const adam = OPTIMIZERS.lazy_adam_optimizer(parseMessage('LazyAdamOptimizer', 'beta1: 0.9 beta2: 0.999'));

/** Adam's formulas, in float64. */
const FORM: ClosedForm = {
  slots: [
    { suffix: 'Adam', initial: 0 },
    { suffix: 'Adam_1', initial: 0 },
  ],
  move: elementwise((w, [m = NaN, v = NaN], { gradient, rate, t }) => {
    const mean = BETA1 * m + (1 - BETA1) * gradient;
    const square = BETA2 * v + (1 - BETA2) * gradient ** 2;
    const correction = Math.sqrt(1 - BETA2 ** t) / (1 - BETA1 ** t);
    return [w - (rate * correction * mean) / (Math.sqrt(square) + 1e-8), mean, square];
  }),
};

function formula(form: ClosedForm, testCase: OptimizerCase): Trace {
  return traceOf(form, testCase).map((state, step) => ({
    ...state,
    beta1_power: [BETA1 ** (step + 2)],
    beta2_power: [BETA2 ** (step + 2)],
  }));
}

test('rows that are looked up move by the formula, the others and their moments stay', () => {
  const testCase = randomCase({ height: 40, width: 3, steps: 30 }, false, (random) =>
    Array.from({ length: 12 }, () => random.below(40)),
  );
  const difference = largestDifference(runCase(adam, testCase), formula(FORM, testCase));
  assert.ok(difference <= 2e-6, `they differ by ${difference}`);
});

test('Adam moves every row at every step, those that were not looked up by their momentum', () => {
  const everyStep = OPTIMIZERS.adam_optimizer(parseMessage('AdamOptimizer', 'beta1: 0.9 beta2: 0.999'));
  const difference = largestDifference(
    runCase(everyStep, SOME_ROWS),
    formula({ ...FORM, everyStep: true }, SOME_ROWS),
  );
  assert.ok(difference <= 2e-6, `they differ by ${difference}`);
});

test('a step without any row changes nothing but the powers of beta', () => {
  const testCase = randomCase({ height: 3, width: 2, steps: 3 }, false, () => []);
  const difference = largestDifference(runCase(adam, testCase), formula(FORM, testCase));
  assert.ok(difference <= 1e-6, `they differ by ${difference}`);
  assert.deepEqual(runCase(adam, testCase).at(-1)?.['w'], testCase.start);
});

test('tiny gradients meet epsilon outside of the root', () => {
  const one = { height: 1, width: 1, dense: false, start: [0], learningRates: [1] };
  const [state] = runCase(adam, { ...one, steps: [{ rows: [0], values: [1e-8] }] });
  // m = 1e-9, sqrt(v) = 3.16e-10, correction = 0.316: the step is 3.16e-10 / 1.0316e-8.
  assert.ok(Math.abs((state?.['w']?.[0] ?? NaN) + 0.030653) < 1e-5);
});

test('the sum over a row that is repeated ten thousand times is the same at every run', () => {
  const testCase = randomCase({ height: 50, width: 8, steps: 2 }, false, (random) =>
    Array.from({ length: 10_000 }, () => random.below(3)),
  );
  const threads = { intra_op_parallelism_threads: 8, use_per_session_threads: true };
  const first = runCase(adam, testCase, threads);
  for (let run = 0; run < 5; run++) assert.deepEqual(runCase(adam, testCase, threads), first);
  const alone = { intra_op_parallelism_threads: 1, use_per_session_threads: true };
  assert.deepEqual(runCase(adam, testCase, alone), first);
});

test('dense and looked-up variables learn together from one loss, also where a batch looks nothing up', () => {
  using graph = new Graph();
  const variables = new Variables(graph);
  const ones = (shape: readonly number[]) => ({
    shape,
    initializer: () => ops.fill(ops.ints(graph, shape), ops.constant(graph, 'float32', 1)),
  });
  const table = variables.create('table', ones([4, 2]));
  const bias = variables.create('bias', ones([2]));
  const ids = ops.placeholder(graph, 'int64', [-1], 'ids');
  const rate = ops.placeholder(graph, 'float32', [], 'rate');
  const loss = ops.reduceSum(ops.add(ops.reduceSum(table.gather(ids), { axes: [0] }), bias.read()));
  const [ofTable, ofBias] = gradients(loss, [table.handle, bias.handle]);
  assert.ok(ofTable && ofBias);
  const pairs = [
    { variable: table, gradient: ofTable },
    { variable: bias, gradient: ofBias },
  ];
  const targets = adam.apply({ variables, learningRate: rate }, pairs);
  const session = Session.create(graph);
  session.runSync(makeStep({ targets: variables.all.map(({ initialize }) => initialize) }));
  // Two runs: the gradient of a linear loss does not wait for the values that the loss reads.
  const read = makeStep({ feeds: [ids], fetches: [loss] });
  const step = makeStep({ feeds: [ids, rate], targets });
  using rateFed = scalar('float32', 0.25);
  const losses = [[], [1n, 1n, 3n], [1n]].map((batch) => {
    using idsFed = tensor('int64', [batch.length], batch);
    const [result] = session.runSync(read, [idsFed]);
    session.runSync(step, [idsFed, rateFed]);
    return result?.data('float32')[0];
  });
  // At its first step, with a gradient of 1, and at each one after, the bias moves by the rate. The table's row 1 first
  // moves at step 2, by a gradient of 2: m = 0.2, sqrt(v) = 0.063246, correction = 0.235316.
  const wanted = [2, 6 + 2 * 0.75, 2 * (1 - (0.25 * 0.235316 * 0.2) / 0.063246) + 2 * 0.5];
  losses.forEach((value, i) => assert.ok(Math.abs((value ?? NaN) - (wanted[i] ?? NaN)) < 1e-4, `${value}`));
  const [tableNow] = session.runSync(makeStep({ fetches: [table.read()] }));
  const rows = [...(tableNow?.data('float32') ?? [])];
  assert.deepEqual([rows[0], rows[4]], [1, 1]);
});
