import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { DataError } from '../../../easyrec/errors.js';
import { Random } from '../../../easyrec/input/random.js';
import { CheckpointReader, readBundleIndex } from '../../../easyrec/tf/index.js';
import { TableCheckpoint } from '../../../easyrec/train/embedding_store/checkpoint.js';
import { THROWING } from '../../ops/embedding_store/native_store.js';
import { differingTensors } from '../../support/checkpoints.js';
import { temporaryFolder } from '../../support/temporary.js';
import { beginSave, newStore, save } from './checkpoint_case.js';
import { optimizerNamed, type StoreBatch, StoreModel } from './store_model.js';

const DIM = 16;
const KEYS = { filterFreq: 2, stepsToLive: 4 };
const BATCH = 8000;
const STEPS = 20;

/** Two alike, trained alike for some steps; keys come, are used often enough, or are not, and go. */
function trainedTwins(t: TestContext): {
  model: StoreModel;
  twin: StoreModel;
  batchOf: (step: number) => StoreBatch;
} {
  const settings = {
    // A large table comes first: while it is written, the other one goes on.
    tables: [
      { rows: 1_200_000, dim: DIM },
      { rows: Infinity, dim: DIM, keys: KEYS },
    ],
    features: [[0, 1].map((table) => ({ table, combiner: 'sum', single: true }) as const)],
    start: [[0.25], [0.5]],
    optimizer: optimizerNamed('adam_optimizer'),
  };
  const [model, twin] = [new StoreModel(settings), new StoreModel(settings)];
  t.after(() => Promise.all([model.close(), twin.close()]));
  const random = new Random(3, 0, 0);
  const batchOf = (step: number): StoreBatch => {
    const ids = Array.from({ length: BATCH }, () => (step * 2000 + random.below(12_000)) * 2 ** 40);
    const group = [ids.map((id) => id % 1_199_999), ids].map((each) => ({
      ids: each,
      rows: [],
      weights: null,
    }));
    const slope = Array.from({ length: BATCH * 2 * DIM }, () => random.below(9) - 4);
    return { batchSize: BATCH, groups: [group], slopes: [slope] };
  };
  for (let step = 0; step < STEPS; step++) {
    const batch = batchOf(step);
    for (const each of [model, twin]) each.step(batch, 0.01);
  }
  return { model, twin, batchOf };
}

function numbersOf(prefix: string, name: string): readonly number[] {
  using reader = new CheckpointReader(prefix);
  using tensor = reader.read(name);
  return Array.from(tensor.numbers(), Number);
}

test('keys that are counted, moved, made and forgotten beside a checkpoint are in it as they were', async (t) => {
  const folder = temporaryFolder(t);
  const { model, twin, batchOf } = trainedTwins(t);
  const expected = await save(join(folder, 'twin'), new TableCheckpoint(twin.store));
  const [keys, versions] = ['keys', 'versions'].map((name) => numbersOf(expected, `table_1-${name}`));
  assert.ok((keys?.length ?? 0) > 5000);
  assert.equal(Math.min(...(versions?.slice(1) ?? [])), STEPS - KEYS.stepsToLive);
  assert.ok(numbersOf(expected, 'table_1-keys_filtered').length > 500);
  const tables = new TableCheckpoint(model.store);
  const prefix = join(folder, 'model');
  const batches = Array.from({ length: 4 }, (_, i) => batchOf(STEPS + i));
  const { done } = await beginSave(prefix, tables);
  const saving = { hasEnded: false };
  const ended = done.then(() => {
    saving.hasEnded = true;
  });
  // New rows get the memory of those that the save has forgotten.
  for (const batch of batches) {
    model.step(batch, 0.01);
    await setImmediate();
  }
  assert.equal(saving.hasEnded, false);
  await ended;
  for (const batch of batches) twin.step(batch, 0.01);
  assert.deepEqual(differingTensors(prefix, expected), []);
  const later = ['later', 'later_twin'].map((name) => join(folder, name)) as [string, string];
  await save(later[0], tables);
  await save(later[1], new TableCheckpoint(twin.store));
  assert.deepEqual(differingTensors(...later), []);
});

test(
  'a table that is restored is as the one that was saved; what is damaged is refused',
  THROWING,
  async (t) => {
    const folder = temporaryFolder(t);
    const { model } = trainedTwins(t);
    const prefix = await save(join(folder, 'model'), new TableCheckpoint(model.store));
    const restored = newStore(t, { tables: model.store.tables });
    const [, table] = restored.tables;
    assert.ok(table);
    restored.setStep(STEPS);
    const tables = new TableCheckpoint(restored);
    await tables.restore(prefix);
    const [before, after] = [model.store, restored].map((store) => store.statsOf(table));
    assert.deepEqual([after?.rows, after?.counted], [before?.rows, before?.counted]);
    assert.deepEqual(differingTensors(await save(join(folder, 'again'), tables), prefix), []);

    const data = readFileSync(`${prefix}.data-00000-of-00001`);
    const damaged = join(folder, 'damaged');
    copyFileSync(`${prefix}.index`, `${damaged}.index`);
    const entries = [...readBundleIndex(prefix).entries.values()].filter(({ name }) =>
      name.startsWith('table_1'),
    );
    assert.equal(entries.length, 9);
    for (const { name, slices } of entries) {
      const { offset = 0, size = 0 } = slices[0]?.span ?? {};
      const at = offset + Math.floor(size / 2);
      const bytes = Buffer.from(data);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(`${damaged}.data-00000-of-00001`, bytes);
      await assert.rejects(tables.restore(damaged), DataError, name);
    }
  },
);
