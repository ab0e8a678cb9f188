import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../easyrec/input/random.js';
import { TensorflowError } from '../../../easyrec/tf/index.js';
import { numbers, randomBatch } from './batches.js';
import { NativeStore, type StoreRule, type StoreTable, THROWING } from './native_store.js';
import { RULES } from './rules.js';
import type { StoreFeature } from './store_model.js';
import { type FeatureBatch, type StoreBatch, StoreModel } from './store_model.js';

const SLOTS = [{ initial: 0 }, { initial: 0 }];
const LAZY: StoreRule = { kind: 'adam', parameters: [0.9, 0.999, 1e-8, 0], slots: SLOTS };
const EXACT: StoreRule = { ...LAZY, parameters: [0.9, 0.999, 1e-8, 1] };
const NORMAL = { kind: 'truncated_normal', mean: 0, deviation: 0.1 } as const;
const PLAIN: StoreFeature = { table: 0, combiner: 'sum', single: true };

function single(ids: readonly number[]): FeatureBatch {
  return { ids, rows: [], weights: null };
}

/** One feature's ids, and a gradient of 1 for all numbers. */
function batchOf(ids: readonly number[], dim: number): StoreBatch {
  return {
    batchSize: ids.length,
    lookups: [[single(ids)]],
    gradients: [new Float32Array(ids.length * dim).fill(1)],
  };
}

for (const [name, rule] of Object.entries({ lazy: LAZY, exact: EXACT, ftrl: RULES['ftrl'] ?? LAZY })) {
  test(`${name}: 1, 2, 3 and 7 threads give the same bits`, async () => {
    // One table with most of the ids, and small ones: groups are shared out both ways.
    const tables: StoreTable[] = [900, 20, 50_000].map((rows, t) => ({
      name: `t${t}`,
      rows,
      dim: [4, 1, 16][t] ?? NaN,
      initial: NORMAL,
      seeds: [1n, BigInt(t)],
    }));
    const lookups: StoreFeature[][] = [
      [PLAIN, { table: 1, combiner: 'mean', single: false }, { table: 2, combiner: 'sqrtn', single: false }],
      [
        { table: 2, combiner: 'sum', single: false },
        { ...PLAIN, table: 2 },
      ],
    ];
    const runs = [];
    for (const threads of [1, 2, 3, 7]) {
      const random = new Random(21);
      using store = new NativeStore(rule, threads);
      for (const table of tables) store.addTable(table);
      const model = new StoreModel(store, lookups);
      const outputs = [];
      for (let step = 0; step < 4; step++) {
        outputs.push(...model.step(randomBatch(random, { tables, lookups }, 3000), 0.01));
        outputs.push(...model.evaluate(randomBatch(random, { tables, lookups }, 3000)));
      }
      runs.push([...outputs, ...store.state()].map(({ buffer }) => Buffer.from(buffer)));
      await model.close();
    }
    const [first = [], ...others] = runs;
    for (const other of others) {
      other.forEach((values, i) => {
        assert.ok(first[i]?.equals(values), `${i}`);
      });
    }
  });
}

test('a row takes memory once training has looked it up', async () => {
  using store = new NativeStore(LAZY);
  store.addTable({ name: 't', rows: 1000, dim: 4, initial: NORMAL });
  const model = new StoreModel(store, [[PLAIN]]);
  const start = store.read(0, 0);
  const [evaluated] = model.evaluate(batchOf([5, 999], 4));
  assert.deepEqual(evaluated, Float32Array.from([...start.subarray(20, 24), ...start.subarray(3996)]));
  assert.equal(store.stats(0).rows, 0);
  assert.equal(store.stats(0).bytes, 0);
  model.look(batchOf([5, 5, 7], 4));
  assert.equal(store.stats(0).rows, 2);
  assert.ok(store.stats(0).bytes >= 2 * 3 * 4 * 4);
  // Looked up, they are still as they started.
  assert.deepEqual(store.read(0, 0), start);
  await model.close();
});

