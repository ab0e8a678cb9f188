import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../easyrec/input/random.js';
import { fieldsOf, openCsv, optionsFor, readAll, temporaryFolder, writeIn } from '../input/reader_case.js';
import { runPython, skipWithoutTensorflow } from '../support/python.js';

/** Decodes each line by itself as tf.data does; prints [number of line, int32, int64, float32, float64, text] or nothing. */
const PYTHON = `
import json, sys
import tensorflow as tf
types = (tf.int64, tf.int32, tf.int64, tf.float32, tf.float64)
defaults = [tf.constant([7], t) for t in types] + [tf.constant(['none'])]
for line in tf.data.TextLineDataset(sys.argv[1]):
  try:
    row = [x.numpy() for x in tf.io.decode_csv(line, defaults)]
  except tf.errors.InvalidArgumentError:
    continue
  numbers = [str(x) for x in row[:3]] + [repr(float(x)) for x in row[3:5]]
  print(json.dumps(numbers + [row[5].decode('utf-8')]))
`;

// The first five of each are plain and drawn more often, so that a good part of the lines has no fault at all.
const INT32 = [
  '',
  '0',
  '-1',
  '+5',
  ' 42',
  '9 ',
  '2147483647',
  '2147483648',
  '-2147483648',
  '-2147483649',
  '1.0',
  '1e3',
  'x',
  '"3"',
  '-',
];
const INT64 = [
  '',
  '0',
  '-1',
  '9007199254740993',
  '99999999999999',
  '-1234567890123456',
  '9223372036854775807',
  '9223372036854775808',
  '"12"',
  '0x1',
];
const FLOAT32 = [
  '',
  '0',
  '.5',
  '5.',
  '1e-5',
  '3.4028236e38',
  '1e-45',
  '-0.0',
  'nan',
  '-inf',
  'Infinity',
  '1e',
  '"1.5"',
  ' 2 ',
  '0x1p-3',
  '1.00000017881393432617187499',
  '-1.00000005960464477539062500000000001',
];
const FLOAT64 = [
  '',
  '0',
  '0.1',
  '1e308',
  '-7e+2',
  '1e309',
  '4.9e-324',
  '2.4e-324',
  '123456789012345678',
  '.',
  '"0.25"',
  'nan(x1)',
  '1.5.2',
];
const TEXT = [
  '',
  'abc',
  ' a b ',
  '"q,""r"""',
  '上海',
  'a"b',
  '"open',
  '"x"y',
  '""',
  '""""',
  "l'été",
  'a\rb',
  '"a\rb"',
  ',',
  ' "x"',
];

function randomNumber(random: Random): string {
  const digits = Array.from({ length: 1 + random.below(24) }, () => random.below(10)).join('');
  const point = random.below(digits.length + 1);
  const sign = random.uniform() < 0.3 ? '-' : '';
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}e${random.below(90) - 60}`;
}

function randomLines(count: number): string {
  const random = new Random(20260101);
  const pick = (texts: readonly string[]): string =>
    texts[random.below(random.uniform() < 0.7 ? 5 : texts.length)] ?? '';
  const float = (texts: readonly string[]): string =>
    random.uniform() < 0.5 ? randomNumber(random) : pick(texts);
  const line = (number: number): string => {
    const fields = [String(number), pick(INT32), pick(INT64), float(FLOAT32), float(FLOAT64), pick(TEXT)];
    if (random.uniform() < 0.03) fields.pop();
    if (random.uniform() < 0.03) fields.push('');
    return `${fields.join(',')}\r\n`;
  };
  return Array.from({ length: count }, (_, number) => line(number)).join('');
}

const PYTHON_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['nan', NaN],
  ['inf', Infinity],
  ['-inf', -Infinity],
]);

test('accepts, refuses and rounds as decode_csv does', { skip: skipWithoutTensorflow('2.21') }, async () => {
  const path = writeIn(temporaryFolder(), 'random.csv', randomLines(4000));
  const printed = await runPython('2.21', PYTHON, [path]);
  const expected = printed
    .trimEnd()
    .split('\n')
    .map((text) => {
      const [number = '', i = '', l = '', f = '', d = '', s = ''] = JSON.parse(text) as string[];
      const toNumber = (value: string): number => PYTHON_NUMBERS.get(value) ?? Number(value);
      return [BigInt(number), Number(i), BigInt(l), toNumber(f), toNumber(d), s];
    });
  const fields = fieldsOf(
    'n:int64=7',
    'i:int32=7',
    'l:int64=7',
    'f:float32=7',
    'd:float64=7',
    's:string=none',
  );
  const reader = openCsv(optionsFor(path, { fields, batchSize: 512, onBadRow: { maxSkipped: Infinity } }));
  const read = (await readAll(reader)).flat();
  assert.ok(expected.length > 1000 && expected.length < 3000, `${expected.length} rows were accepted`);
  assert.deepEqual(read, expected);
});
