import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../easyrec/input/random.js';
import { Graph, makeStep, ops, scalar, Session, tensor, Variables } from '../../../easyrec/tf/index.js';
import { numbers } from './batches.js';
import { NativeStore, type StoreRule, THROWING } from './native_store.js';
import { StoreModel } from './store_model.js';

const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];
const SLOTS = [{ initial: 0 }, { initial: 0 }];
const RULE: StoreRule = { kind: 'adam', parameters: [BETA1, BETA2, EPSILON, 1], slots: SLOTS };
const [B1, B2] = [Math.fround(BETA1), Math.fround(BETA2)];

/** The rate that a step (from 1) is given. */
function corrected(rate: number, step: number): number {
  return (rate * Math.sqrt(1 - B2 ** step)) / (1 - B1 ** step);
}

function expectClose(received: number, expected: number, tolerance: number, what: string): void {
  const difference = Math.abs(received - expected);
  assert.ok(
    difference <= tolerance * Math.max(1, Math.abs(expected)),
    `${what}: ${received} instead of ${expected}`,
  );
}

/** A table whose rows are looked up one at a time, and the same in float64 with every row moved at every step. */
class OneRowSteps {
  readonly #store: NativeStore;
  readonly #model: StoreModel;
  readonly #state: Float64Array[];
  #step = 0;

  constructor(store: NativeStore, start: Float32Array, dim: number) {
    this.#store = store;
    store.addTable({
      name: 't',
      rows: start.length / dim,
      dim,
      initial: { kind: 'constant', values: [...start] },
    });
    this.#model = new StoreModel(store, [[{ table: 0, combiner: 'sum', single: true }]]);
    this.#state = [Float64Array.from(start), new Float64Array(start.length), new Float64Array(start.length)];
  }

