import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Random } from '../../../easyrec/input/random.js';
import {
  type FeatureBatch,
  type FeatureShape,
  type FusedBatch,
  FusedModel,
  type FusedSettings,
  optimizerNamed,
} from './fused_model.js';
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
function randomSettings(random: Random, optimizer: FusedSettings['optimizer'], threads = 2): FusedSettings {
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
function randomBatch(random: Random, settings: FusedSettings, batchSize: number, scale = 1): FusedBatch {
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

function expectState(model: FusedModel, reference: ReferenceModel, tolerance: number, what: string): void {
  const [received, expected] = [model.state(), reference.state()];
  const names = Object.keys(expected);
  expectClose(
    names.map((name) => received[name] ?? []),
    names.map((name) => expected[name] ?? []),
    tolerance,
    `${what}: ${names.join()}`,
  );
}

async function started(t: TestContext, settings: FusedSettings): Promise<FusedModel> {
  const model = new FusedModel(settings);
  t.after(() => model.close());
  await model.start();
  return model;
}

for (const name of ['adam_optimizer', 'lazy_adam_optimizer', 'adagrad_optimizer'] as const) {
  test(`${name}: lookups and updates of random shapes agree with the formulas`, async (t) => {
    for (let seed = 0; seed < 25; seed++) {
      const random = new Random(seed);
      const settings = randomSettings(random, optimizerNamed(name), 1 + random.below(3));
      const model = await started(t, settings);
      const reference = new ReferenceModel(settings);
      for (let step = 0; step < 12; step++) {
        const batch = randomBatch(random, settings, pick(random, [0, 1, 2, 7, 33]));
        const rate = 0.05 / (1 + step);
        const what = `seed ${seed}, step ${step}`;
        expectClose(await model.step(batch, rate), reference.step(batch, rate), 1e-5, what);
        const other = randomBatch(random, settings, 5);
        expectClose(model.evaluate(other), reference.evaluate(other), 1e-5, `${what}, evaluated`);
        if (random.below(4) === 0) await model.settle();
      }
      await model.settle();
      expectState(model, reference, 1e-5, `seed ${seed}`);
    }
  });
}

const ONE_TABLE = {
  tables: [{ rows: 12, dim: 3 }],
  features: [[{ table: 0, combiner: 'sum', single: true }]],
} satisfies Pick<FusedSettings, 'tables' | 'features'>;

test('a row that misses thousands of steps comes to where it would be, for gradients of any size', async (t) => {
  for (const scale of [1e6, 1, 1e-4, 1e-6, 1e-7, 1e-8, 1e-10, 1e-20]) {
    const random = new Random(7);
    const settings: FusedSettings = {
      ...ONE_TABLE,
      optimizer: optimizerNamed('adam_optimizer'),
      start: [numbers(random, 36, 0.01)],
    };
    const model = await started(t, settings);
    const reference = new ReferenceModel(settings);
    // Row 0 alone, again and again; the others are touched once, at growing distances from the end.
    for (let step = 0; step < 3000; step++) {
      const row = step % 250 === 0 ? 1 + (Math.floor(step / 250) % 11) : 0;
      const batch: FusedBatch = {
        batchSize: 1,
        groups: [[{ ids: [row], rows: [0], weights: null }]],
        slopes: [numbers(random, 3, scale)],
      };
      const rate = 0.01 * 0.999 ** step;
      const [received, expected] = [await model.step(batch, rate), reference.step(batch, rate)];
      if (row !== 0) expectClose(received, expected, 1e-6, `scale ${scale}, step ${step}`);
    }
    await model.settle();
    const names = ['table_0'];
    expectClose(
      names.map((each) => model.state()[each]?.slice(3) ?? []),
      names.map((each) => reference.state()[each]?.slice(3) ?? []),
      1e-6,
      `scale ${scale}`,
    );
    await model.close();
  }
});

test('results are the same bit for bit whatever the number of threads', async (t) => {
  const states = [];
  for (const threads of [1, 2, 5]) {
    const random = new Random(3);
    const settings: FusedSettings = {
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
      ],
      optimizer: optimizerNamed('adam_optimizer'),
      threads,
      start: [numbers(random, 48_000), numbers(random, 80)],
    };
    const model = await started(t, settings);
    for (let step = 0; step < 4; step++) await model.step(randomBatch(random, settings, 3000), 0.01);
    await model.settle();
    states.push(model.state());
  }
  assert.deepEqual(states[1], states[0]);
  assert.deepEqual(states[2], states[0]);
});

test('initial values stay what they are when variables that began with them have been trained', async (t) => {
  const settings: FusedSettings = {
    tables: [
      { rows: 4, dim: 2 },
      { rows: 4, dim: 2 },
    ],
    features: [[0, 1].map((table) => ({ table, combiner: 'sum' as const, single: true }))],
    optimizer: optimizerNamed('adam_optimizer'),
    start: [
      [1, 2, 3, 4, 5, 6, 7, 8],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ],
  };
  const model = await started(t, settings);
  const first = model.state();
  const random = new Random(5);
  for (let step = 0; step < 3; step++) await model.step(randomBatch(random, settings, 4), 0.1);
  assert.notDeepEqual(model.state()['table_0'], first['table_0']);
  assert.notDeepEqual(model.state()['table_0'], model.state()['table_1']);
  await model.start();
  assert.deepEqual(model.state(), first);
});

test('counting anew over settled rows changes nothing, as when a training is resumed', async (t) => {
  const random = new Random(11);
  const settings: FusedSettings = {
    ...ONE_TABLE,
    optimizer: optimizerNamed('adam_optimizer'),
    start: [numbers(random, 36)],
  };
  const batches = Array.from({ length: 40 }, () => randomBatch(random, settings, 2));
  const runs = [];
  for (const resumes of [false, true]) {
    const model = await started(t, settings);
    for (const [i, batch] of batches.entries()) {
      await model.step(batch, 0.01);
      if (i !== 20) continue;
      await model.settle();
      if (resumes) await model.begin();
    }
    await model.settle();
    runs.push(model.state());
  }
  assert.deepEqual(runs[1], runs[0]);
});

for (const [id, problem] of [
  [12, 'expected ids from 0 to 11, received 12'],
  [-1, 'expected ids from 0 to 11, received -1'],
  [2 ** 40, 'received 1099511627776'],
] as const) {
  test(`id ${id} of a table of 12 rows is an error that names the feature and the id`, async (t) => {
    const settings: FusedSettings = {
      ...ONE_TABLE,
      optimizer: optimizerNamed('adam_optimizer'),
      start: [numbers(new Random(1), 36)],
    };
    const model = await started(t, settings);
    const before = model.state();
    const batch = { batchSize: 1, groups: [[{ ids: [id], rows: [0], weights: null }]], slopes: [[1, 1, 1]] };
    await assert.rejects(model.step(batch, 0.1), (error: Error) => {
      assert.ok(
        error.message.includes('feature "feature_0"') && error.message.includes(problem),
        error.message,
      );
      return true;
    });
    assert.deepEqual(model.state()['table_0'], before['table_0']);
  });
}

test('rows of the batch that do not ascend or are outside of it are an error', async (t) => {
  const settings: FusedSettings = {
    tables: [{ rows: 4, dim: 1 }],
    features: [[{ table: 0, combiner: 'mean', single: false }]],
    optimizer: optimizerNamed('lazy_adam_optimizer'),
    start: [[1, 2, 3, 4]],
  };
  const model = await started(t, settings);
  for (const rows of [[1, 0], [0, 2], [-1, 0], [0]]) {
    const batch = { batchSize: 2, groups: [[{ ids: [1, 2], rows, weights: null }]], slopes: [[1, 1]] };
    assert.throws(() => model.evaluate(batch), /feature "feature_0": expected/);
  }
});

test('a table that TensorFlow hands out as a copy is refused before training', async (t) => {
  const settings: FusedSettings = {
    ...ONE_TABLE,
    optimizer: optimizerNamed('adam_optimizer'),
    start: [numbers(new Random(1), 36)],
  };
  const model = await started(t, settings);
  model.gather();
  await assert.rejects(model.begin(), /cannot be updated in place: .* copied when it is read/);
});
