import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DataError } from '../../easyrec/errors.js';
import type { Batch } from '../../easyrec/input/batch.js';
import { bufferColumn, disposeBatch } from '../../easyrec/input/columns.js';
import { READERS, readerFor } from '../../easyrec/input/index.js';
import { NativeCsvInput } from '../../easyrec/input/native/native_csv_input.js';
import type { Tensor } from '../../easyrec/tf/index.js';
import { Graph, makeStep, ops, Session } from '../../easyrec/tf/index.js';
import { fieldsOf, optionsFor, rowsOf, temporaryFolder, writeIn } from './reader_case.js';

const folder = temporaryFolder();
const long = (i: number): string => `a name of more than twenty-two bytes: number ${i}`;
const count = 20_000;
const path = writeIn(
  folder,
  'rows.csv',
  Array.from({ length: count }, (_, i) => `${i},${i % 2 === 0 ? long(i) : i}\n`).join(''),
);

function tensorOf(batch: Batch | null, name: string): Tensor {
  const column = batch?.columns.get(name);
  assert.ok(column?.dtype === 'tensor');
  return column.tensor;
}

test('passes the tests of the plain reader', () => {
  const names = ['csv_fields', 'csv_files', 'row_order', 'fraction', 'hashed_columns'];
  const files = names.map((name) => fileURLToPath(new URL(`./${name}.test.js`, import.meta.url)));
  const env: NodeJS.ProcessEnv = { ...process.env, EASYREC_TEST_READER: 'native' };
  delete env['NODE_TEST_CONTEXT'];
  const { status, stdout } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', ...files], {
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  assert.match(stdout, /^# pass [1-9]\d/m);
  assert.equal(status, 0, stdout);
});

test('is the reader that commands use, unless EASYREC_PLAIN_READER=1 asks for the plain one', () => {
  assert.equal(readerFor('CSVInput', {}), NativeCsvInput);
  assert.equal(readerFor('CSVInput', { EASYREC_PLAIN_READER: '0' }), NativeCsvInput);
  assert.equal(readerFor('CSVInput', { EASYREC_PLAIN_READER: '1' }), READERS.CSVInput);
});

test('hands over tensors that stay when the reader is closed', async () => {
  const reader = new NativeCsvInput(optionsFor(path, { batchSize: 1000, prefetch: 4 }));
  const batches = [await reader.next(), await reader.next()];
  await reader.close();
  batches.forEach((batch, b) => {
    assert.deepEqual(tensorOf(batch, 'id').shape, [1000]);
    const texts = tensorOf(batch, 'name').strings();
    assert.deepEqual(texts.slice(0, 2), [long(b * 1000), String(b * 1000 + 1)]);
    assert.equal(tensorOf(batch, 'id').data('int32')[999], b * 1000 + 999);
  });
  for (const batch of batches) if (batch !== null) disposeBatch(batch);
  assert.throws(() => tensorOf(batches[0] ?? null, 'id').data('int32'), /used after dispose/);
});

test('its memory is aligned as TensorFlow wants it, so that nothing is copied', async () => {
  const { native } = await import('../../easyrec/tf/native.js');
  const reader = new NativeCsvInput(optionsFor(path, { batchSize: 1001 }));
  const batch = await reader.next();
  for (const name of ['id', 'name']) {
    assert.equal(native().TF_TensorData(tensorOf(batch, name).handle) % 64n, 0n);
  }
  if (batch !== null) disposeBatch(batch);
  await reader.close();
});

test('strings that a step passes on outlive the batch and are freed once', async () => {
  using graph = new Graph();
  await using session = Session.create(graph);
  const fed = ops.placeholder(graph, 'string', [-1], 'texts');
  const whole = graph.op('Identity', [fed]).output(0);
  const chosen = graph.op('Unique', [fed]).output(0);
  const step = makeStep({ feeds: [fed], fetches: [whole, chosen] });
  const reader = new NativeCsvInput(optionsFor(path, { batchSize: 500, epochs: 5 }));
  let row = 0;
  for await (const batch of reader) {
    const results = await session.run(step, [tensorOf(batch, 'name')]);
    disposeBatch(batch);
    // Its memory goes to the next batches while the results are still in use.
    await sleep(0);
    const expected = Array.from({ length: batch.rows }, (_, i) => (row + i) % count);
    const texts = expected.map((i) => (i % 2 === 0 ? long(i) : String(i)));
    for (const result of results) {
      assert.deepEqual(result.strings(), texts);
      result.dispose();
    }
    row += batch.rows;
  }
  assert.equal(row, 5 * count);
});

test('answers several waiting calls in order and says the end again and again', async () => {
  const reader = new NativeCsvInput(optionsFor(path, { batchSize: 9000, prefetch: 1 }));
  const calls = Array.from({ length: 5 }, () => reader.next());
  const batches = await Promise.all(calls);
  assert.deepEqual(
    batches.map((batch) => batch && rowsOf(batch)[0]?.[0]),
    [0, 9000, 18_000, null, null],
  );
  assert.equal(reader.stats.position, count);
  for (const batch of batches) if (batch !== null) disposeBatch(batch);
  await reader.close();
});

test('passes an error on with class, message and place, after the batches before it, and repeats it', async () => {
  const bad = writeIn(folder, 'bad.csv', '1,a\n2,b\nx,c\n');
  const reader = new NativeCsvInput(optionsFor(bad, { batchSize: 2 }));
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

test('says in the words of the system why a file cannot be read, as the plain reader does', async () => {
  // Neither reader gets to the second file before its first batch is taken.
  const large = writeIn(folder, 'large.csv', '1,some name or other\n'.repeat(300_000));
  const gone = (other: string): void => rmSync(other);
  const folderInstead = (other: string): void => {
    rmSync(other);
    mkdirSync(other);
  };
  for (const [i, spoil] of [gone, folderInstead].entries()) {
    const other = writeIn(folder, `other${i}.csv`, '9,z\n');
    const options = optionsFor(`${large},${other}`, { batchSize: 1000, prefetch: 1 });
    const readers = [new NativeCsvInput(options), new READERS.CSVInput(options)];
    spoil(other);
    const messages: string[] = [];
    for (const reader of readers) {
      const drained = (async () => {
        for await (const batch of reader) disposeBatch(batch);
      })();
      await drained.catch((error: unknown) => messages.push(String(error)));
    }
    assert.equal(messages.length, 2);
    assert.match(messages[0] ?? '', /^DataError: .*other\d\.csv: cannot read: E[A-Z]+: /);
    assert.equal(messages[0], messages[1]);
  }
});

test('refuses a line without end', async () => {
  const endless = writeIn(
    folder,
    'endless.csv',
    Buffer.concat([Buffer.from('1,a\n'), Buffer.alloc(1 << 27, 'x')]),
  );
  const reader = new NativeCsvInput(optionsFor(endless));
  await assert.rejects(reader.next(), {
    name: 'DataError',
    message: `${endless}:2: expected lines of text, received one of more than 67108864 bytes`,
  });
  await reader.close();
  rmSync(endless);
});

test('closing rejects what waits and what comes later, stops busy threads, and may be repeated', async () => {
  const reader = new NativeCsvInput(optionsFor(path, { epochs: 0, batchSize: 20_000_000 }));
  const waiting = assert.rejects(reader.next(), /the reader is closed/);
  await sleep(50);
  const begin = performance.now();
  await Promise.all([reader.close(), waiting]);
  assert.ok(performance.now() - begin < 1000);
  await assert.rejects(reader.next(), /the reader is closed/);
  await reader.close();
});

test('a thousand readers, closed at any time, leave no threads and little memory behind', async () => {
  const threads = (): number => Number(/^Threads:\s+(\d+)/m.exec(readStatus())?.[1] ?? NaN);
  const run = async (i: number): Promise<void> => {
    const reader = new NativeCsvInput(
      optionsFor(path, { epochs: 0, batchSize: 3000, prefetch: 1 + (i % 3) }),
    );
    for (let taken = 0; taken < i % 3; taken++) {
      const batch = await reader.next();
      if (batch !== null) disposeBatch(batch);
    }
    await reader.close();
  };
  for (let i = 0; i < 200; i++) await run(i);
  const [before, threadsBefore] = [process.memoryUsage.rss(), threads()];
  for (let i = 0; i < 800; i++) await run(i);
  assert.equal(threads(), threadsBefore);
  assert.ok(
    process.memoryUsage.rss() - before < 32 * 2 ** 20,
    `${process.memoryUsage.rss() - before} bytes more`,
  );
});

test('memory is bounded by the batches that wait', async () => {
  const reader = new NativeCsvInput(optionsFor(path, { epochs: 0, batchSize: 2000, prefetch: 4 }));
  const rows = async (batches: number): Promise<void> => {
    for (let i = 0; i < batches; i++) {
      const batch = await reader.next();
      if (batch !== null) disposeBatch(batch);
    }
  };
  await rows(200);
  const before = process.memoryUsage.rss();
  await rows(3000);
  assert.ok(
    process.memoryUsage.rss() - before < 16 * 2 ** 20,
    `${process.memoryUsage.rss() - before} bytes more`,
  );
  await reader.close();
});

function readStatus(): string {
  return readFileSync('/proc/self/status', 'utf8');
}

function runScript(body: string): ReturnType<typeof spawnSync> {
  const module = new URL('../../easyrec/input/index.js', import.meta.url).href;
  const options = JSON.stringify(optionsFor(path, { epochs: 0 }));
  const script = `import { readerFor } from ${JSON.stringify(module)};
    const reader = new (readerFor('CSVInput', {}))(${options});
    ${body}`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 20_000,
    encoding: 'utf8',
  });
}

test('a process with an open reader exits by itself, and at once on process.exit', () => {
  const ended = runScript('console.log((await reader.next()).rows);');
  assert.deepEqual([ended.status, ended.stdout, ended.stderr], [0, '4\n', '']);
  const exited = runScript('void reader.next(); console.log("bye"); process.exit(3);');
  assert.deepEqual([exited.status, exited.stdout, exited.stderr], [3, 'bye\n', '']);
});

test('a process with nothing else to do still waits for its batch', () => {
  const { status, stdout } = runScript(
    'let rows = 0; while (rows < 4000) rows += (await reader.next()).rows; console.log(rows); await reader.close();',
  );
  assert.deepEqual([status, stdout], [0, '4000\n']);
});

test('columns are seen as numbers and texts whatever they lie in', async () => {
  const fields = fieldsOf('a:int64', 'b:bool', 'c:float64', 'd:string');
  const types = writeIn(folder, 'types.csv', '5,true,0.5,é\n-6,0,1e3,\n');
  const reader = new NativeCsvInput(optionsFor(types, { fields }));
  const batch = await reader.next();
  assert.ok(batch);
  const columns = [...batch.columns.values()].map(bufferColumn);
  assert.deepEqual(columns.slice(0, 3), [
    { dtype: 'int64', values: BigInt64Array.of(5n, -6n) },
    { dtype: 'bool', values: Uint8Array.of(1, 0) },
    { dtype: 'float64', values: Float64Array.of(0.5, 1000) },
  ]);
  assert.deepEqual(columns[3], {
    dtype: 'string',
    bytes: Buffer.from('é'),
    offsets: Int32Array.of(0, 2, 2),
  });
  disposeBatch(batch);
  await reader.close();
});
