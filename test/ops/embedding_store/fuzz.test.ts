import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../easyrec/input/random.js';
import { numbers, pick, randomBatch, randomShape } from './batches.js';
import { NativeStore } from './native_store.js';
import { ReferenceStore } from './reference.js';
import { RULES } from './rules.js';
import { StoreModel } from './store_model.js';

/** Bit for bit, but for which NaN it is. */
function expectSame(
  received: readonly Float32Array[],
  expected: readonly Float32Array[],
  what: string,
): void {
  assert.equal(received.length, expected.length, what);
  expected.forEach((values, i) => {
    const found = received[i] ?? new Float32Array();
    assert.equal(found.length, values.length, `${what}, ${i}`);
    values.forEach((value, j) => {
      if (Object.is(found[j], value)) return;
      assert.fail(`${what}, ${i}[${j}]: ${found[j]} instead of ${value}`);
    });
  });
}

test('the squared norm is that of the sums of each feature, on any number of threads', async () => {
  for (let seed = 0; seed < 40; seed++) {
    const random = new Random(seed);
    const shape = randomShape(random);
    const start = shape.tables.map(({ rows, dim }) => new Float32Array(rows * dim));
    const reference = new ReferenceStore(RULES['sgd'] ?? assert.fail(), shape.tables, start, shape.lookups);
    const batches = [0, 1, 7, 400].map((size) => randomBatch(random, shape, size));
    let first: readonly number[] | null = null;
    for (const threads of [1, 3]) {
      using store = new NativeStore({ kind: 'sgd', parameters: [], slots: [] }, threads);
      for (const table of shape.tables) store.addTable(table);
      const model = new StoreModel(store, shape.lookups);
      const norms = batches.map((batch) => model.squaredNorm(batch));
      norms.forEach((norm, i) => {
        const expected = reference.squaredNorm(batches[i] ?? assert.fail());
        assert.ok(Math.abs(norm - expected) <= 1e-6 * expected, `seed ${seed}: ${norm}, not ${expected}`);
      });
      assert.deepEqual(norms, (first ??= norms), `seed ${seed}`);
      await model.close();
    }
  }
});

test('rows of tables that are not trained do not count for the squared norm', async () => {
  using store = new NativeStore({ kind: 'sgd', parameters: [], slots: [] });
  for (const name of ['a', 'b']) store.addTable({ name, rows: 4, dim: 1 });
  store.setTrained(1, false);
  const features = [0, 1].map((table) => ({ table, combiner: 'sum', single: true }) as const);
  const model = new StoreModel(store, [features]);
  const used = { ids: [1, 1], rows: [], weights: null };
  const batch = { batchSize: 2, lookups: [[used, used]], gradients: [[1, 5, 2, 5]] };
  assert.equal(model.squaredNorm(batch), 9);
  await model.close();
});

for (const [name, rule] of Object.entries(RULES)) {
  for (const extremes of [false, true]) {
    test(`${name}: any shapes, ids and weights${extremes ? ', extreme gradients' : ''} give the numbers of float32`, async () => {
      for (let seed = 0; seed < 12; seed++) {
        const random = new Random(seed);
        const shape = randomShape(random);
        using store = new NativeStore(rule, 1 + random.below(4));
        const start = shape.tables.map(({ rows, dim }) => numbers(random, rows * dim));
        shape.tables.forEach((table, t) => {
          // Half of them start from given rows, the others are set afterwards.
          const isWritten = random.below(2) === 0;
          const values = isWritten ? [0] : [...(start[t] ?? [])];
          store.addTable({ ...table, initial: { kind: 'constant', values } });
          const components = [start[t] ?? null, ...rule.slots.map(() => null)];
          if (isWritten) store.write(t, 0, table.rows, components);
        });
        const model = new StoreModel(store, shape.lookups);
        const reference = new ReferenceStore(rule, shape.tables, start, shape.lookups);
        for (let step = 0; step < 8; step++) {
          const batch = randomBatch(random, shape, pick(random, [0, 1, 2, 7, 33, 400]), extremes);
          const [rate, what] = [0.05 / (1 + step), `seed ${seed}, step ${step}`];
          const scale = pick(random, [1, 0.3, 2]);
          expectSame(model.step(batch, rate, scale), reference.step(batch, rate, scale), what);
          const other = randomBatch(random, shape, 5);
          expectSame(model.evaluate(other), reference.evaluate(other), `${what}, evaluated`);
        }
        expectSame(store.state(), reference.state(), `seed ${seed}, rows`);
        await model.close();
      }
    });
  }
}
