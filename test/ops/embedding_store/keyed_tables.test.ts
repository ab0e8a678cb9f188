import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Random } from '../../../easyrec/input/random.js';
import { Graph, makeStep, ops, Session, tensor } from '../../../easyrec/tf/index.js';
import { temporaryFolder } from '../../support/temporary.js';
import { featureBatch, numbers, pick } from './batches.js';
import { KeyedReference } from './keyed_reference.js';
import { NativeStore, type StoreTable } from './native_store.js';
import { RULES } from './rules.js';
import { type StoreBatch, type StoreFeature, StoreModel } from './store_model.js';

const START = 0.25;
/** Keys of a table, near 0 and far from it. */
const KEYS = Array.from({ length: 60 }, (_, i) => (i < 20 ? i : i * 2 ** 57 + 1024 * i)).map((key) =>
  Math.min(key, 2 ** 63 - 1024),
);

function keyedBatch(random: Random, features: readonly StoreFeature[], width: number): StoreBatch {
  const batchSize = pick(random, [0, 1, 3, 20, 500]);
  const lookup = features.map(({ single }) => {
    const batch = featureBatch(random, KEYS.length, single, batchSize);
    return { ...batch, ids: batch.ids.map((id) => KEYS[id] ?? NaN) };
  });
  return { batchSize, lookups: [lookup], gradients: [numbers(random, batchSize * width)] };
}

for (const [name, rule] of Object.entries(RULES)) {
  test(`${name}: which keys have a row, and what is in it, is as with plain maps`, async (t) => {
    const folder = temporaryFolder(t);
    for (let seed = 0; seed < 8; seed++) {
      const random = new Random(seed);
      const tables = Array.from({ length: 1 + random.below(3) }, (_, i): StoreTable => ({
        name: `table_${i}`,
        rows: 0,
        dim: 1 + random.below(20),
        initial: { kind: 'constant', values: [START] },
        keys: { filterFreq: pick(random, [0, 1, 2, 5]), stepsToLive: pick(random, [0, 1, 3]) },
      }));
      const features = Array.from({ length: 1 + random.below(4) }, (): StoreFeature => ({
        table: random.below(tables.length),
        combiner: pick(random, ['sum', 'mean', 'sqrtn'] as const),
        single: random.below(2) === 0,
      }));
      const width = features.reduce((sum, { table }) => sum + (tables[table]?.dim ?? NaN), 0);
      using store = new NativeStore(rule, 1 + random.below(4));
      for (const table of tables) store.addTable(table);
      const model = new StoreModel(store, [features]);
      const reference = new KeyedReference(rule, tables, features, START);
      for (let step = 0; step < 12; step++) {
        const what = `seed ${seed}, step ${step}`;
        const batch = keyedBatch(random, features, width);
        const rate = 0.05 / (1 + step);
        assert.deepEqual(model.step(batch, rate)[0], reference.step(batch, rate), what);
        const other = keyedBatch(random, features, width);
        assert.deepEqual(model.evaluate(other)[0], reference.evaluate(other), `${what}, evaluated`);
        if (step % 3 === 2) {
          store.save(join(folder, `${seed}_${step}`), random.below(tables.length));
          reference.evict();
        }
        tables.forEach((_, table) => {
          const known = [...(reference.known[table]?.values() ?? [])];
          const { rows, counted } = store.stats(table);
          assert.equal(rows, known.filter(({ row }) => row !== null).length, what);
          assert.equal(counted, known.filter(({ row }) => row === null).length, what);
        });
      }
      store.settle();
      tables.forEach((_, table) => {
        for (const key of KEYS) {
          const received = Array.from({ length: store.components }, (__, i) => [
            ...store.read(table, i, key, 1),
          ]);
          assert.deepEqual(received, reference.read(table, key), `seed ${seed}, key ${key}`);
        }
      });
      await model.close();
    }
  });
}

test('uses of a key in one lookup count before it is looked up: all of them find its row, or none', async () => {
  using store = new NativeStore({ kind: 'sgd', parameters: [], slots: [] });
  const keys = { filterFreq: 4, stepsToLive: 0 };
  store.addTable({ name: 'a', rows: 0, dim: 1, initial: { kind: 'constant', values: [START] }, keys });
  // Two features share the table; the second one's uses count for the first one's vectors.
  const feature = { table: 0, combiner: 'sum', single: true } as const;
  const model = new StoreModel(store, [[feature, feature]]);
  const look = (first: readonly number[], second: readonly number[]): number[] => {
    const lookup = [first, second].map((ids) => ({ ids, rows: [], weights: null }));
    return [...(model.look({ batchSize: first.length, lookups: [lookup], gradients: [] })[0] ?? [])];
  };
  // Key 5 is used four times, key 6 twice; the vectors of both features stand side by side.
  assert.deepEqual(look([5, 6, 5], [5, 6, 5]), [START, START, 0, 0, START, START]);
  assert.deepEqual(look([6, 9], [9, 9]), [0, 0, 0, 0]);
  assert.deepEqual(look([9, 8], [6, 8]), [START, START, 0, 0]);
  await model.close();
});