test('rows that are written as they start take no memory, others do', () => {
  using store = new NativeStore(LAZY);
  store.addTable({ name: 't', rows: 9000, dim: 3, initial: NORMAL });
  const start = store.read(0, 0);
  const zeros = new Float32Array(start.length);
  store.write(0, 0, 9000, [start, zeros, null]);
  assert.equal(store.stats(0).rows, 0);
  const changed = Float32Array.from(start, (value, i) => (i === 30 ? value + 1 : value));
  const moment = Float32Array.from(zeros, (_, i) => (i === 26_999 ? 1e-30 : 0));
  store.write(0, 0, 9000, [changed, null, moment]);
  assert.equal(store.stats(0).rows, 2);
  assert.deepEqual(store.read(0, 0), changed);
  assert.deepEqual(store.read(0, 1), zeros);
  assert.deepEqual(store.read(0, 2), moment);
  // A minus 0 is not the 0 that slots start from.
  store.write(0, 4, 1, [null, Float32Array.of(0, -0, 0), null]);
  assert.equal(store.stats(0).rows, 3);
  // Null sets a component back.
  store.write(0, 10, 1, [null, null, null]);
  assert.deepEqual(store.read(0, 0), start);
});

test('parts of a table are read and written by themselves', () => {
  using store = new NativeStore(RULES['rowWiseAdagrad'] ?? LAZY);
  store.addTable({ name: 't', rows: 20_000, dim: 2, initial: NORMAL });
  const [values, sums] = [numbers(new Random(1), 24_000), numbers(new Random(2), 12_000)];
  store.write(0, 5000, 12_000, [values, sums]);
  assert.equal(store.stats(0).rows, 12_000);
  assert.deepEqual(store.read(0, 0, 5000, 12_000), values);
  assert.deepEqual(store.read(0, 1, 6000, 10), sums.subarray(1000, 1010));
  assert.deepEqual(store.read(0, 1, 4999, 1), Float32Array.of(0.05));
  assert.deepEqual(store.read(0, 0, 20_000, 0), new Float32Array());
});

test('a store that was reset is as it began', async () => {
  using store = new NativeStore(EXACT);
  store.addTable({ name: 't', rows: 50, dim: 4, initial: NORMAL });
  const model = new StoreModel(store, [[PLAIN]]);
  const first = store.state();
  const run = (): readonly Float32Array[] => {
    for (const ids of [[1, 2], [3], [2, 2, 4]]) model.step(batchOf(ids, 4), 0.1);
    return store.state();
  };
  const trained = run();
  assert.notDeepEqual(trained, first);
  model.step(batchOf([1], 4), 0.1);
  store.reset();
  assert.equal(store.stats(0).rows, 0);
  assert.deepEqual(store.state(), first);
  assert.deepEqual(run(), trained);
  await model.close();
});

test('rows written between steps go on from there', async () => {
  const [whole, resumed] = [new NativeStore(EXACT), new NativeStore(EXACT)];
  for (const store of [whole, resumed]) store.addTable({ name: 't', rows: 30, dim: 3, initial: NORMAL });
  const first = new StoreModel(whole, [[PLAIN]]);
  const second = new StoreModel(resumed, [[PLAIN]]);
  for (let step = 0; step < 20; step++) first.step(batchOf([step % 7, 3], 3), 0.01);
  resumed.write(0, 0, 30, whole.state());
  assert.equal(resumed.stats(0).rows, 7);
  for (let step = 0; step < 20; step++) {
    const batch = batchOf([step % 11, 20], 3);
    assert.deepEqual(second.step(batch, 0.01), first.step(batch, 0.01));
  }
  assert.deepEqual(resumed.state(), whole.state());
  for (const model of [first, second]) await model.close();
  for (const store of [whole, resumed]) store[Symbol.dispose]();
});

