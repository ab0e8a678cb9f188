import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CATEGORY_SHAPES, NUMBER_SHAPES } from '../../easyrec/data/criteo_columns.js';
import { generateCriteoLike } from '../../easyrec/data/criteo_like.js';
import { areaUnderCurve } from '../../easyrec/data/oracle_auc.js';
import { temporaryFolder } from '../input/reader_case.js';

const folder = temporaryFolder();
const ROWS = 40_000;
const made = generateCriteoLike({ directory: join(folder, 'a'), trainRows: ROWS, testRows: 20_000, seed: 7 });
const cells = readFileSync(made.train.path, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => line.split('\t'));
const column = (index: number): string[] => cells.map((row) => row[index] ?? '');
const share = (values: readonly string[], is: (value: string) => boolean): number =>
  values.filter(is).length / values.length;

test('rows are a label, 13 whole numbers and 26 categories of 8 hexadecimal digits', () => {
  assert.equal(cells.length, ROWS);
  const number = /^(-?\d+)?$/;
  const category = /^([0-9a-f]{8})?$/;
  const wrong = cells.find(
    (row) =>
      row.length !== 40 ||
      !['0', '1'].includes(row[0] ?? '') ||
      row.slice(1, 14).some((cell) => !number.test(cell)) ||
      row.slice(14).some((cell) => !category.test(cell)),
  );
  assert.equal(wrong, undefined);
});

test('the same seed makes the same bytes, another seed others, and the files of one seed differ', () => {
  const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
  const make = (name: string, seed: number): string[] => {
    const directory = join(folder, name);
    const files = generateCriteoLike({ directory, trainRows: 300, testRows: 300, seed });
    return [files.train.path, files.test.path].map(hashOf);
  };
  const [one, again, other] = [make('b', 3), make('c', 3), make('d', 4)];
  assert.deepEqual(one, again);
  assert.equal(new Set([...one, ...other]).size, 4);
});

test('numbers have their medians, bounds and missing shares', () => {
  NUMBER_SHAPES.forEach(({ mean, missing, least, most }, k) => {
    const texts = column(1 + k);
    const values = texts.filter((text) => text !== '').map(Number);
    // Five standard errors of a share of 40,000 rows.
    assert.ok(Math.abs(share(texts, (text) => text === '') - missing) < 0.0125, `missing share of F${k + 1}`);
    assert.ok(
      values.every((value) => value >= least && value <= most),
      `bounds of F${k + 1}`,
    );
    const negative = least < 0 ? 0.1 : 0;
    assert.ok(Math.abs(values.filter((value) => value < 0).length / values.length - negative) < 0.0075);
    const below = values.filter((value) => value < 0 || value + 1 <= Math.exp(mean)).length / values.length;
    const half = negative + (1 - negative) / 2;
    // Rounding down moves values across the median where they are small.
    const tolerance = mean > 3 ? 0.02 : 0.3;
    assert.ok(Math.abs(below - half) < tolerance, `median of F${k + 1}: ${below} below`);
  });
});

test('categories have their values and missing shares', () => {
  CATEGORY_SHAPES.forEach(({ values, missing }, j) => {
    const texts = column(14 + j);
    const distinct = new Set(texts.filter((text) => text !== '')).size;
    assert.ok(distinct <= values, `C${j + 1}: ${distinct} values of ${values}`);
    if (values <= 30) assert.equal(distinct, values, `C${j + 1}`);
    assert.ok(Math.abs(share(texts, (text) => text === '') - missing) < 0.0125, `missing share of C${j + 1}`);
  });
});

test('the most frequent values of a category are as frequent as a Zipf law has them', () => {
  const [shape] = CATEGORY_SHAPES.slice(13, 14);
  assert.deepEqual(shape, { values: 27, exponent: 1, missing: 0 });
  const counts = new Map<string, number>();
  for (const text of column(14 + 13)) counts.set(text, (counts.get(text) ?? 0) + 1);
  const shares = [...counts.values()].sort((a, b) => b - a).map((count) => count / ROWS);
  for (const rank of [1, 2, 3, 9]) {
    const expected = Math.log((rank + 1) / rank) / Math.log(28);
    assert.ok(Math.abs((shares[rank - 1] ?? 0) - expected) < 0.01, `rank ${rank}: ${shares[rank - 1]}`);
  }
});

test('labels can be learned: the AUC of the true logits is far from both ends, in both files alike', () => {
  const { train, test: tested } = made;
  assert.ok(train.labelMean > 0.2 && train.labelMean < 0.3, `label mean ${train.labelMean}`);
  assert.ok(train.oracleAuc > 0.82 && train.oracleAuc < 0.86, `AUC ${train.oracleAuc}`);
  assert.ok(Math.abs(train.oracleAuc - tested.oracleAuc) < 0.02, `AUC ${tested.oracleAuc}`);
  const labels = share(column(0), (label) => label === '1');
  assert.equal(labels, train.labelMean);
});

test('the area under the curve is that of counting all pairs', () => {
  const area = (scores: number[], labels: number[]): number =>
    areaUnderCurve(Float64Array.from(scores), Uint8Array.from(labels));
  assert.equal(area([1, 2, 3, 4], [0, 0, 1, 1]), 1);
  assert.equal(area([4, 3, 2, 1], [0, 0, 1, 1]), 0);
  assert.equal(area([1, 1, 1, 1], [0, 1, 0, 1]), 0.5);
  assert.equal(area([1, 2, 2, 3], [0, 1, 0, 1]), (1 + 0.5 + 1 + 1) / 4);
  assert.ok(Number.isNaN(area([1, 2], [1, 1])));
});

test('a count of rows that is none is refused', () => {
  const options = { directory: folder, testRows: 1, seed: 1 };
  assert.throws(() => generateCriteoLike({ ...options, trainRows: 1.5 }), { name: 'ConfigError' });
  assert.throws(() => generateCriteoLike({ ...options, trainRows: -1 }), { name: 'ConfigError' });
});