test('memory follows the keys that are alive: that of forgotten ones is used again', async (t) => {
  const folder = temporaryFolder(t);
  using store = new NativeStore({ kind: 'sgd', parameters: [], slots: [] });
  store.addTable({ name: 'a', rows: 0, dim: 16, keys: { filterFreq: 0, stepsToLive: 1 } });
  const model = new StoreModel(store, [[{ table: 0, combiner: 'sum', single: true }]]);
  const bytes: number[] = [];
  for (let step = 0; step < 40; step++) {
    const ids = Array.from({ length: 5000 }, (_, i) => (step * 5000 + i) * 2 ** 40);
    const lookups = [[{ ids, rows: [], weights: null }]];
    model.step({ batchSize: 5000, lookups, gradients: [new Float32Array(5000 * 16)] }, 1);
    store.save(join(folder, `${step}`), 0);
    assert.equal(store.stats(0).rows, Math.min(step + 1, 2) * 5000);
    bytes.push(store.stats(0).bytes);
  }
  // Three steps' rows are in memory before those of the first of them are forgotten.
  assert.ok(Math.max(...bytes) <= 3.5 * 5000 * (18 * 4 + 46), `${Math.max(...bytes)}`);
  assert.ok((bytes[39] ?? NaN) <= 1.1 * (bytes[4] ?? NaN));
  await model.close();
});

/** `dim` numbers of a stateless op, which begins `steps` counters after the first one of the seed. */
async function byTensorflow(
  type: 'StatelessTruncatedNormalV2' | 'StatelessRandomNormalV2',
  [dim, steps]: readonly [number, bigint],
  seeds: readonly [bigint, bigint],
): Promise<Float32Array> {
  using graph = new Graph();
  const counterOp = graph.op('StatelessRandomGetKeyCounter', [ops.constant(graph, 'int64', [...seeds])]);
  const counter = ops.placeholder(graph, 'uint64', [2], 'counter');
  const shape = ops.constant(graph, 'int64', [dim]);
  const algorithm = ops.constant(graph, 'int32', 1);
  const op = graph.op(type, [shape, counterOp.output(0), counter, algorithm], { dtype: 'float32' });
  await using session = Session.create(graph, {});
  const [first] = session.runSync(makeStep({ fetches: [counterOp.output(1)] }));
  assert.ok(first);
  using owned = first;
  const [low = 0n, high = 0n] = owned.data('uint64');
  const begin = ((high << 64n) | low) + steps;
  using fed = tensor(
    'uint64',
    [2],
    BigUint64Array.of(BigInt.asUintN(64, begin), BigInt.asUintN(64, begin >> 64n)),
  );
  const [result] = session.runSync(makeStep({ feeds: [counter], fetches: [op.output()] }), [fed]);
  assert.ok(result);
  using values = result;
  return Float32Array.from(values.data('float32'));
}

for (const [kind, type, perGroup] of [
  ['truncated_normal', 'StatelessTruncatedNormalV2', 256n],
  ['normal', 'StatelessRandomNormalV2', 1n],
] as const) {
  test(`rows of keys up to 2^63 start from the numbers of ${type} that a whole table would give them`, async () => {
    const seeds = [5n, 2n ** 61n] as const;
    for (const dim of [4, 16]) {
      using store = new NativeStore({ kind: 'sgd', parameters: [], slots: [] });
      const initial = { kind, mean: 0, deviation: 1 } as const;
      store.addTable({ name: 'a', rows: 0, dim, initial, seeds, keys: { filterFreq: 0, stepsToLive: 0 } });
      const model = new StoreModel(store, [[{ table: 0, combiner: 'sum', single: true }]]);
      for (const key of [0, 7, 2 ** 40 + 1, 2 ** 62, 2 ** 63 - 1024]) {
        const lookups = [[{ ids: [key], rows: [], weights: null }]];
        const [received] = model.look({ batchSize: 1, lookups, gradients: [] });
        const steps = (BigInt(key) * BigInt(dim) * perGroup) / 4n;
        // Each group of four of a truncated normal distribution begins at a counter of its own.
        const expected = await byTensorflow(type, [4, steps], seeds);
        assert.deepEqual(received?.subarray(0, 4), expected, `key ${key}`);
      }
      await model.close();
    }
  });
}

test('ids below 0, and the one that no table has, are refused', async () => {
  using store = new NativeStore({ kind: 'sgd', parameters: [], slots: [] });
  store.addTable({ name: 'a', rows: 0, dim: 1, keys: { filterFreq: 0, stepsToLive: 0 } });
  const model = new StoreModel(store, [[{ table: 0, combiner: 'sum', single: true }]]);
  for (const id of [-1, -(2 ** 63)]) {
    const lookups = [[{ ids: [id], rows: [], weights: null }]];
    assert.throws(() => model.look({ batchSize: 1, lookups, gradients: [] }), /expected ids from 0/);
  }
  assert.equal(store.stats(0).rows, 0);
  await model.close();
});
