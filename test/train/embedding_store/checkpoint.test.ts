import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { DataError } from '../../../easyrec/errors.js';
import { Random } from '../../../easyrec/input/random.js';
import { CheckpointReader, readBundleIndex } from '../../../easyrec/tf/index.js';
import { TableCheckpoint } from '../../../easyrec/train/embedding_store/checkpoint.js';

import { THROWING } from '../../ops/embedding_store/native_store.js';
import { runOnFullDisk } from '../../support/full_disk.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../../support/python.js';
import { temporaryFolder } from '../../support/temporary.js';
import type { NewTable } from '../../../easyrec/train/embedding_store/embedding_store.js';
import { saveTables, type SaveRequest } from '../../../easyrec/train/embedding_store/store_files.js';
import {
  beginSave,
  bytesOf,
  differing,
  newStore,
  NORMAL,
  save,
  TABLES,
  touchRows,
} from './checkpoint_case.js';
import { optimizerNamed, StoreModel, type StoreBatch } from './store_model.js';

const DATA = 'data-00000-of-00001';
/** Of tests that start a process, which would take set-up's build of the library. */
const OWN_PROCESS = {
  skip: process.env['EASYREC_TEST_SANITIZER'] === undefined ? false : 'another build of the library',
};

for (const optimizer of ['adam_optimizer', 'adagrad_optimizer']) {
  test(`TensorFlow reads every tensor of a store with ${optimizer}, and the variables beside them`, async (t) => {
    const store = newStore(t, { optimizer });
    await touchRows(store, 10);
    const expected = await bytesOf(store);
    const folder = temporaryFolder(t);
    const prefix = await save(join(folder, 'model.ckpt-7'), new TableCheckpoint(store));
    assert.deepEqual(readdirSync(folder).sort(), [
      `model.ckpt-7.${DATA}`,
      'model.ckpt-7.index',
      'model.ckpt-7.touched',
    ]);
    using reader = new CheckpointReader(prefix);
    const shapes = store.tensors.map(({ name, shape }) => ({ name, dtype: 'float32', shape }));
    const step = { name: 'global_step', dtype: 'int64', shape: [] };
    assert.deepEqual(
      reader.entries(),
      [...shapes, step].sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
    for (const [name, bytes] of expected) {
      using value = reader.read(name);
      const { buffer, byteOffset, byteLength } = value.numbers();
      assert.ok(bytes.equals(Buffer.from(buffer, byteOffset, byteLength)), name);
    }
    using value = reader.read('global_step');
    assert.deepEqual([...value.data('int64')], [7n]);
  });

  test(`a store with ${optimizer} that is restored is as the one that was saved`, async (t) => {
    const store = newStore(t, { optimizer });
    await touchRows(store, 10);
    const prefix = await save(join(temporaryFolder(t), 'model.ckpt-7'), new TableCheckpoint(store));
    const restored = newStore(t, { optimizer });
    // What was there before is gone.
    await touchRows(restored, 3, 9);
    await new TableCheckpoint(restored).restore(prefix);
    assert.deepEqual(differing(await bytesOf(restored), await bytesOf(store)), []);
    assert.deepEqual(
      restored.tables.map((table) => restored.statsOf(table).rows),
      store.tables.map((table) => store.statsOf(table).rows),
    );
  });
}

test('slots that no row has used take no room on the disk', async (t) => {
  const store = newStore(t);
  const prefix = await save(join(temporaryFolder(t), 'model.ckpt-0'), new TableCheckpoint(store));
  const { size, blocks } = statSync(`${prefix}.${DATA}`);
  const weights = TABLES.reduce((sum, { rows, dim }) => sum + 4 * rows * dim, 0);
  assert.ok(size > 3 * weights, `${size} bytes`);
  assert.ok(512 * blocks < weights + 100_000, `${512 * blocks} bytes on the disk for ${weights} of weights`);
  const restored = newStore(t);
  await new TableCheckpoint(restored).restore(prefix);
  assert.deepEqual(
    restored.tables.map((table) => restored.statsOf(table).rows),
    [0, 0, 0],
  );
});

test('a second checkpoint takes rows at their start from the first, if it is still what it was', async (t) => {
  const folder = temporaryFolder(t);
  const [first, second, third, fourth] = [1, 2, 3, 4].map((step) => join(folder, `model.ckpt-${step}`));
  assert.ok(first && second && third && fourth);
  const store = newStore(t);
  const tables = new TableCheckpoint(store);
  await touchRows(store, 100);
  await save(first, tables);
  await touchRows(store, 50, 2);
  await save(second, tables);
  const expected = await save(join(folder, 'expected'), new TableCheckpoint(store));
  assert.ok(readFileSync(`${second}.${DATA}`).equals(readFileSync(`${expected}.${DATA}`)));
  assert.ok(readFileSync(`${second}.index`).equals(readFileSync(`${expected}.index`)));

  const damaged = readFileSync(`${second}.${DATA}`);
  writeFileSync(`${second}.${DATA}`, damaged.fill(0x55, 1_000_000, 1_000_010));
  await save(third, tables);
  assert.ok(readFileSync(`${third}.${DATA}`).equals(readFileSync(`${expected}.${DATA}`)));
  truncateSync(`${third}.${DATA}`, 1_000_000);
  await save(fourth, tables);
  assert.ok(readFileSync(`${fourth}.${DATA}`).equals(readFileSync(`${expected}.${DATA}`)));
});

test('rows that change while a checkpoint is written are in it as they were', async (t) => {
  const [rows, dim] = [300_000, 16];
  const settings = {
    tables: [{ rows, dim }],
    features: [[{ table: 0, combiner: 'sum', single: true } as const]],
    start: [[0.5]],
    optimizer: optimizerNamed('adam_optimizer'),
  };
  const [model, twin] = [new StoreModel(settings), new StoreModel(settings)];
  t.after(() => Promise.all([model.close(), twin.close()]));
  const random = new Random(3, 0, 0);
  const batch = (): StoreBatch => {
    const ids = Array.from({ length: 500 }, () => random.below(rows));
    const feature = { ids, rows: ids.map((_, i) => i), weights: null };
    const slope = ids.flatMap(() => Array.from({ length: dim }, () => random.below(9) - 4));
    return { batchSize: ids.length, groups: [[feature]], slopes: [slope] };
  };
  for (let i = 0; i < 100; i++) {
    const taken = batch();
    for (const each of [model, twin]) each.step(taken, 0.01);
  }
  await twin.store.settle();
  const expected = await bytesOf(twin.store);
  const prefix = join(temporaryFolder(t), 'model.ckpt-100');
  const { done } = await beginSave(prefix, new TableCheckpoint(model.store));
  const saving = { hasEnded: false };
  const ended = done.then(() => {
    saving.hasEnded = true;
  });
  const taken: StoreBatch[] = [];
  while (!saving.hasEnded || taken.length < 5) {
    const next = batch();
    taken.push(next);
    model.step(next, 0.01);
    await setImmediate();
  }
  await ended;
  using reader = new CheckpointReader(prefix);
  for (const [name, bytes] of expected) {
    using value = reader.read(name);
    const { buffer, byteOffset, byteLength } = value.numbers();
    assert.ok(bytes.equals(Buffer.from(buffer, byteOffset, byteLength)), name);
  }
  const restored = new StoreModel(settings);
  t.after(() => restored.close());
  await new TableCheckpoint(restored.store).restore(prefix);
  assert.deepEqual(differing(await bytesOf(restored.store), expected), []);
  // Training itself took no notice.
  for (const each of taken) twin.step(each, 0.01);
  for (const each of [model, twin]) await each.store.settle();
  assert.deepEqual(differing(await bytesOf(model.store), await bytesOf(twin.store)), []);
});

test('a store is saved once at a time', THROWING, async (t) => {
  const large: NewTable = { name: 'a', rows: 1_000_000, dim: 16, initial: NORMAL, seed: [1, 2] };
  const store = newStore(t, { tables: [large] });
  const [table] = store.tables;
  assert.ok(table);
  const folder = temporaryFolder(t);
  const request = (name: string): SaveRequest => {
    const tensors = [{ table, component: 0, offset: 0 }];
    return { file: join(folder, name), tensors, compact: false, earlier: null, lists: null };
  };
  const saved = await saveTables(store, request('first'));
  await assert.rejects(
    saveTables(store, request('second')),
    /embedding store: saving: a snapshot of this store is in use/,
  );
  assert.equal((await saved()).tensors[0]?.rows, large.rows);
  await (
    await saveTables(store, request('third'))
  )();
  assert.deepEqual(readdirSync(folder).sort(), ['first', 'third']);
});

test('a checkpoint that is damaged, cut off, or of other tables is refused', THROWING, async (t) => {
  const store = newStore(t);
  const prefix = await save(join(temporaryFolder(t), 'model.ckpt-7'), new TableCheckpoint(store));
  const tables = new TableCheckpoint(newStore(t));
  // With it, rows at their start are not read.
  rmSync(`${prefix}.touched`);
  const file = `${prefix}.${DATA}`;
  const intact = readFileSync(file);
  const at = readBundleIndex(prefix).entries.get('a/wide')?.slices[0]?.span.offset ?? 0;
  const damaged = Buffer.from(intact);
  damaged[at + 77] = (damaged[at + 77] ?? 0) ^ 1;
  writeFileSync(file, damaged);
  const isDamaged = (what: RegExp) => (error: unknown) =>
    error instanceof DataError &&
    /^checkpoint .*model\.ckpt-7: damaged or incomplete: .*; restore its files/.test(error.message) &&
    what.test(error.message);
  await assert.rejects(tables.restore(prefix), isDamaged(/reading "a\/wide": .*does not have the CRC/));
  writeFileSync(file, intact.subarray(0, at + 10));
  await assert.rejects(tables.restore(prefix), isDamaged(/ends too early/));

  const others = TABLES.map((table) => ({
    ...table,
    rows: table.rows + 1,
    name: table.name.replace('b', 'bb'),
  }));
  await assert.rejects(
    new TableCheckpoint(newStore(t, { tables: others })).restore(prefix),
    /model\.ckpt-7: does not fit this model: no tensor "bb"; did you mean "b".*"a\/wide": expected float32\[101, 33\], received float32\[100, 33\]; .*; and 4 more$/,
  );
});

test('leaves nothing behind when the disk is full', OWN_PROCESS, async (t) => {
  const folder = temporaryFolder(t);
  const script = `
    const { addSaver, beginCheckpoint, Graph, makeStep, ops, Session } = await import(tf);
    const folderOf = '../train/embedding_store/';
    const { EmbeddingStore } = await import(new URL(folderOf + 'embedding_store.js', tf));
    const { TableCheckpoint } = await import(new URL(folderOf + 'checkpoint.js', tf));
    const rule = { kind: 'adagrad', slots: [{ suffix: 'Adagrad', initial: 0.1 }] };
    const store = new EmbeddingStore({ rule, threads: 1 });
    store.addTable({ name: 'a', rows: 10000, dim: 16, initial: { kind: 'constant', values: [1] }, seed: [1, 2] });
    const graph = new Graph();
    const handle = ops.varHandle(graph, 'v', 'float32', []);
    const saver = addSaver(graph, [{ name: 'v', dtype: 'float32', shape: [], handle }]);
    const session = Session.create(graph);
    await session.run(makeStep({ targets: [ops.assign(handle, ops.constant(graph, 'float32', 1))] }));
    const { done } = await beginCheckpoint(session, saver, folder + '/model.ckpt-1', new TableCheckpoint(store));
    await done;`;
  const stdout = await runOnFullDisk(script, folder);
  assert.match(
    stdout,
    /^UserError .*model\.ckpt-1: the disk is full or a quota is used up \(.*File too large\)/,
  );
  assert.deepEqual(readdirSync(folder), []);
});

test('two checkpoints of the same rows are the same bytes', async (t) => {
  const folder = temporaryFolder(t);
  const contents: Buffer[] = [];
  for (const threads of [1, 4]) {
    const store = newStore(t, { threads });
    await touchRows(store, 20);
    const prefix = await save(join(folder, `model.ckpt-${threads}`), new TableCheckpoint(store));
    contents.push(Buffer.concat([DATA, 'index'].map((part) => readFileSync(`${prefix}.${part}`))));
  }
  assert.ok(contents[0]?.equals(contents[1] ?? Buffer.of()));
});

const PYTHON_READS = `
import hashlib, json, sys, tensorflow as tf
r = tf.train.load_checkpoint(sys.argv[1])
print(json.dumps({k: [v, hashlib.sha256(r.get_tensor(k).tobytes()).hexdigest()] for k, v in r.get_variable_to_shape_map().items()}))
`;

const PYTHON_WRITES_SLICES = `
import sys, tensorflow as tf
r = tf.train.load_checkpoint(sys.argv[1])
names, slices, tensors = [], [], []
for name, shape in r.get_variable_to_shape_map().items():
  value = r.get_tensor(name)
  cuts = [0, 3, shape[0] // 2, shape[0]] if shape and shape[0] > 1 else [None, None]
  for begin, end in zip(cuts, cuts[1:]):
    names.append(name)
    slices.append('' if begin is None else '%d %d %d,%d:-' % (*shape, begin, end - begin))
    tensors.append(value if begin is None else value[begin:end])
tf.raw_ops.SaveV2(prefix=sys.argv[2], tensor_names=names, shape_and_slices=slices, tensors=tensors)
tf.raw_ops.SaveV2(prefix=sys.argv[3], tensor_names=['b', 'b'], shape_and_slices=['40000 16 -:0,8', '40000 16 -:8,8'],
  tensors=[r.get_tensor('b')[:, :8], r.get_tensor('b')[:, 8:]])
`;

for (const version of ORACLE_VERSIONS) {
  const skip = skipWithoutTensorflow(version);

  test(
    `Python TensorFlow ${version} reads tables, and tables are restored from what it saved in slices`,
    { skip },
    async (t) => {
      const store = newStore(t);
      await touchRows(store, 10);
      const folder = temporaryFolder(t);
      const prefix = await save(join(folder, 'model.ckpt-7'), new TableCheckpoint(store));
      const received = JSON.parse(await runPython(version, PYTHON_READS, [prefix])) as Record<
        string,
        [number[], string]
      >;
      for (const { name, shape } of store.tensors) assert.deepEqual(received[name]?.[0], shape);

      const [sliced, byColumns] = [join(folder, 'sliced'), join(folder, 'columns')];
      await runPython(version, PYTHON_WRITES_SLICES, [prefix, sliced, byColumns]);
      assert.deepEqual(JSON.parse(await runPython(version, PYTHON_READS, [sliced])), received);
      const restored = newStore(t);
      await new TableCheckpoint(restored).restore(sliced);
      assert.deepEqual(differing(await bytesOf(restored), await bytesOf(store)), []);
      const [weights] = restored.tensors;
      assert.ok(weights);
      await assert.rejects(
        new TableCheckpoint(restored).restore(byColumns, [weights]),
        /"b": expected slices of 16 columns, received 8/,
      );
    },
  );
}