test('tables of 100 million rows and of ids beyond 32 bits take memory for the rows seen', async () => {
  for (const rows of [100_000_000, 2 ** 50]) {
    using store = new NativeStore(EXACT);
    store.addTable({ name: 't', rows, dim: 8, initial: NORMAL, seeds: [3n, 4n] });
    const model = new StoreModel(store, [[PLAIN]]);
    const random = new Random(9);
    const ids = Array.from({ length: 5000 }, () => Math.floor((random.below(2 ** 31) / 2 ** 31) * rows));
    const start = model.evaluate(batchOf([...ids, rows - 1, 0], 8));
    assert.deepEqual(model.step(batchOf([...ids, rows - 1, 0], 8), 0.01), start);
    assert.deepEqual(store.stats(0).rows, new Set(ids).size + 2);
    assert.ok(store.stats(0).bytes < 5002 * (8 * 3 * 4 + 16 * 4));
    store.settle();
    // Adam's step at a (corrected) rate of 0.01 with m = 0.1, v = 0.001.
    const step = (0.01 * 0.1) / Math.sqrt(0.001);
    const last = store.read(0, 0, rows - 1, 1);
    last.forEach((value, d) => {
      assert.ok(Math.abs(value - ((start[0]?.[5000 * 8 + d] ?? NaN) - step)) < 1e-6);
    });
    await model.close();
  }
});

test('evaluation beside training sees rows before or after a step, never in between', async () => {
  const [rows, dim] = [3000, 16];
  using store = new NativeStore({ kind: 'sgd', parameters: [], slots: [] });
  store.addTable({ name: 't', rows, dim, initial: { kind: 'constant', values: [0] } });
  const model = new StoreModel(store, [[PLAIN]]);
  const all = batchOf(
    Array.from({ length: rows }, (_, row) => row),
    dim,
  );
  const steps = 40;
  const copies = (count: number): StoreBatch[] => new Array<StoreBatch>(count).fill(all);
  const found = await model.stepBesideEvaluation(copies(steps), copies(60), 1);
  let before = 0;
  for (const [values = new Float32Array()] of found) {
    // Every step takes 1 off every number.
    const first = values[0] ?? NaN;
    assert.ok(Number.isInteger(first) && first <= before && first >= -steps, `${first} after ${before}`);
    assert.ok(values.every((value) => value === first));
    before = first;
  }
  assert.ok(store.read(0, 0).every((value) => value === -steps));
  await model.close();
});

test('ids out of range are refused by feature and value, and change nothing', async () => {
  using store = new NativeStore(LAZY);
  for (const [name, rows] of [['a', 10] as const, ['b', 20] as const]) {
    store.addTable({ name, rows, dim: 2, initial: NORMAL });
  }
  const model = new StoreModel(store, [[PLAIN, { ...PLAIN, table: 1 }]]);
  const before = store.state();
  const given = (ids: readonly number[]): StoreBatch => ({
    batchSize: 2,
    lookups: [[single([3, 4]), single(ids)]],
    gradients: [new Float32Array(8)],
  });
  for (const [ids, id] of [
    [[1, 20], 20],
    [[-1, 3], -1],
    [[2 ** 40, 0], 2 ** 40],
  ] as const) {
    for (const call of [
      () => model.step(given(ids), 0.1),
      () => model.look(given(ids)),
      () => model.evaluate(given(ids)),
    ]) {
      assert.throws(call, (error: unknown) => {
        assert.ok(error instanceof TensorflowError);
        assert.equal(error.code, 'INVALID_ARGUMENT');
        assert.match(
          error.message,
          new RegExp(`feature "feature_1": expected ids from 0 to 19, received ${id}`),
        );
        return true;
      });
    }
  }
  assert.deepEqual([store.stats(0).rows, store.stats(1).rows], [0, 0]);
  assert.deepEqual(store.state(), before);
  await model.close();
});

test('of a feature that may lack ids, -1 is none and -2 is out of range', async () => {
  using store = new NativeStore(LAZY);
  store.addTable({ name: 'a', rows: 10, dim: 2, initial: { kind: 'constant', values: [3] } });
  const model = new StoreModel(store, [[{ ...PLAIN, optional: true }]]);
  const given = (ids: readonly number[]): StoreBatch => ({
    batchSize: 2,
    lookups: [[single(ids)]],
    gradients: [new Float32Array(4)],
  });
  assert.deepEqual(model.evaluate(given([-1, 9])), [new Float32Array([0, 0, 3, 3])]);
  assert.deepEqual(model.step(given([9, -1]), 0.1), [new Float32Array([3, 3, 0, 0])]);
  assert.equal(store.stats(0).rows, 1);
  for (const id of [-2, 10]) {
    assert.throws(
      () => model.step(given([0, id]), 0.1),
      new RegExp(`feature "feature_0": expected ids from 0 to 9, received ${id}`),
    );
  }
  await model.close();
});

