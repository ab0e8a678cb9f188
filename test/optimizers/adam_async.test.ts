import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMessage } from '../../easyrec/config/message.js';
import { OPTIMIZERS } from '../../easyrec/optimizers/index.js';
import { Graph, makeStep, ops, Session, Variables } from '../../easyrec/tf/index.js';
import { DENSE, EMPTY_STEPS, SOME_ROWS } from './cases.js';
import { elementwise, traceOf } from './closed_form.js';
import { largestDifference, type OptimizerCase, runCase, type Trace } from './optimizer_case.js';

const adamAsync = OPTIMIZERS.adam_async_optimizer(
  parseMessage('AdamAsyncOptimizer', 'beta1: 0.8 beta2: 0.99'),
);
const adamAsyncW = OPTIMIZERS.adam_asyncw_optimizer(
  parseMessage('AdamAsyncWOptimizer', 'beta1: 0.8 beta2: 0.99 weight_decay: 0.03'),
);

/** The formulas, of looked-up rows, with a count of steps that waits where a step looks nothing up. */
function formula(testCase: OptimizerCase, name: string, decay: number): Trace {
  const counts = testCase.steps.map(
    (_, i) => testCase.steps.slice(0, i + 1).filter(({ rows }) => rows.length > 0).length,
  );
  const trace = traceOf(
    {
      slots: [
        { suffix: name, initial: 0 },
        { suffix: `${name}_1`, initial: 0 },
      ],
      move: elementwise((w, [m = NaN, v = NaN], { gradient, rate, t }) => {
        const count = counts[t - 1] ?? NaN;
        const mean = 0.8 * m + 0.2 * gradient;
        const square = 0.99 * v + 0.01 * gradient ** 2;
        const correction = Math.sqrt(1 - 0.99 ** count) / (1 - 0.8 ** count);
        return [w - decay * w - (rate * correction * mean) / (Math.sqrt(square) + 1e-8), mean, square];
      }),
    },
    testCase,
  );
  return trace.map((state, i) => ({
    ...state,
    [`w/${name}_2`]: [0.8 ** ((counts[i] ?? NaN) + 1)],
    [`w/${name}_3`]: [0.99 ** ((counts[i] ?? NaN) + 1)],
  }));
}

for (const [name, testCase] of Object.entries({ DENSE, SOME_ROWS, EMPTY_STEPS })) {
  test(`of ${name}, looked-up rows move with powers of beta of the variable's own`, () => {
    const difference = largestDifference(runCase(adamAsync, testCase), formula(testCase, 'AdamAsync', 0));
    assert.ok(difference <= 2e-6, `they differ by ${difference}`);
  });

  test(`of ${name}, what moves decays before, with weight decay`, () => {
    const difference = largestDifference(
      runCase(adamAsyncW, testCase),
      formula(testCase, 'AdamAsyncW', 0.03),
    );
    assert.ok(difference <= 2e-6, `they differ by ${difference}`);
  });
}

test('tables that kernels of rows move have powers of their own, which every step advances', () => {
  using graph = new Graph();
  const variables = new Variables(graph);
  const learningRate = ops.constant(graph, 'float32', 0.5);
  const variable = { shape: [], initializer: () => ops.constant(graph, 'float32', 0), trainable: false };
  const seen = variables.create('seen', variable);
  const targets = adamAsync.apply(
    { variables, learningRate, rowUpdates: (rate) => [ops.assign(seen.handle, rate)], rowTables: ['a', 'b'] },
    [],
  );
  const session = Session.create(graph);
  session.runSync(makeStep({ targets: variables.all.map(({ initialize }) => initialize) }));
  const read = makeStep({ fetches: variables.all.map((each) => each.read()) });
  assert.deepEqual(
    variables.all.map(({ name }) => name),
    ['seen', 'a/AdamAsync_2', 'a/AdamAsync_3', 'b/AdamAsync_2', 'b/AdamAsync_3'],
  );
  for (const t of [1, 2, 3]) {
    session.runSync(makeStep({ targets }));
    const received = session.runSync(read).map((each) => each.data('float32')[0] ?? NaN);
    const rate = (0.5 * Math.sqrt(1 - 0.99 ** t)) / (1 - 0.8 ** t);
    const powers = [0.8 ** (t + 1), 0.99 ** (t + 1)];
    [rate, ...powers, ...powers].forEach((wanted, each) =>
      assert.ok(Math.abs((received[each] ?? NaN) - wanted) < 1e-6, `step ${t}: ${received.join()}`),
    );
  }
});
