import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { DataError } from '../../../easyrec/errors.js';
import {
  addSaver,
  CheckpointReader,
  Graph,
  makeStep,
  ops,
  readBundleIndex,
  type SavedVariable,
  Session,
} from '../../../easyrec/tf/index.js';
import { parseCompactTable } from '../../../easyrec/train/compact_table.js';
import { TableCheckpoint } from '../../../easyrec/train/embedding_store/checkpoint.js';
import { restoreVariables } from '../../../easyrec/train/restore_variables.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../../support/python.js';
import { THROWING } from '../../ops/embedding_store/native_store.js';
import { temporaryFolder } from '../../support/temporary.js';
import { bytesOf, differing, newStore, save, TABLES, touchRows } from './checkpoint_case.js';

const DATA = 'data-00000-of-00001';
const OPTIMIZERS = ['adam_optimizer', 'adagrad_optimizer'];

async function compactCheckpoint(t: TestContext, optimizer?: string) {
  const store = newStore(t, optimizer === undefined ? {} : { optimizer });
  await touchRows(store, 20);
  const prefix = join(temporaryFolder(t), 'model.ckpt-7');
  await save(prefix, new TableCheckpoint(store, { compact: true }));
  return { store, prefix };
}

for (const optimizer of OPTIMIZERS) {
  test(`a store with ${optimizer} is restored from a compact checkpoint, with no more rows in memory`, async (t) => {
    const { store, prefix } = await compactCheckpoint(t, optimizer);
    const restored = newStore(t, { optimizer });
    await touchRows(restored, 3, 9);
    await new TableCheckpoint(restored).restore(prefix);
    assert.deepEqual(differing(await bytesOf(restored), await bytesOf(store)), []);
    for (const table of store.tables) assert.deepEqual(restored.statsOf(table), store.statsOf(table));
  });

  test(`a compact checkpoint of a store with ${optimizer} gives whole variables, bit for bit`, async (t) => {
    const { store, prefix } = await compactCheckpoint(t, optimizer);
    using graph = new Graph();
    const step: Omit<SavedVariable, 'handle'> = { name: 'global_step', dtype: 'int64', shape: [] };
    const wanted = [
      ...store.tensors.map(({ name, shape }) => ({ name, shape, dtype: 'float32' as const })),
      step,
    ];
    const variables = wanted.map((each): SavedVariable => ({
      ...each,
      handle: ops.varHandle(graph, each.name, each.dtype, each.shape),
    }));
    await using session = Session.create(graph);
    await restoreVariables(session, addSaver(graph, variables), prefix);
    const results = await session.run(
      makeStep({ fetches: variables.map(({ handle, dtype }) => ops.readVariable(handle, dtype)) }),
    );
    const received = new Map(
      results.map((result, i) => {
        const { buffer, byteOffset, byteLength } = result.numbers();
        return [wanted[i]?.name ?? '', Buffer.from(new Uint8Array(buffer, byteOffset, byteLength))];
      }),
    );
    for (const result of results) result.dispose();
    assert.deepEqual(received.get('global_step'), Buffer.from(BigInt64Array.of(7n).buffer));
    assert.deepEqual(differing(received, await bytesOf(store)), ['global_step']);
  });
}

test('a compact checkpoint holds the rows that are not at their start, ascending, and is as small', async (t) => {
  const { store, prefix } = await compactCheckpoint(t);
  const [table] = store.tables;
  assert.ok(table);
  const touched = store.statsOf(table).rows;
  using reader = new CheckpointReader(prefix);
  using ids = reader.read('b/compact/ids');
  const numbers = [...ids.data('int64')].map(Number);
  assert.equal(numbers.length, touched);
  assert.ok(touched > 1000);
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );
  assert.deepEqual(reader.shape('b/Adam_1/compact/rows'), [touched, 16]);
  const rows = 4 * 3 * (touched * 16 + 100 * 33) + 8 * (touched + 100);
  const { size } = statSync(`${prefix}.${DATA}`);
  assert.ok(size < rows + 60_000, `${size} bytes for at most ${rows} of rows`);

  // Rows that are in memory but at their start again are not among them.
  const restored = newStore(t);
  await touchRows(restored, 2, 5);
  restored.reset();
  const empty = join(temporaryFolder(t), 'model.ckpt-0');
  await save(empty, new TableCheckpoint(restored, { compact: true }));
  assert.deepEqual(readBundleIndex(empty).entries.get('b/compact/rows')?.shape, [0, 16]);
  const same = newStore(t);
  await new TableCheckpoint(same).restore(empty);
  assert.deepEqual(differing(await bytesOf(same), await bytesOf(newStore(t))), []);
});

test('tables that begin otherwise take over what the checkpoint stands for', async (t) => {
  const { store, prefix } = await compactCheckpoint(t, 'adagrad_optimizer');
  const others = TABLES.map((table) => ({ ...table, seed: [1, 1] as const }));
  const restored = newStore(t, { optimizer: 'adagrad_optimizer', tables: others });
  await new TableCheckpoint(restored).restore(prefix);
  assert.deepEqual(differing(await bytesOf(restored), await bytesOf(store)), []);
});