test('inputs that do not fit together are refused by feature', async () => {
  using store = new NativeStore(LAZY);
  store.addTable({ name: 'a', rows: 10, dim: 2 });
  const model = new StoreModel(store, [[{ table: 0, combiner: 'mean', single: false }]]);
  const refuse = (feature: FeatureBatch, expected: RegExp, gradients = 4): void => {
    const batch = { batchSize: 2, lookups: [[feature]], gradients: [new Float32Array(gradients)] };
    assert.throws(() => model.step(batch, 0.1), expected);
  };
  refuse(
    { ids: [1, 2, 3], rows: [0, 1], weights: null },
    /feature_0": expected a row of the batch for each of 3 ids, received 2/,
  );
  refuse(
    { ids: [1], rows: [], weights: null },
    /feature_0": expected a row of the batch for each of 1 ids, received 0/,
  );
  refuse(
    { ids: [1, 2], rows: [1, 0], weights: null },
    /feature_0": expected ascending rows from 0 to 1, received 0/,
  );
  refuse(
    { ids: [1], rows: [2], weights: null },
    /feature_0": expected ascending rows from 0 to 1, received 2/,
  );
  refuse(
    { ids: [1], rows: [-1], weights: null },
    /feature_0": expected ascending rows from 0 to 1, received -1/,
  );
  refuse(
    { ids: [1, 2], rows: [], weights: [1] },
    /feature_0": expected a weight for each of 2 ids, received 1/,
  );
  assert.equal(store.stats(0).rows, 0);
  await model.close();
});

test('functions of a store say what they expected', THROWING, () => {
  assert.throws(
    () => new NativeStore({ ...LAZY, kind: 'adamax' }),
    /rule: expected one of sgd, .*, received adamax/,
  );
  assert.throws(
    () => new NativeStore({ ...LAZY, parameters: [1] }),
    /rule adam: expected 4 parameters, received 1/,
  );
  assert.throws(() => new NativeStore({ ...LAZY, slots: [] }), /rule adam: expected 2 slots, received 0/);
  assert.throws(
    () => new NativeStore({ ...LAZY, slots: [{ initial: 0, perRow: true }, { initial: 0 }] }),
    /rule adam: expected slots as wide as the row/,
  );
  assert.throws(() => new NativeStore(LAZY, 0), /threads: expected at least 1, received 0/);
  using store = new NativeStore(EXACT);
  assert.throws(
    () => store.addTable({ name: 'x', rows: 0, dim: 3 }),
    /table x: expected at least one row.*\[0,3\]/,
  );
  assert.throws(
    () => store.addTable({ name: 'x', rows: 2 ** 52, dim: 2 ** 20 }),
    /table x: expected at least one row and one column/,
  );
  assert.throws(
    () => store.addTable({ name: 'x', rows: 1, dim: 1, initial: { kind: 'constant', values: [] } }),
    /table x: expected at least one initial value/,
  );
  store.addTable({ name: 'x', rows: 5, dim: 3 });
  assert.throws(() => store.read(0, 0, 4, 2), /table x: expected rows within \[0, 5\), received 2 from 4/);
  assert.throws(() => store.read(0, 3), /table x: expected a component from 0 to 2, received 3/);
  assert.throws(() => store.read(1, 0, 0, 1), /expected a table from 0 to 0, received 1/);
  assert.throws(
    () => new StoreModel(store, [[{ ...PLAIN, table: 2 }]]).look(batchOf([1], 0)),
    /table from 0 to 0/,
  );
});

test('rows of a store that is not settled are not read', THROWING, async () => {
  using store = new NativeStore(EXACT);
  store.addTable({ name: 'x', rows: 5, dim: 3 });
  const model = new StoreModel(store, [[PLAIN]]);
  model.step(batchOf([1], 3), 0.1);
  assert.throws(() => store.read(0, 0), /must be settled before its rows are read/);
  store.settle();
  assert.equal(store.read(0, 0).length, 15);
  await model.close();
});
