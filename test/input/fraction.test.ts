import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { CSVInput } from '../../easyrec/input/csv/csv_input.js';
import { Random } from '../../easyrec/input/random.js';
import type { BatchReader, ReaderOptions } from '../../easyrec/input/reader.js';
import { openCsv, optionsFor, temporaryFolder, writeIn } from './reader_case.js';

const folder = temporaryFolder();

/** Rows of like length. Their texts are random letters, which do not pack to nothing. */
function csvText(rows: number): string {
  const random = new Random(5);
  const text = (): string => Array.from({ length: 12 }, () => random.below(36).toString(36)).join('');
  return Array.from({ length: rows }, (_, i) => `${100_000 + i},${text()}\n`).join('');
}

const SMALL = writeIn(folder, 'small.csv', csvText(1000));
const LARGE = writeIn(folder, 'large.csv', csvText(40_000));
const PACKED = writeIn(folder, 'packed.csv.gz', gzipSync(csvText(40_000)));

interface Progress {
  /** Of all rows, after each batch. */
  readonly ofRows: number[];
  readonly fractions: (number | null)[];
  readonly atEnd: number | null;
}

async function progressOf(reader: BatchReader, allRows: number): Promise<Progress> {
  const ofRows: number[] = [];
  const fractions: (number | null)[] = [];
  for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
    ofRows.push(reader.stats.position / allRows);
    fractions.push(reader.stats.fraction);
  }
  const atEnd = reader.stats.fraction;
  await reader.close();
  return { ofRows, fractions, atEnd };
}

function assertFollows({ ofRows, fractions, atEnd }: Progress, tolerance: number): void {
  assert.ok(fractions.length > 10);
  let before = 0;
  fractions.forEach((fraction, i) => {
    assert.ok(fraction !== null && fraction >= before && fraction <= 1, `${fraction} after ${before}`);
    before = fraction;
    const rows = ofRows[i] ?? NaN;
    assert.ok(Math.abs(fraction - rows) <= tolerance, `batch ${i}: ${fraction} of bytes, ${rows} of rows`);
  });
  assert.equal(atEnd, 1);
}

const SHUFFLE = { seed: 3, bufferSize: 1 };

const CASES: readonly (readonly [string, string, number, Partial<ReaderOptions>, number])[] = [
  ['a file smaller than one read', SMALL, 1000, {}, 0.001],
  ['a file of many reads', LARGE, 40_000, {}, 0.001],
  ['three passes', SMALL, 3000, { epochs: 3 }, 0.001],
  ['several files', `${SMALL},${LARGE}`, 82_000, { epochs: 2 }, 0.001],
  [
    'files in another order at each pass',
    `${SMALL},${LARGE}`,
    82_000,
    { epochs: 2, shuffle: SHUFFLE },
    0.001,
  ],
  [
    'a shuffle buffer larger than the file',
    SMALL,
    2000,
    { epochs: 2, shuffle: { seed: 3, bufferSize: 5000 } },
    0.001,
  ],
  [
    'a shuffle buffer of a part of the file',
    LARGE,
    40_000,
    { shuffle: { seed: 3, bufferSize: 9000 } },
    0.001,
  ],
  ['gzip', PACKED, 40_000, {}, 0.02],
  [
    'gzip in a shuffle buffer',
    PACKED,
    80_000,
    { epochs: 2, shuffle: { seed: 3, bufferSize: 100_000 } },
    0.02,
  ],
];

for (const [title, files, rows, changes, tolerance] of CASES) {
  test(`the share that is done follows the rows: ${title}`, async () => {
    const batchSize = Math.ceil(rows / 50);
    assertFollows(await progressOf(openCsv(optionsFor(files, { batchSize, ...changes })), rows), tolerance);
  });
}

test('it counts what an earlier run has done', async () => {
  const options = optionsFor(SMALL, { batchSize: 20, epochs: 4, position: 2500 });
  const { fractions, atEnd } = await progressOf(openCsv(options), 4000);
  assert.ok(Math.abs((fractions[0] ?? NaN) - 2520 / 4000) < 0.001);
  assert.equal(fractions.length, 75);
  assert.equal(atEnd, 1);
});

test('rows that are left out count as done', async () => {
  const bad = writeIn(folder, 'bad.csv', csvText(500) + 'x,'.repeat(5).concat('\n').repeat(500));
  const reader = openCsv(optionsFor(bad, { batchSize: 500, onBadRow: { maxSkipped: Infinity } }));
  await reader.next();
  assert.ok((reader.stats.fraction ?? 1) < 0.7);
  assert.equal(await reader.next(), null);
  assert.equal(reader.stats.fraction, 1);
});

test('endless reading has no share that is done', async () => {
  const reader = openCsv(optionsFor(SMALL, { epochs: 0 }));
  await reader.next();
  assert.equal(reader.stats.fraction, null);
  await reader.close();
});

test('it is that of the batches delivered, not of those read ahead', async () => {
  const reader = new CSVInput(optionsFor(SMALL, { batchSize: 10, prefetch: 50 }));
  assert.equal(reader.stats.fraction, 0);
  assertFollows(await progressOf(reader, 1000), 0.001);
  const endless = new CSVInput(optionsFor(SMALL, { epochs: 0 }));
  assert.equal(endless.stats.fraction, null);
  await endless.close();
});
