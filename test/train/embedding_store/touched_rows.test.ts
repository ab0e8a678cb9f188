import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Random } from '../../../easyrec/input/random.js';
import { maskedCrc32c } from '../../../easyrec/report/crc32c.js';
import { readBundleIndex, tensor } from '../../../easyrec/tf/index.js';
import { TableCheckpoint } from '../../../easyrec/train/embedding_store/checkpoint.js';
import type { EmbeddingStore, NewTable } from '../../../easyrec/train/embedding_store/embedding_store.js';
import { readTouchedRows } from '../../../easyrec/train/embedding_store/touched_rows.js';
import { THROWING } from '../../ops/embedding_store/native_store.js';
import { temporaryFolder } from '../../support/temporary.js';
import { bytesOf, differing, newStore, NORMAL, save, TABLES, touchRows } from './checkpoint_case.js';

const DATA = 'data-00000-of-00001';

/** Changes bytes of the first data file: those of row `row` of a table. */
function damageRow(prefix: string, { name, dim }: NewTable, row: number): void {
  const offset = readBundleIndex(prefix).entries.get(name)?.slices[0]?.span.offset ?? NaN;
  const bytes = readFileSync(`${prefix}.${DATA}`);
  bytes.fill(0x55, offset + 4 * dim * row, offset + 4 * dim * row + 4);
  writeFileSync(`${prefix}.${DATA}`, bytes);
}

async function setRows(
  store: EmbeddingStore,
  { name, dim }: NewTable,
  rows: readonly number[],
): Promise<void> {
  const table = store.find(name) ?? assert.fail();
  const components = store
    .tensorsOf(table)
    .map(() => tensor('float32', [1, dim], new Float32Array(dim).fill(7)));
  for (const row of rows) await store.write(table, components, row);
  for (const component of components) component.dispose();
}

async function expectRestored(t: TestContext, prefix: string, store: EmbeddingStore): Promise<void> {
  const restored = newStore(t);
  await new TableCheckpoint(restored).restore(prefix);
  assert.deepEqual(differing(await bytesOf(restored), await bytesOf(store)), []);
  assert.deepEqual(
    restored.tables.map((table) => restored.statsOf(table).rows),
    store.tables.map((table) => store.statsOf(table).rows),
  );
}

/** Changes what stands behind the lists, and its CRC with it. */
function editTrailer(file: string, edit: (text: string) => string): void {
  const bytes = readFileSync(file);
  const length = bytes.readUInt32LE(bytes.length - 16);
  const lists = bytes.subarray(0, bytes.length - 16 - length);
  const text = Buffer.from(edit(bytes.subarray(bytes.length - 16 - length, bytes.length - 16).toString()));
  const end = Buffer.from(bytes.subarray(bytes.length - 16));
  end.writeUInt32LE(text.length, 0);
  end.writeUInt32LE(maskedCrc32c(text), 4);
  writeFileSync(file, Buffer.concat([lists, text, end]));
}

const [LARGE] = TABLES;
assert.ok(LARGE);

test('a restore reads the listed rows alone, wherever they are', async (t) => {
  const folder = temporaryFolder(t);
  const table: NewTable = { name: 'a', rows: 300_000, dim: 16, initial: NORMAL, seed: [3, 4] };
  const random = new Random(5);
  const far = Array.from({ length: 50 }, () => random.below(table.rows));
  const cases = {
    none: [],
    first: [0],
    last: [table.rows - 1],
    near: Array.from({ length: 200 }, (_, i) => 1000 + i * (1 + (i % 3))),
    far: [0, ...far, 299_998, 299_999],
  };
  for (const [name, rows] of Object.entries(cases)) {
    const store = newStore(t, { tables: [table] });
    await setRows(store, table, rows);
    const prefix = await save(join(folder, name), new TableCheckpoint(store));
    // Of those between, nobody takes notice.
    damageRow(prefix, table, 150_000);
    const restored = newStore(t, { tables: [table] });
    await new TableCheckpoint(restored).restore(prefix);
    assert.deepEqual(differing(await bytesOf(restored), await bytesOf(store)), [], name);
    assert.equal(restored.statsOf(restored.tables[0] ?? assert.fail()).rows, new Set(rows).size, name);
  }
});

test('rows that are listed are checked; without the list, all are', THROWING, async (t) => {
  const store = newStore(t);
  await setRows(store, LARGE, [70, 90]);
  const folder = temporaryFolder(t);
  const prefix = await save(join(folder, 'a'), new TableCheckpoint(store));
  damageRow(prefix, LARGE, 80);
  await expectRestored(t, prefix, store);
  damageRow(prefix, LARGE, 90);
  await assert.rejects(
    new TableCheckpoint(newStore(t)).restore(prefix),
    /reading "b": .*does not have the CRC/,
  );
  const other = await save(join(folder, 'b'), new TableCheckpoint(store));
  damageRow(other, LARGE, 80);
  rmSync(`${other}.touched`);
  await assert.rejects(
    new TableCheckpoint(newStore(t)).restore(other),
    /reading "b": .*does not have the CRC/,
  );
});

