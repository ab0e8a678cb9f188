import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column } from '../../easyrec/input/batch.js';
import { stringTensor, tensor } from '../../easyrec/tf/index.js';
import { columnCells, outputCells } from '../../easyrec/train/prediction_cells.js';
import { encodeLines, quoteField } from '../../easyrec/train/prediction_lines.js';

function stringColumn(...texts: readonly string[]): Column & { dtype: 'string' } {
  const parts = texts.map((text) => Buffer.from(text, 'utf8'));
  const offsets = [0];
  for (const part of parts) offsets.push((offsets.at(-1) ?? 0) + part.length);
  return { dtype: 'string', bytes: Buffer.concat(parts), offsets: Int32Array.from(offsets) };
}

function lines(columns: Parameters<typeof encodeLines>[0], rows: number, separator = ','): string {
  return Buffer.from(encodeLines(columns, rows, separator)).toString('utf8');
}

const FIELDS = [
  'plain',
  '',
  'a,b',
  'say "hi"',
  '"',
  'line\nbreak',
  'cr\r',
  'ü,ü',
  '||',
  'a|b',
  '\x01',
  '1.5',
];

test('texts are quoted where they hold the separator, a quote or a line break', () => {
  for (const separator of [',', '\t', '\x01', '|', '||', 'ü', '"']) {
    const expected = FIELDS.map((text) => `${quoteField(text, separator)}${separator}x\n`).join('');
    const other = columnCells(stringColumn(...FIELDS.map(() => 'x')));
    assert.equal(lines([columnCells(stringColumn(...FIELDS)), other], FIELDS.length, separator), expected);
  }
});

test('a text of nothing but quotes fits', () => {
  const text = '"'.repeat(1000);
  assert.equal(lines([columnCells(stringColumn(text))], 1), `"${'"'.repeat(2000)}"\n`);
});

test('numbers of every type of column are repeated', () => {
  const columns: readonly Column[] = [
    { dtype: 'int32', values: Int32Array.of(1, -2) },
    { dtype: 'int64', values: BigInt64Array.of(2n ** 62n, -5n) },
    { dtype: 'float32', values: Float32Array.of(0.1, NaN) },
    { dtype: 'float64', values: Float64Array.of(0.1, -Infinity) },
    { dtype: 'bool', values: Uint8Array.of(1, 0) },
  ];
  assert.equal(
    lines(columns.map(columnCells), 2),
    '1,4611686018427387904,0.1,0.1,1\n-2,-5,nan,-Infinity,0\n',
  );
});

test('a separator that numbers hold puts quotes around those that do', () => {
  using values = tensor('float32', [2], [1.5, 2]);
  assert.equal(
    lines([outputCells(values, 'p', 2), outputCells(values, 'p', 2)], 2, '.'),
    '"1.5"."1.5"\n2.2\n',
  );
});

test('several numbers or texts a row are a list, which is quoted where it holds the separator', () => {
  using numbers = tensor('float32', [2, 1, 2], [1, 2.5, -3, 4e10]);
  using texts = stringTensor([2, 2], Buffer.from('abc'), Int32Array.of(0, 1, 1, 2, 3));
  const columns = (): Parameters<typeof encodeLines>[0] => [
    outputCells(numbers, 'n', 2),
    outputCells(texts, 't', 2),
  ];
  assert.equal(lines(columns(), 2), '"[1, 2.5]","[a, ]"\n"[-3, 40000000000]","[b, c]"\n');
  assert.equal(lines(columns(), 2, '\t'), '[1, 2.5]\t[a, ]\n[-3, 40000000000]\t[b, c]\n');
});

test('an output of no numbers a row is an empty list', () => {
  using nothing = tensor('float32', [2, 0], []);
  assert.equal(lines([outputCells(nothing, 'n', 2)], 2), '[]\n[]\n');
});

test('an output that has not one row for each of the input is refused by name', () => {
  using scalar = tensor('float32', [], [1]);
  using longer = tensor('float32', [3], [1, 2, 3]);
  for (const output of [scalar, longer]) {
    assert.throws(() => outputCells(output, 'p', 2), {
      name: 'DataError',
      message: /output "p": expected 2 rows/,
    });
  }
});
