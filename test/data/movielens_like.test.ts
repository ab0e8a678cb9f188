import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MOVIELENS_COLUMNS } from '../../easyrec/data/movielens_columns.js';
import {
  generateMovielensLike,
  movielensLikeRows,
  type MovielensLikeRow,
} from '../../easyrec/data/movielens_like.js';
import { GENRES } from '../../easyrec/data/movielens_movies.js';
import { temporaryFolder } from '../input/reader_case.js';

const folder = temporaryFolder();

function take(seed: number, count: number): MovielensLikeRow[] {
  const source = movielensLikeRows(seed);
  return Array.from({ length: count }, () => source.next().value);
}

/** Probability that a row of label 1 scores above one of label 0, ties counting half: by counting all pairs of score levels. */
function areaUnderCurve(scores: readonly number[], labels: readonly number[]): number {
  const levels = new Map<number, [number, number]>();
  scores.forEach((score, i) => {
    const counts = levels.get(score) ?? [0, 0];
    counts[labels[i] === 1 ? 1 : 0]++;
    levels.set(score, counts);
  });
  let below = 0;
  let area = 0;
  let positives = 0;
  for (const [, [negative, positive]] of [...levels].sort(([a], [b]) => a - b)) {
    area += positive * (below + negative / 2);
    below += negative;
    positives += positive;
  }
  return area / (below * positives);
}

const rows = take(1, 60_000);
const labels = rows.map((row) => row.label);
const cells = rows.map((row) => row.line.split('\t'));

test('the area under the curve of known cases is right', () => {
  assert.equal(areaUnderCurve([1, 2, 3, 4], [0, 0, 1, 1]), 1);
  assert.equal(areaUnderCurve([1, 1, 1, 1], [0, 1, 0, 1]), 0.5);
  assert.equal(areaUnderCurve([3, 1, 2, 4], [0, 0, 1, 1]), 0.75);
});

test('one seed gives the same bytes on every machine, another seed others', () => {
  const sums = ['first', 'again', 'other'].map((name) => {
    const directory = join(folder, name);
    const { train, test: held } = generateMovielensLike({
      directory,
      trainRows: 5000,
      testRows: 500,
      seed: name === 'other' ? 2 : 1,
    });
    assert.deepEqual(readdirSync(directory).sort(), ['movies_test_data', 'movies_train_data']);
    return [train, held].map(({ path }) => createHash('sha256').update(readFileSync(path)).digest('hex'));
  });
  assert.deepEqual(sums[0], sums[1]);
  assert.notDeepEqual(sums[0], sums[2]);
  // Figures in the documentation were measured on these rows: a change here is a change of data set.
  assert.equal(sums[0]?.[0], '8b2f888950680e9abfa0be2fae71fd03e6468053742607adfa16e094b8d4a1be');
});

test('training and test rows follow each other in one sequence', () => {
  const directory = join(folder, 'sequence');
  const { train, test: held } = generateMovielensLike({ directory, trainRows: 70, testRows: 30, seed: 1 });
  const text = readFileSync(train.path, 'utf8') + readFileSync(held.path, 'utf8');
  assert.equal(
    text,
    rows
      .slice(0, 100)
      .map(({ line }) => `${line}\n`)
      .join(''),
  );
  const positives = labels.slice(0, 70).filter((label) => label === 1).length;
  assert.deepEqual([train.rows, held.rows, train.labelMean], [70, 30, positives / 70]);
});

test('the mean label is that of MovieLens-1M for every seed', () => {
  for (const seed of [1, 2, 3, 2024]) {
    const mean = take(seed, 60_000).filter((row) => row.label === 1).length / 60_000;
    assert.ok(Math.abs(mean - 0.778) < 0.01, `seed ${seed}: ${mean}`);
  }
});

test('what labels depend on orders the rows about as well as models order MovieLens-1M', () => {
  const area = areaUnderCurve(
    rows.map((row) => row.score),
    labels,
  );
  assert.ok(area > 0.87 && area < 0.9, String(area));
});

test('the overlap of genres and title, split at blanks, says something about the label', () => {
  const overlap = cells.map((row) => {
    const query = (row[9] ?? '').split(' ');
    const title = new Set((row[8] ?? '').split(' '));
    return query.filter((term) => title.has(term)).length / query.length;
  });
  const area = areaUnderCurve(overlap, labels);
  assert.ok(area > 0.53 && area < 0.6, String(area));
});

test('columns have the shapes and ranges of the prepared MovieLens-1M', () => {
  const within = (column: number, from: number, to: number): void => {
    const values = cells.map((row) => Number(row[column]));
    assert.ok(values.every(Number.isInteger), MOVIELENS_COLUMNS[column]);
    assert.equal(
      values.reduce((a, b) => Math.min(a, b)),
      from,
      MOVIELENS_COLUMNS[column],
    );
    assert.equal(
      values.reduce((a, b) => Math.max(a, b)),
      to,
      MOVIELENS_COLUMNS[column],
    );
  };
  assert.ok(cells.every((row) => row.length === MOVIELENS_COLUMNS.length));
  within(0, 0, 1);
  within(1, 1, 6040);
  within(2, 1, 3883);
  within(4, 0, 1);
  within(5, 0, 6);
  within(6, 0, 20);
  within(10, 1919, 2000);
  assert.deepEqual([...new Set(cells.map((row) => row[3]))].sort(), ['1', '2', '4', '5']);
  assert.ok(cells.every((row) => (Number(row[3]) >= 4 ? '1' : '0') === row[0]));
  assert.ok(cells.every((row) => /^\d{5}(-\d{4})?$/.test(row[7] ?? '')));
  assert.ok(cells.every((row) => /^[^\s"](.*[^\s"])? $/.test(row[8] ?? '')));
  assert.deepEqual(
    [...new Set(cells.flatMap((row) => (row[9] ?? '').split('|')))].sort(),
    [...GENRES].sort(),
  );
});

test('refuses a senseless number of rows', () => {
  assert.throws(() => generateMovielensLike({ directory: folder, trainRows: -1, testRows: 1, seed: 1 }), {
    name: 'ConfigError',
    message: 'rows of movies_train_data: expected a whole number from 0, received -1',
  });
});

test('a file that cannot be written is named, and nothing half-written is left', () => {
  const options = { trainRows: 10, testRows: 1, seed: 1 };
  assert.throws(() => generateMovielensLike({ directory: '/dev/null/x', ...options }), {
    name: 'DataError',
    message: /^\/dev\/null\/x\/movies_train_data: cannot write: ENOTDIR/,
  });
  const directory = join(folder, 'taken');
  mkdirSync(join(directory, 'movies_train_data', 'occupied'), { recursive: true });
  assert.throws(() => generateMovielensLike({ directory, ...options }), { name: 'DataError' });
  assert.deepEqual(readdirSync(directory), ['movies_train_data']);
});