test('lists that are damaged, cut off, of another version or of another checkpoint are not believed', async (t) => {
  const folder = temporaryFolder(t);
  const [store, other] = [newStore(t), newStore(t)];
  await touchRows(store, 10);
  await touchRows(other, 30, 2);
  const prefix = await save(join(folder, 'a'), new TableCheckpoint(store));
  const otherPrefix = await save(join(folder, 'b'), new TableCheckpoint(other));
  const file = `${prefix}.touched`;
  const intact = readFileSync(file);
  assert.ok((await readTouchedRows(prefix)) !== null);
  const changes: Record<string, () => void> = {
    'another checkpoint': () => copyFileSync(`${otherPrefix}.touched`, file),
    'another version': () => editTrailer(file, (text) => text.replace('"version":1', '"version":2')),
    'cut off': () => truncateSync(file, intact.length - 3),
    empty: () => truncateSync(file, 0),
    'the end alone': () => writeFileSync(file, intact.subarray(-16)),
    'a damaged description': () => {
      const bytes = Buffer.from(intact);
      bytes[intact.length - 20] = 0;
      writeFileSync(file, bytes);
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    writeFileSync(file, intact);
    change();
    assert.equal(await readTouchedRows(prefix), null, what);
    await expectRestored(t, prefix, store);
  }
  // What is read of the lists themselves is checked when they are used.
  for (const at of [0, 2000]) {
    const bytes = Buffer.from(intact);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    assert.ok((await readTouchedRows(prefix)) !== null);
    await expectRestored(t, prefix, store);
  }
});

test('tables that begin otherwise than those that were saved are read as a whole', async (t) => {
  const store = newStore(t);
  await touchRows(store, 10);
  const prefix = await save(join(temporaryFolder(t), 'a'), new TableCheckpoint(store));
  const tables = TABLES.map((table): NewTable => ({ ...table, seed: [1, 1] }));
  const restored = newStore(t, { tables });
  const checkpoint = new TableCheckpoint(restored);
  await checkpoint.restore(prefix);
  assert.deepEqual(differing(await bytesOf(restored), await bytesOf(store)), []);
  const weights = checkpoint.tensors.filter(({ component }) => component === 0);
  const adagrad = newStore(t, { optimizer: 'adagrad_optimizer' });
  await new TableCheckpoint(adagrad).restore(prefix, weights);
  const [received, expected] = [await bytesOf(adagrad), await bytesOf(store)];
  for (const { name } of TABLES) assert.deepEqual(received.get(name), expected.get(name), name);
});

test('a checkpoint after a restore is the one that the store would have written, whatever became of the old one', async (t) => {
  const folder = temporaryFolder(t);
  const store = newStore(t);
  await touchRows(store, 10);
  const prefix = await save(join(folder, 'a'), new TableCheckpoint(store));
  const expected = readFileSync(
    await save(join(folder, 'b'), new TableCheckpoint(store)).then((b) => `${b}.${DATA}`),
  );
  const ways: Record<string, () => void> = {
    'it is there': () => undefined,
    'its list is gone': () => rmSync(`${prefix}.touched`),
    'rows at their start are damaged': () => damageRow(prefix, LARGE, 1),
    'it is gone': () =>
      ['index', 'touched', DATA].forEach((part) => rmSync(`${prefix}.${part}`, { force: true })),
  };
  const restored = newStore(t);
  for (const [what, change] of Object.entries(ways)) {
    const tables = new TableCheckpoint(restored);
    await tables.restore(prefix);
    change();
    const again = await save(join(folder, what.replaceAll(' ', '_')), tables);
    assert.ok(readFileSync(`${again}.${DATA}`).equals(expected), what);
    await save(prefix, new TableCheckpoint(store));
  }
});

test('compact checkpoints have no list', async (t) => {
  const store = newStore(t);
  await touchRows(store, 10);
  const prefix = await save(join(temporaryFolder(t), 'a'), new TableCheckpoint(store, { compact: true }));
  assert.ok(!existsSync(`${prefix}.touched`));
  await expectRestored(t, prefix, store);
});

test('a list takes a byte or two a row', async (t) => {
  const store = newStore(t);
  await touchRows(store, 10);
  const prefix = await save(join(temporaryFolder(t), 'a'), new TableCheckpoint(store));
  const rows = store.tables.reduce((sum, table) => sum + store.statsOf(table).rows, 0);
  const { size } = statSync(`${prefix}.touched`);
  assert.ok(size <= 2 * rows + 4000, `${size} bytes for ${rows} rows`);
});
