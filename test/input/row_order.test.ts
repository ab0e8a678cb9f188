import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CSVInput } from '../../easyrec/input/csv/csv_input.js';
import type { ReaderOptions } from '../../easyrec/input/reader.js';
import { fieldsOf, openCsv, optionsFor, readAll, rowsOf, temporaryFolder, writeIn } from './reader_case.js';

const folder = temporaryFolder();
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `${from + i}\n`).join('');
const numbers = writeIn(folder, 'numbers.csv', lines(0, 1000));
const thirds = [
  writeIn(folder, 'a.csv', lines(0, 300)),
  writeIn(folder, 'b.csv', lines(300, 700)),
  writeIn(folder, 'c.csv', lines(700, 1000)),
].join(',');
// Every seventh row is bad: 143 of 1000.
const flawed = writeIn(
  folder,
  'flawed.csv',
  Array.from({ length: 1000 }, (_, i) => `${i % 7 === 0 ? `bad${i}` : i}\n`).join(''),
);
const all = Array.from({ length: 1000 }, (_, i) => i);

function options(files: string, changes: Partial<ReaderOptions> = {}): ReaderOptions {
  return optionsFor(files, { fields: fieldsOf('v:int32'), batchSize: 64, ...changes });
}

async function values(changes: Partial<ReaderOptions>, files = numbers): Promise<number[]> {
  return (await readAll(openCsv(options(files, changes)))).flat(2) as number[];
}

const ascending = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b);

test('gives rows in file order without shuffling', async () => {
  assert.deepEqual(await values({}), all);
  assert.deepEqual(await values({}, thirds), all);
});

test('batches span passes and keep the remainder', async () => {
  const batches = await readAll(openCsv(options(numbers, { epochs: 2, batchSize: 300 })));
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [300, 300, 300, 300, 300, 300, 200],
  );
  assert.deepEqual(batches.flat(2), [...all, ...all]);
});

test('zero epochs repeat endlessly', async () => {
  const reader = openCsv(options(numbers, { epochs: 0, batchSize: 700 }));
  for (let i = 0; i < 20; i++) assert.equal((await reader.next())?.rows, 700);
  await reader.close();
});

test('shuffling keeps every row of a pass in that pass, in another order each', async () => {
  const shuffled = await values({ epochs: 3, shuffle: { bufferSize: 50, seed: 2020 } });
  const passes = [0, 1, 2].map((i) => shuffled.slice(i * 1000, (i + 1) * 1000));
  for (const pass of passes) assert.deepEqual(ascending(pass), all);
  assert.notDeepEqual(passes[0], passes[1]);
  assert.notDeepEqual(passes[1], passes[2]);
});

test('the shuffle buffer bounds how far ahead a row may come', async () => {
  const shuffled = await values({ shuffle: { bufferSize: 50, seed: 1 } });
  assert.ok(shuffled.every((value, place) => value < place + 50));
  assert.ok(shuffled.some((value, place) => value > place + 40));
  assert.deepEqual(await values({ shuffle: { bufferSize: 1, seed: 1 } }), all);
});

test('draws evenly from a buffer that holds everything', async () => {
  let first = 0;
  for (let seed = 0; seed < 200; seed++) {
    const reader = openCsv(options(numbers, { batchSize: 1, shuffle: { bufferSize: 5000, seed } }));
    const batch = await reader.next();
    assert.ok(batch);
    first += Number(rowsOf(batch)[0]?.[0]);
    await reader.close();
  }
  // Mean 499.5, standard deviation of the mean of 200 draws 20.4.
  assert.ok(Math.abs(first / 200 - 499.5) < 82, String(first / 200));
});

test('order is a function of the seed', async () => {
  const shuffle = { bufferSize: 100, seed: 5 };
  assert.deepEqual(await values({ shuffle, epochs: 2 }), await values({ shuffle, epochs: 2 }));
  assert.notDeepEqual(await values({ shuffle }), await values({ shuffle: { ...shuffle, seed: 6 } }));
});

test('shuffling takes the files in another order each pass', async () => {
  const shuffled = await values({ epochs: 6, shuffle: { bufferSize: 1, seed: 3 } }, thirds);
  const firsts = [0, 1, 2, 3, 4, 5].map((pass) => shuffled[pass * 1000]);
  for (let pass = 0; pass < 6; pass++) {
    assert.deepEqual(ascending(shuffled.slice(pass * 1000, (pass + 1) * 1000)), all);
  }
  assert.ok(new Set(firsts).size > 1, String(firsts));
});

test('many long rows survive in a small shuffle buffer', async () => {
  const texts = Array.from({ length: 3000 }, (_, i) => `${i}-${'z'.repeat((i * 131) % 900)}`);
  const path = writeIn(folder, 'long_rows.csv', `${texts.join('\n')}\n`);
  const shuffle = { bufferSize: 2000, seed: 9 };
  const read = await readAll(
    openCsv(optionsFor(path, { fields: fieldsOf('t:string'), shuffle, batchSize: 100 })),
  );
  assert.deepEqual((read.flat(2) as string[]).sort(), texts.sort());
});

