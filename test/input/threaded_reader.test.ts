import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { DataError } from '../../easyrec/errors.js';
import { READERS } from '../../easyrec/input/index.js';
import { ThreadedReader, type ReaderWorker } from '../../easyrec/input/threaded_reader.js';
import { fieldsOf, optionsFor, rowsOf, temporaryFolder, valuesOf, writeIn } from './reader_case.js';

const { CSVInput } = READERS;
const folder = temporaryFolder();
const rows = Array.from({ length: 50_000 }, (_, i) => `${i},name ${i}\n`);
const path = writeIn(folder, 'rows.csv', rows.join(''));

test('hands over batches in order, whole and usable', async () => {
  const reader = new CSVInput(optionsFor(path, { batchSize: 1000 }));
  let next = 0;
  for await (const batch of reader) {
    assert.deepEqual(valuesOf(batch.columns.get('id')).slice(0, 2), [next, next + 1]);
    assert.equal(valuesOf(batch.columns.get('name'))[999], `name ${next + 999}`);
    next += batch.rows;
    assert.equal(reader.stats.position, next);
  }
  assert.equal(next, 50_000);
  assert.equal(await reader.next().catch((error: unknown) => String(error)), 'Error: the reader is closed');
});

test('says the end again and again', async () => {
  const reader = new CSVInput(optionsFor(path, { batchSize: 50_000 }));
  assert.equal((await reader.next())?.rows, 50_000);
  assert.equal(await reader.next(), null);
  assert.equal(await reader.next(), null);
  await reader.close();
});

test('answers several waiting calls in order', async () => {
  const reader = new CSVInput(optionsFor(path, { batchSize: 20_000, prefetch: 1 }));
  const batches = await Promise.all([reader.next(), reader.next(), reader.next(), reader.next()]);
  assert.deepEqual(
    batches.map((batch) => batch && rowsOf(batch)[0]?.[0]),
    [0, 20_000, 40_000, null],
  );
  await reader.close();
});

/** A worker module that runs `body` for each batch it is asked for; `asked` counts them. */
function fakeWorker(body: string, asked: Int32Array): ReaderWorker {
  const source = `import { parentPort, workerData } from 'node:worker_threads';
    const stats = { position: 0, rowsSkipped: 0, firstSkipped: [], fraction: null };
    parentPort.on('message', () => { const n = Atomics.add(workerData, 0, 1) + 1; ${body} });`;
  return { module: new URL(`data:text/javascript,${encodeURIComponent(source)}`), data: asked };
}

const SEND = `parentPort.postMessage({ kind: 'batch', batch: { rows: n, columns: new Map() }, stats });`;

test('reads no further ahead than asked', async () => {
  const asked = new Int32Array(new SharedArrayBuffer(4));
  const reader = new ThreadedReader(fakeWorker(SEND, asked), { prefetch: 3, position: 0, epochs: 0 });
  assert.equal((await reader.next())?.rows, 1);
  await sleep(100);
  assert.equal(asked[0], 4);
  assert.equal((await reader.next())?.rows, 2);
  await sleep(100);
  assert.equal(asked[0], 5);
  await reader.close();
});

test('reports a thread that dies or throws', async () => {
  const asked = new Int32Array(new SharedArrayBuffer(4));
  const dying = new ThreadedReader(fakeWorker('process.exit(3);', asked), {
    prefetch: 1,
    position: 0,
    epochs: 1,
  });
  await assert.rejects(dying.next(), /the reading thread ended early \(code 3\)/);
  const throwing = new ThreadedReader(fakeWorker(`throw new RangeError('too far');`, asked), {
    prefetch: 1,
    position: 0,
    epochs: 1,
  });
  await assert.rejects(throwing.next(), { name: 'RangeError', message: 'too far' });
  await assert.rejects(throwing.next(), { name: 'RangeError', message: 'too far' });
});

test('passes an error on with class, message and place, after the batches before it, and repeats it', async () => {
  const bad = writeIn(folder, 'bad.csv', '1,a\n2,b\nx,c\n');
  const reader = new CSVInput(optionsFor(bad, { batchSize: 2 }));
  assert.equal((await reader.next())?.rows, 2);
  for (let call = 0; call < 2; call++) {
    await assert.rejects(reader.next(), (error) => {
      assert.ok(error instanceof DataError);
      assert.deepEqual(error.at, { file: bad, line: 3 });
      assert.match(error.message, /^[^:]*bad\.csv:3: column "id" \(field 1\): expected .* received "x"$/);
      return true;
    });
  }
  await reader.close();
});

test('throws at once for files that are not there', () => {
  assert.throws(() => new CSVInput(optionsFor(`${folder}/none.csv`)), DataError);
});

test('closing rejects what waits and what comes later, and may be repeated', async () => {
  const reader = new CSVInput(optionsFor(path, { epochs: 0, batchSize: 10_000_000 }));
  const waiting = assert.rejects(reader.next(), /the reader is closed/);
  await Promise.all([reader.close(), waiting]);
  await assert.rejects(reader.next(), /the reader is closed/);
  await reader.close();
});

test('closing stops a thread that is busy', async () => {
  const reader = new CSVInput(optionsFor(path, { epochs: 0, batchSize: 50_000_000 }));
  await sleep(100);
  const begin = performance.now();
  await reader.close();
  assert.ok(performance.now() - begin < 1000);
});

test('leaving a loop closes the reader', async () => {
  const reader = new CSVInput(optionsFor(path, { epochs: 0 }));
  for await (const batch of reader) {
    assert.equal(batch.rows, 4);
    break;
  }
  await assert.rejects(reader.next(), /the reader is closed/);
});

function runScript(body: string): ReturnType<typeof spawnSync> {
  const module = new URL('../../easyrec/input/index.js', import.meta.url).href;
  const options = JSON.stringify(
    optionsFor(path, { epochs: 0, fields: fieldsOf('id:int32', 'name:string') }),
  );
  const script = `import { READERS } from ${JSON.stringify(module)};\nconst reader = new READERS.CSVInput(${options});\n${body}`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 20_000,
    encoding: 'utf8',
  });
}

test('a process with an open reader exits by itself', () => {
  const { status, stdout, stderr } = runScript('console.log((await reader.next()).rows);');
  assert.deepEqual([status, stdout, stderr], [0, '4\n', '']);
});

test('a process with nothing else to do still waits for its batch', () => {
  const { status, stdout } = runScript(
    'let rows = 0; while (rows < 4000) rows += (await reader.next()).rows; console.log(rows); await reader.close();',
  );
  assert.deepEqual([status, stdout], [0, '4000\n']);
});