  step(row: number, slopes: Float32Array, learningRate: number): void {
    this.#step++;
    const rate = corrected(learningRate, this.#step);
    const used = { ids: [row], rows: [], weights: null };
    this.#model.step({ batchSize: 1, lookups: [[used]], gradients: [slopes] }, rate);
    const [w, m, v] = this.#state as [Float64Array, Float64Array, Float64Array];
    for (let i = 0; i < w.length; i++) {
      const at = i - row * slopes.length;
      const g = slopes[at] ?? 0;
      m[i] = (m[i] ?? NaN) * B1 + (1 - B1) * g;
      v[i] = (v[i] ?? NaN) * B2 + (1 - B2) * g * g;
      w[i] = (w[i] ?? NaN) - (rate * (m[i] ?? NaN)) / (Math.sqrt(v[i] ?? NaN) + EPSILON);
    }
  }

  /** What the ops give for rows without a step, as evaluation does. */
  checkEvaluation(rows: readonly number[], tolerance: number): void {
    const used = { ids: rows, rows: [], weights: null };
    const [vectors = []] = this.#model.evaluate({ batchSize: rows.length, lookups: [[used]], gradients: [] });
    const dim = vectors.length / rows.length;
    vectors.forEach((value, i) => {
      const row = rows[Math.floor(i / dim)] ?? NaN;
      expectClose(value, this.#state[0]?.[row * dim + (i % dim)] ?? NaN, tolerance, `evaluated row ${row}`);
    });
  }

  checkState(tolerance: number): void {
    this.#store.state().forEach((values, component) => {
      values.forEach((value, i) => {
        expectClose(value, this.#state[component]?.[i] ?? NaN, tolerance, `component ${component}[${i}]`);
      });
    });
  }

  close(): Promise<void> {
    return this.#model.close();
  }
}

test('200 steps with gaps come to where ResourceApplyAdam on whole tables comes, to 1e-6', async () => {
  const [rows, dim, batch] = [40, 7, 6];
  const random = new Random(11);
  const start = numbers(random, rows * dim);
  using store = new NativeStore(RULE);
  store.addTable({ name: 't', rows, dim, initial: { kind: 'constant', values: [...start] } });
  const model = new StoreModel(store, [[{ table: 0, combiner: 'sum', single: true }]]);
  using graph = new Graph();
  const variables = new Variables(graph);
  const [w, m, v] = [start, null, null].map((values, i) =>
    variables.create(`v${i}`, {
      shape: [rows, dim],
      initializer: () =>
        ops.constant(graph, 'float32', [...(values ?? new Float32Array(rows * dim))], [rows, dim]),
    }),
  );
  assert.ok(w && m && v);
  const [power1, power2, rate] = ['power1', 'power2', 'rate'].map((name) =>
    ops.placeholder(graph, 'float32', [], name),
  );
  assert.ok(power1 && power2 && rate);
  const ids = ops.placeholder(graph, 'int64', [-1], 'ids');
  const gradient = ops.placeholder(graph, 'float32', [-1, dim], 'gradient');
  const number = (value: number) => ops.constant(graph, 'float32', value);
  const update = graph.op('ResourceApplyAdam', [
    ...[w.handle, m.handle, v.handle, power1, power2, rate, number(BETA1), number(BETA2), number(EPSILON)],
    ops.unsortedSegmentSum(gradient, ids, ops.constant(graph, 'int32', rows)),
  ]);
  await using session = Session.create(graph, {});
  session.runSync(makeStep({ targets: variables.all.map(({ initialize }) => initialize) }));
  for (let step = 1; step <= 200; step++) {
    // Some rows all the time, others now and then, some never.
    const used = Array.from({ length: batch }, () => Math.floor(rows * 0.9 * random.below(1000) ** 3 * 1e-9));
    const slopes = numbers(random, batch * dim);
    const learningRate = 0.01 / Math.sqrt(step);
    const single = { ids: used, rows: [], weights: null };
    model.step({ batchSize: batch, lookups: [[single]], gradients: [slopes] }, corrected(learningRate, step));
    session.runSync(makeStep({ feeds: [ids, gradient, power1, power2, rate], targets: [update] }), [
      tensor('int64', [batch], used.map(BigInt)),
      tensor('float32', [batch, dim], slopes),
      scalar('float32', B1 ** step),
      scalar('float32', B2 ** step),
      scalar('float32', learningRate),
    ]);
  }
  const received = store.state();
  session.runSync(makeStep({ fetches: [w.read(), m.read(), v.read()] })).forEach((result, i) => {
    result.data('float32').forEach((value, j) => {
      expectClose(received[i]?.[j] ?? NaN, value, 1e-6, `component ${i}[${j}]`);
    });
    result.dispose();
  });
  await model.close();
});

test('a row that misses thousands of steps comes to where it would be, for gradients of any size', async () => {
  for (const scale of [1e6, 1, 1e-4, 1e-6, 1e-7, 1e-8, 1e-10, 1e-20]) {
    const random = new Random(7);
    using store = new NativeStore(RULE);
    const steps = new OneRowSteps(store, numbers(random, 36), 3);
    // Row 0 alone, again and again; the others are touched once, at growing distances from the end.
    for (let step = 0; step < 3000; step++) {
      const row = step % 250 === 0 ? 1 + (Math.floor(step / 250) % 11) : 0;
      steps.step(
        row,
        numbers(random, 3).map((value) => value * scale),
        0.01 / (1 + step / 500),
      );
    }
    steps.checkEvaluation([1, 2, 3, 11, 5], 1e-6);
    // Row 0 has the rounding of thousands of steps in float32, which TensorFlow's kernels have too.
    steps.checkState(1e-5);
    await steps.close();
  }
});

test('more steps than a store remembers at a time change nothing', async () => {
  const random = new Random(5);
  using store = new NativeStore(RULE);
  const steps = new OneRowSteps(store, numbers(random, 6), 1);
  for (let step = 0; step < 16_384 * 2 + 50; step++) {
    // Row 1 shortly before the store is full, row 2 at its last step, row 3 at the first one after.
    const special = new Map([
      [16_380, 1],
      [16_383, 2],
      [16_384, 3],
    ]).get(step);
    steps.step(special ?? (step % 100 === 0 ? 4 : 0), numbers(random, 1), 0.001);
    if (step === 16_390) steps.checkEvaluation([1, 2, 3, 5], 1e-6);
  }
  steps.checkEvaluation([1, 2, 3, 5], 1e-6);
  // Row 0 has the rounding of 32 thousand steps in float32.
  steps.checkState(3e-5);
  await steps.close();
});

test('rows of a table that is not trained never move', async () => {
  using store = new NativeStore(RULE);
  const initial = { kind: 'constant', values: [1] } as const;
  const table = { rows: 4, dim: 2, initial };
  store.addTable({ ...table, name: 'trained' });
  store.addTable({ ...table, name: 'frozen' });
  store.setTrained(1, false);
  const momentum = new Float32Array(8).fill(0.5);
  store.write(1, 0, 4, [null, momentum, momentum]);
  store.write(0, 0, 4, [null, momentum, momentum]);
  const features = [0, 1].map((t) => ({ table: t, combiner: 'sum', single: true }) as const);
  const model = new StoreModel(store, [features]);
  const used = { ids: [1, 2], rows: [], weights: null };
  const gradients = [new Float32Array(8).fill(1)];
  for (let step = 0; step < 5; step++) model.step({ batchSize: 2, lookups: [[used, used]], gradients }, 0.1);
  const [moved, , , frozen, m, v] = store.state();
  assert.ok(moved?.every((value) => value < 1));
  assert.deepEqual(frozen, new Float32Array(8).fill(1));
  assert.deepEqual([m, v], [momentum, momentum]);
  await model.close();
});

test('betas whose steps fade too slowly to be summed up are refused', THROWING, () => {
  for (const [beta1, beta2] of [
    [0.9999, 0.99999],
    [0.999, 0.99],
    [0.5, 1],
    [0.99999, 0.999999999],
  ] as const) {
    assert.throws(
      () => new NativeStore({ ...RULE, parameters: [beta1, beta2, EPSILON, 1] }),
      /^Error: beta1, beta2: (expected|the steps)/,
      `${beta1}, ${beta2}`,
    );
  }
});