const RESUMES: readonly (readonly [string, string, Partial<ReaderOptions>])[] = [
  ['unshuffled', numbers, { epochs: 3 }],
  ['shuffled', numbers, { epochs: 3, shuffle: { bufferSize: 37, seed: 2020 } }],
  ['several files', thirds, { epochs: 3, shuffle: { bufferSize: 500, seed: 4 } }],
  [
    'bad rows left out',
    flawed,
    { epochs: 4, shuffle: { bufferSize: 37, seed: 1 }, onBadRow: { maxSkipped: Infinity } },
  ],
];

for (const [title, files, changes] of RESUMES) {
  test(`resumes at every batch with the batches that would have come next: ${title}`, async () => {
    const whole = openCsv(options(files, changes));
    const batches: unknown[] = [];
    const stats = [whole.stats];
    for (let batch = await whole.next(); batch !== null; batch = await whole.next()) {
      batches.push(rowsOf(batch));
      stats.push(whole.stats);
    }
    assert.ok(batches.length > 40);
    for (let done = 0; done <= batches.length; done++) {
      const position = stats[done]?.position ?? -1;
      const resumed = openCsv(options(files, { ...changes, position }));
      const batch = await resumed.next();
      assert.deepEqual(batch && rowsOf(batch), batches[done] ?? null, `after ${position} rows`);
      assert.equal(resumed.stats.position, stats[Math.min(done + 1, batches.length)]?.position);
      assert.equal(resumed.stats.rowsSkipped, (stats[done + 1] ?? whole.stats).rowsSkipped);
      await resumed.close();
    }
  });
}

test('resumes far into an endless run without reading all that came before', async () => {
  const shuffle = { bufferSize: 100, seed: 8 };
  const start = 1_000_000_000_000;
  const read = async (position: number): Promise<unknown[]> => {
    const reader = openCsv(
      options(numbers, { epochs: 0, shuffle, position, batchSize: start + 1000 - position }),
    );
    const batch = await reader.next();
    await reader.close();
    assert.equal(reader.stats.position, start + 1000);
    return batch ? rowsOf(batch).flat() : [];
  };
  const pass = (await read(start)) as number[];
  assert.deepEqual(ascending(pass), all);
  assert.deepEqual(await read(start + 300), pass.slice(300));
});

test('stops at the first bad row unless told otherwise', async () => {
  await assert.rejects(values({}, flawed), /flawed\.csv:1: column "v"/);
});

test('repeats its error instead of going on behind the bad row', async () => {
  const reader = openCsv(options(flawed, { batchSize: 1 }));
  await assert.rejects(reader.next(), /flawed\.csv:1: /);
  await assert.rejects(reader.next(), /flawed\.csv:1: /);
});

test('closing while a batch is being read rejects it', async () => {
  const reader = openCsv(options(numbers, { epochs: 0, batchSize: 1_000_000 }));
  const waiting = assert.rejects(reader.next(), /the reader is closed/);
  await reader.close();
  await waiting;
  await assert.rejects(reader.next(), /the reader is closed/);
});

test('leaves bad rows out, counts them and keeps the first messages', async () => {
  const reader = openCsv(options(flawed, { onBadRow: { maxSkipped: 143 } }));
  const read = (await readAll(reader)).flat(2);
  assert.deepEqual(
    read,
    all.filter((v) => v % 7 !== 0),
  );
  assert.equal(reader.stats.position, 857);
  assert.equal(reader.stats.rowsSkipped, 143);
  assert.equal(reader.stats.firstSkipped.length, 5);
  assert.match(reader.stats.firstSkipped[1] ?? '', /flawed\.csv:8: .*received "bad7"$/);
});

test('fails when more rows are bad than allowed', async () => {
  await assert.rejects(values({ onBadRow: { maxSkipped: 142 } }, flawed), {
    name: 'DataError',
    message:
      /expected at most 142 rows that do not fit, received more; the first ones:\n {2}.*flawed\.csv:1: /,
  });
});

test('a pass without a single row that fits is an error, not an endless loop', async () => {
  const hopeless = writeIn(folder, 'hopeless.csv', 'a\nb\n');
  await assert.rejects(
    values({ epochs: 0, onBadRow: { maxSkipped: Infinity } }, hopeless),
    /no row fits; the first: .*hopeless\.csv:1: .*received "a"/,
  );
});

test('gives the same batches from its own thread as from this one', async () => {
  const changes = { epochs: 2, shuffle: { bufferSize: 77, seed: 2020 }, position: 130 };
  const threaded = new CSVInput(options(thirds, changes));
  const local = openCsv(options(thirds, changes));
  assert.deepEqual(await readAll(threaded), await readAll(local));
  assert.deepEqual(threaded.stats, local.stats);
});
