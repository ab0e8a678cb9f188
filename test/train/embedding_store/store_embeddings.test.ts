import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Random } from '../../../easyrec/input/random.js';
import {
  type FeatureBatch,
  type FeatureShape,
  type StoreBatch,
  StoreModel,
  type StoreSettings,
  optimizerNamed,
} from './store_model.js';
import { ReferenceModel } from './reference.js';

const COMBINERS = ['sum', 'mean', 'sqrtn'] as const;

function numbers(random: Random, count: number, scale = 1): number[] {
  return Array.from({ length: count }, () => Math.fround(scale * random.gaussian()));
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

/** Tables and features of random shapes; tables may be shared within a group and between groups. */
function randomSettings(random: Random, optimizer: StoreSettings['optimizer'], threads = 2): StoreSettings {
  const tables = Array.from({ length: 1 + random.below(3) }, () => ({
    rows: 1 + random.below(40),
    dim: pick(random, [1, 2, 3, 8, 16, 17]),
  }));
  const features = Array.from({ length: 1 + random.below(2) }, () =>
    Array.from({ length: 1 + random.below(4) }, (): FeatureShape => ({
      table: random.below(tables.length),
      combiner: pick(random, COMBINERS),
      single: random.below(2) === 0,
    })),
  );
  return {
    tables,
    features,
    optimizer,
    threads,
    start: tables.map(({ rows, dim }) => numbers(random, rows * dim)),
  };
}

function featureBatch(random: Random, rows: number, shape: FeatureShape, batchSize: number): FeatureBatch {
  const perRow = Array.from({ length: batchSize }, () => (shape.single ? 1 : random.below(4)));
  const ofRows = perRow.flatMap((count, row) => Array.from({ length: count }, () => row));
  const weighted = !shape.single && random.below(2) === 0;
  return {
    ids: ofRows.map(() => random.below(rows)),
    rows: ofRows,
    // Some are 0 or below: means leave those out.
    weights: weighted ? numbers(random, ofRows.length) : null,
  };
}

/** @param scale of the gradients */
function randomBatch(random: Random, settings: StoreSettings, batchSize: number, scale = 1): StoreBatch {
  const { tables, features } = settings;
  const groups = features.map((group) =>
    group.map((shape) => featureBatch(random, tables[shape.table]?.rows ?? 1, shape, batchSize)),
  );
  const widths = features.map((group) =>
    group.reduce((sum, { table }) => sum + (tables[table]?.dim ?? 0), 0),
  );
  return { batchSize, groups, slopes: widths.map((width) => numbers(random, batchSize * width, scale)) };
}

function expectClose(
  received: readonly (readonly number[])[],
  expected: readonly (readonly number[])[],
  tolerance: number,
  what: string,
): void {
  assert.equal(received.length, expected.length);
  expected.forEach((values, i) => {
    assert.equal(received[i]?.length, values.length, what);
    values.forEach((value, j) => {
      const difference = Math.abs((received[i]?.[j] ?? NaN) - value);
      assert.ok(
        difference <= tolerance * Math.max(1, Math.abs(value)),
        `${what}, ${i}[${j}]: ${received[i]?.[j]} instead of ${value}`,
      );
    });
  });
}

async function expectState(
  model: StoreModel,
  reference: ReferenceModel,
  tolerance: number,
  what: string,
): Promise<void> {
  const [received, expected] = [await model.state(), reference.state()];
  const names = Object.keys(expected);
  assert.deepEqual(Object.keys(received), names, what);
  expectClose(
    names.map((name) => received[name] ?? []),
    names.map((name) => expected[name] ?? []),
    tolerance,
    `${what}: ${names.join()}`,
  );
}

function started(t: TestContext, settings: StoreSettings): StoreModel {
  const model = new StoreModel(settings);
  t.after(() => model.close());
  return model;
}

for (const name of ['adam_optimizer', 'lazy_adam_optimizer', 'adagrad_optimizer'] as const) {
  test(`${name}: lookups and updates of random shapes agree with the formulas`, async (t) => {
    for (let seed = 0; seed < 25; seed++) {
      const random = new Random(seed);
      const settings = randomSettings(random, optimizerNamed(name), 1 + random.below(3));
      const model = started(t, settings);
      const reference = new ReferenceModel(settings);
      for (let step = 0; step < 12; step++) {
        const batch = randomBatch(random, settings, pick(random, [0, 1, 2, 7, 33]));
        const rate = 0.05 / (1 + step);
        const what = `seed ${seed}, step ${step}`;
        expectClose(model.step(batch, rate), reference.step(batch, rate), 1e-5, what);
        const other = randomBatch(random, settings, 5);
        expectClose(model.evaluate(other), reference.evaluate(other), 1e-5, `${what}, evaluated`);
        if (random.below(4) === 0) await model.store.settle();
      }
      await expectState(model, reference, 1e-5, `seed ${seed}`);
    }
  });
}

const ONE_TABLE = {
  tables: [{ rows: 12, dim: 3 }],
  features: [[{ table: 0, combiner: 'sum', single: true }]],
} satisfies Pick<StoreSettings, 'tables' | 'features'>;

function oneId(id: number, slopes: readonly number[]): StoreBatch {
  return { batchSize: 1, groups: [[{ ids: [id], rows: [0], weights: null }]], slopes: [slopes] };
}

test('a row that misses thousands of steps comes to where it would be, for gradients of any size', async (t) => {
  for (const scale of [1e6, 1, 1e-4, 1e-6, 1e-7, 1e-8, 1e-10, 1e-20]) {
    const random = new Random(7);
    const settings: StoreSettings = {
      ...ONE_TABLE,
      optimizer: optimizerNamed('adam_optimizer'),
      start: [numbers(random, 36, 0.01)],
    };
    const model = started(t, settings);
    const reference = new ReferenceModel(settings);
    // Row 0 alone, again and again; the others are touched once, at growing distances from the end.
    for (let step = 0; step < 3000; step++) {
      const row = step % 250 === 0 ? 1 + (Math.floor(step / 250) % 11) : 0;
      const batch = oneId(row, numbers(random, 3, scale));
      const rate = 0.01 * 0.999 ** step;
      const [received, expected] = [model.step(batch, rate), reference.step(batch, rate)];
      if (row !== 0) expectClose(received, expected, 1e-6, `scale ${scale}, step ${step}`);
    }
    const [received, expected] = [(await model.state())['table_0'] ?? [], reference.state()['table_0'] ?? []];
    expectClose([received.slice(3)], [expected.slice(3)], 1e-6, `scale ${scale}`);
    await model.close();
  }
});

test('results are the same bit for bit whatever the number of threads', async (t) => {
  const states = [];
  for (const threads of [1, 2, 5]) {
    const random = new Random(3);
    const settings: StoreSettings = {
      tables: [
        { rows: 3000, dim: 16 },
        { rows: 5, dim: 16 },
      ],
      features: [
        [
          { table: 0, combiner: 'sum', single: true },
          { table: 1, combiner: 'mean', single: false },
          { table: 0, combiner: 'sqrtn', single: false },
        ],
        [{ table: 0, combiner: 'sum', single: false }],
      ],
      optimizer: optimizerNamed('adam_optimizer'),
      threads,
      start: [numbers(random, 48_000), numbers(random, 80)],
    };
    const model = started(t, settings);
    for (let step = 0; step < 4; step++) model.step(randomBatch(random, settings, 3000), 0.01);
    states.push(await model.state());
  }
  assert.deepEqual(states[1], states[0]);
  assert.deepEqual(states[2], states[0]);
});

for (const name of ['adam_optimizer', 'lazy_adam_optimizer', 'adagrad_optimizer'] as const) {
  test(`${name}: rows that were read and written back go on as those that stayed, bit for bit`, async (t) => {
    const random = new Random(11);
    const settings: StoreSettings = {
      ...ONE_TABLE,
      optimizer: optimizerNamed(name),
      start: [numbers(random, 36)],
    };
    const batches = Array.from({ length: 40 }, () => randomBatch(random, settings, 2));
    const runs = [];
    for (const restores of [false, true]) {
      const model = started(t, settings);
      for (const [i, batch] of batches.entries()) {
        model.step(batch, 0.01);
        if (i !== 20) continue;
        const state = await model.state();
        if (restores) await model.restore(state);
      }
      runs.push(await model.state());
    }
    assert.deepEqual(runs[1], runs[0]);
  });
}

test('evaluation makes no rows, training makes those that it looks up, and a reset forgets them', async (t) => {
  const random = new Random(2);
  const settings: StoreSettings = {
    ...ONE_TABLE,
    optimizer: optimizerNamed('adam_optimizer'),
    start: [numbers(random, 36)],
  };
  const model = started(t, settings);
  const [table] = model.store.tables;
  assert.ok(table !== undefined);
  const fresh = await model.state();
  const batch: StoreBatch = {
    batchSize: 4,
    groups: [[{ ids: [3, 7, 3, 11], rows: [0, 1, 2, 3], weights: null }]],
    slopes: [numbers(random, 12)],
  };
  const looked = model.evaluate(batch);
  assert.equal(model.store.statsOf(table).rows, 0);
  assert.deepEqual(looked, [[3, 7, 3, 11].flatMap((id) => settings.start[0]?.slice(3 * id, 3 * id + 3))]);
  assert.deepEqual(model.step(batch, 0.1), looked);
  assert.equal(model.store.statsOf(table).rows, 3);
  assert.ok(model.store.statsOf(table).bytes > 0);
  assert.notDeepEqual(await model.state(), fresh);
  model.store.reset();
  assert.equal(model.store.statsOf(table).rows, 0);
  assert.deepEqual(await model.state(), fresh);
});

for (const [id, problem] of [
  [12, '12'],
  [-1, '-1'],
  [2 ** 40, '1099511627776'],
] as const) {
  test(`id ${id} of a table of 12 rows is an error that names the feature and the id`, async (t) => {
    const settings: StoreSettings = {
      ...ONE_TABLE,
      optimizer: optimizerNamed('adam_optimizer'),
      start: [numbers(new Random(1), 36)],
    };
    const model = started(t, settings);
    const before = await model.state();
    const expected = new RegExp(`feature "feature_0": .*11.*received ${problem}`);
    assert.throws(() => model.step(oneId(id, [1, 1, 1]), 0.1), expected);
    assert.throws(() => model.evaluate(oneId(id, [])), expected);
    assert.deepEqual(await model.state(), before);
  });
}

test('rows of the batch that do not ascend or are outside of it are an error', (t) => {
  const settings: StoreSettings = {
    tables: [{ rows: 4, dim: 1 }],
    features: [[{ table: 0, combiner: 'mean', single: false }]],
    optimizer: optimizerNamed('lazy_adam_optimizer'),
    start: [[1, 2, 3, 4]],
  };
  const model = started(t, settings);
  for (const rows of [[1, 0], [0, 2], [-1, 0], [0]]) {
    const batch = { batchSize: 2, groups: [[{ ids: [1, 2], rows, weights: null }]], slopes: [[1, 1]] };
    assert.throws(() => model.evaluate(batch), /feature "feature_0": expected/);
    assert.throws(() => model.step(batch, 0.1), /feature "feature_0": expected/);
  }
});