test('what is taken over can be chosen, the rest is at its start', async (t) => {
  const { store, prefix } = await compactCheckpoint(t);
  const restored = newStore(t);
  const tables = new TableCheckpoint(restored);
  const chosen = tables.fitting(prefix).filter(({ name }) => name === 'b' || name === 'a/wide/Adam');
  assert.equal(tables.fitting(prefix).length, store.tensors.length);
  await tables.restore(prefix, chosen);
  const [received, saved, start] = await Promise.all([restored, store, newStore(t)].map(bytesOf));
  assert.ok(received && saved && start);
  const names = store.tensors.map(({ name }) => name);
  const isSaved = names.filter((name) => received.get(name)?.equals(saved.get(name) ?? Buffer.of()));
  const isStart = names.filter((name) => received.get(name)?.equals(start.get(name) ?? Buffer.of()));
  assert.deepEqual(
    isSaved.sort(),
    ['a/wide/Adam', 'b', ...isStart.filter((name) => isSaved.includes(name))].sort(),
  );
  assert.ok(names.every((name) => isSaved.includes(name) || isStart.includes(name)));
});

test('a compact checkpoint that is damaged is refused, by stores and by variables', THROWING, async (t) => {
  const { prefix } = await compactCheckpoint(t);
  const file = `${prefix}.${DATA}`;
  const intact = readFileSync(file);
  const { entries } = readBundleIndex(prefix);
  const [ids, rows] = ['ids', 'rows'].map((part) => entries.get(`b/compact/${part}`)?.slices[0]?.span.offset);
  assert.ok(ids !== undefined && rows !== undefined);
  const isDamaged = (what: RegExp) => (error: unknown) =>
    error instanceof DataError && /damaged or incomplete/.test(error.message) && what.test(error.message);
  const restored = new TableCheckpoint(newStore(t));
  using graph = new Graph();
  const handle = ops.varHandle(graph, 'b', 'float32', [40_000, 16]);
  const saver = addSaver(graph, [{ name: 'b', dtype: 'float32', shape: [40_000, 16], handle }]);
  await using session = Session.create(graph);
  // An id that is not below the next one, a row of another value.
  for (const [offset, what] of [
    [ids + 8, /expected ascending rows of b below 40000/],
    [rows + 40_000, /does not have the CRC/],
  ] as const) {
    const damaged = Buffer.from(intact);
    damaged[offset + 2] = (damaged[offset + 2] ?? 0) ^ 0x7f;
    writeFileSync(file, damaged);
    await assert.rejects(restored.restore(prefix), isDamaged(what));
    await assert.rejects(restoreVariables(session, saver, prefix), isDamaged(/DATA_LOSS/));
  }
});

test('a description of a table that is none is refused', () => {
  for (const text of [
    'x',
    '{}',
    '{"rows":1,"dim":1,"initial":{"kind":"normal","mean":0},"seed":[1,2],"slots":[]}',
    '{"rows":0,"dim":1,"initial":{"kind":"constant","values":[1]},"seed":[1,2],"slots":[]}',
    '{"rows":1,"dim":1,"initial":{"kind":"constant","values":[1]},"seed":[1],"slots":[]}',
    '{"rows":1,"dim":1,"initial":{"kind":"constant","values":[1]},"seed":[1,2],"slots":[{"suffix":"Adam"}]}',
  ]) {
    assert.throws(
      () => parseCompactTable(text, 'p'),
      /checkpoint p: damaged or incomplete: expected the description of a table, received/,
      text,
    );
  }
});

const PYTHON_READS = `
import json, sys, tensorflow as tf
r = tf.train.load_checkpoint(sys.argv[1])
print(json.dumps([r.get_tensor('b/compact/ids').tolist(), r.get_tensor('b/compact/rows').shape, json.loads(r.get_tensor('b/compact/description'))]))
`;

for (const version of ORACLE_VERSIONS) {
  const skip = skipWithoutTensorflow(version);

  test(`Python TensorFlow ${version} reads the tensors of a compact checkpoint`, { skip }, async (t) => {
    const { prefix } = await compactCheckpoint(t);
    const [ids, shape, description] = JSON.parse(await runPython(version, PYTHON_READS, [prefix])) as [
      number[],
      number[],
      Record<string, unknown>,
    ];
    assert.deepEqual(shape, [ids.length, 16]);
    assert.deepEqual(description, {
      rows: 40_000,
      dim: 16,
      initial: { kind: 'truncated_normal', mean: 0, deviation: 0.1 },
      seed: [2020, 7],
      slots: [
        { suffix: 'Adam', initial: 0 },
        { suffix: 'Adam_1', initial: 0 },
      ],
    });
  });
}
