import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDouble, parseFloat32, parseInt64, parseInteger } from '../../easyrec/input/csv/number_text.js';

const parse = <T>(f: (bytes: Uint8Array, start: number, end: number) => T, text: string): T =>
  f(Buffer.from(`9${text}9`), 1, 1 + Buffer.byteLength(text));

// What tf.io.decode_csv of Python TensorFlow 2.21.0 gave for these texts, one field of that type; null where it refused.
const INTEGERS: readonly (readonly [string, number | null])[] = [
  ['5', 5],
  [' 5', 5],
  ['5 ', 5],
  ['\t5', 5],
  ['5\v', 5],
  ['+5', 5],
  ['-5', -5],
  ['007', 7],
  ['-0', 0],
  ['2147483647', 2147483647],
  ['-2147483648', -2147483648],
  ['- 5', null],
  ['1.0', null],
  ['0x10', null],
  ['1e3', null],
  ['  ', null],
  ['5a', null],
  ['--5', null],
  ['+-5', null],
  ['5\0', null],
  ['1 2', null],
];

test('reads whole numbers as decode_csv does', () => {
  for (const [text, expected] of INTEGERS) {
    const value = parse(parseInteger, text);
    assert.equal(Number.isNaN(value) ? null : value + 0, expected, JSON.stringify(text));
    assert.equal(
      parse(parseInt64, text) ?? null,
      expected === null ? null : BigInt(expected),
      JSON.stringify(text),
    );
  }
});

test('keeps int64 to its range', () => {
  assert.equal(parse(parseInt64, '9223372036854775807'), 2n ** 63n - 1n);
  assert.equal(parse(parseInt64, '-9223372036854775808'), -(2n ** 63n));
  assert.equal(parse(parseInt64, '9223372036854775808'), undefined);
  assert.equal(parse(parseInt64, '-9223372036854775809'), undefined);
});

// The same for float32 and float64.
const FLOATS: readonly (readonly [string, number, number])[] = [
  ['1.5', 1.5, 1.5],
  [' 1.5 ', 1.5, 1.5],
  ['+1.5', 1.5, 1.5],
  ['-1.5', -1.5, -1.5],
  ['1.', 1, 1],
  ['.5', 0.5, 0.5],
  ['0.1', Math.fround(0.1), 0.1],
  ['1e5', 100000, 100000],
  ['1E5', 100000, 100000],
  ['1e+5', 100000, 100000],
  ['1e-5', Math.fround(1e-5), 1e-5],
  ['1e400', Infinity, Infinity],
  ['-1e400', -Infinity, -Infinity],
  ['1e-400', 0, 0],
  ['1e-46', 0, 1e-46],
  ['1e39', Infinity, 1e39],
  ['inf', Infinity, Infinity],
  ['-INF', -Infinity, -Infinity],
  ['+inf', Infinity, Infinity],
  ['Infinity', Infinity, Infinity],
  ['nan', NaN, NaN],
  ['-NaN', NaN, NaN],
  ['nan(1)', NaN, NaN],
  ['0x10', 16, 16],
  ['0x1p3', 8, 8],
  ['0X1.8p1', 3, 3],
  // Half way between two floats or just beside it: rounding to double first would lose the side.
  ['1.0000000596046448', 1.0000001192092896, 1.0000000596046448],
  ['1.00000005960464477539062500000000001', 1.0000001192092896, 1.0000000596046448],
  ['1.000000059604644775390625', 1, 1.0000000596046448],
  ['-1.00000005960464477539062500000000001', -1.0000001192092896, -1.0000000596046448],
  ['340282356779733661637539395458142568447', 3.4028234663852886e38, 3.4028235677973366e38],
  ['340282356779733661637539395458142568448', Infinity, 3.4028235677973366e38],
  ['7.0064923216240853e-46', 0, 7.006492321624085e-46],
  ['7.0064923216240854e-46', 1.401298464324817e-45, 7.006492321624085e-46],
];

test('reads and rounds numbers as decode_csv does', () => {
  for (const [text, float, double] of FLOATS) {
    assert.equal(parse(parseFloat32, text), float, `float32 ${text}`);
    assert.equal(parse(parseDouble, text), double, `float64 ${text}`);
  }
});

test('refuses what decode_csv refuses', () => {
  for (const text of [
    '.',
    '1e',
    'e5',
    '1f',
    '1d',
    '1_000',
    '  ',
    '--1',
    '+-1',
    '- 1',
    '0x',
    'infin',
    'i',
    '1 2',
    '1,5',
  ]) {
    assert.equal(parse(parseFloat32, text), undefined, JSON.stringify(text));
    assert.equal(parse(parseDouble, text), undefined, JSON.stringify(text));
  }
});

test('agrees with JavaScript on the double nearest to texts of every length', () => {
  for (let digits = 1; digits <= 25; digits++) {
    for (let point = 0; point <= digits; point++) {
      const all = '9182736450918273645091827'.slice(0, digits);
      const text = `${all.slice(0, point)}.${all.slice(point)}`;
      assert.equal(parse(parseDouble, text), Number(text), text);
      assert.equal(parse(parseDouble, `-${text}e-7`), -Number(`${text}e-7`), text);
    }
  }
});
