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
          expectSame(model.step(batch, rate), reference.step(batch, rate), what);
          const other = randomBatch(random, shape, 5);
          expectSame(model.evaluate(other), reference.evaluate(other), `${what}, evaluated`);
        }
        expectSame(store.state(), reference.state(), `seed ${seed}, rows`);
        await model.close();
      }
    });
  }
}
