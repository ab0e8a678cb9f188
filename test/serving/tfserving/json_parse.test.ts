import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServingError } from '../../../easyrec/serving/status.js';
import { parseJson } from '../../../easyrec/serving/tfserving/json_parse.js';
import {
  isArray,
  JsonDouble,
  JsonObject,
  type JsonValue,
} from '../../../easyrec/serving/tfserving/json_value.js';

/** A plain form to compare: doubles as {double}, strings as text in quotes, objects as pairs. */
function plain(value: JsonValue): unknown {
  if (value instanceof JsonDouble) return { double: value.value };
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('utf8')}"`;
  if (value instanceof JsonObject) return value.members.map(({ key, value: v }) => [key, plain(v)]);
  return isArray(value) ? value.map(plain) : value;
}

function parse(text: string): unknown {
  return plain(parseJson(Buffer.from(text)));
}

test('keeps integers exact and apart from decimals', () => {
  assert.deepEqual(parse('[0, -0, 1, -1, 4503599627370497, 1.0, 1e2, -0.0]'), [
    0,
    0,
    1,
    -1,
    4503599627370497,
    { double: 1 },
    { double: 100 },
    { double: -0 },
  ]);
  assert.deepEqual(
    parse('[9007199254740993, -9223372036854775808, 9223372036854775807, 18446744073709551615]'),
    [9007199254740993n, -9223372036854775808n, 9223372036854775807n, 18446744073709551615n],
  );
});

test('makes doubles of integers beyond 64 bits', () => {
  assert.deepEqual(parse('[18446744073709551616, -9223372036854775809]'), [
    { double: 2 ** 64 },
    { double: -(2 ** 63) },
  ]);
});

test('reads NaN and the infinities', () => {
  assert.deepEqual(parse('[NaN, Inf, Infinity, -Inf, -Infinity, -NaN]'), [
    { double: NaN },
    { double: Infinity },
    { double: Infinity },
    { double: -Infinity },
    { double: -Infinity },
    { double: NaN },
  ]);
});

test('rounds decimals correctly, short ones and long ones', () => {
  const decimals = ['0.1', '123456.789', '0.000001', '5.003', '1e-7', '1.7976931348623157e308', '4.9e-324'];
  const long = ['0.1000000000000000055511151231257827', '3.14159265358979323846', '179769313486231570000.5'];
  for (const text of [...decimals, ...long]) {
    assert.deepEqual(parse(`[${text}, -${text}]`), [{ double: Number(text) }, { double: -Number(text) }]);
  }
});

test('stops after the first complete value', () => {
  assert.deepEqual(parse('{"a": 1}}}garbage'), [['a', 1]]);
  assert.equal(parse(' null x'), null);
});

test('keeps repeated keys and their order', () => {
  assert.deepEqual(parse('{"b": true, "a": false, "b": null}'), [
    ['b', true],
    ['a', false],
    ['b', null],
  ]);
});

test('skips a byte order mark and white space', () => {
  assert.deepEqual(parse('\ufeff \t\r\n[ 1 ,\n2 ]'), [1, 2]);
});

test('decodes every escape', () => {
  assert.equal(
    parse('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u5927\\ud83d\\ude00"'),
    '""\\/\b\f\n\r\tAé大😀"',
  );
});

test('keeps bytes of a string that are not UTF-8', () => {
  const value = parseJson(Buffer.from([0x22, 0xff, 0x80, 0x22]));
  assert.deepEqual(value, Buffer.from([0xff, 0x80]));
});

test('nests as deep as the document does', () => {
  const depth = 500_000;
  let value = parseJson(Buffer.from('['.repeat(depth) + ']'.repeat(depth)));
  let levels = 0;
  for (; isArray(value); levels++) value = value[0] ?? null;
  assert.equal(levels, depth);
});

const MALFORMED: readonly (readonly [string, string, number])[] = [
  ['   ', 'The document is empty.', 3],
  [']', 'The document is empty.', 0],
  ['nul', 'Invalid value.', 3],
  ['trve', 'Invalid value.', 2],
  ['{"a": x}', 'Invalid value.', 6],
  ['[1, ]', 'Invalid value.', 4],
  ['[', 'Invalid value.', 1],
  ['[-]', 'Invalid value.', 2],
  ['[Infx]', "Missing a comma or ']' after an array element.", 4],
  ['[Infin]', 'Invalid value.', 6],
  ['{', 'Missing a name for object member.', 1],
  ['{1: 2}', 'Missing a name for object member.', 1],
  ['{"a": 1,}', 'Missing a name for object member.', 8],
  ['{"a" 1}', 'Missing a colon after a name of object member.', 5],
  ['{"a": 1 "b"}', "Missing a comma or '}' after an object member.", 8],
  ['[1 2]', "Missing a comma or ']' after an array element.", 3],
  ['[01]', "Missing a comma or ']' after an array element.", 2],
  ['["\\u12x4"]', 'Incorrect hex digit after \\u escape in string.', 2],
  ['["\\ud800x"]', 'The surrogate pair in string is invalid.', 2],
  ['["\\ud800\\u0041"]', 'The surrogate pair in string is invalid.', 2],
  ['["\\x"]', 'Invalid escape character in string.', 2],
  ['["a\nb"]', 'Invalid escape character in string.', 3],
  ['["abc', 'Missing a closing quotation mark in string.', 5],
  ['[1e400]', 'Number too big to be stored in double.', 1],
  ['[1.]', 'Miss fraction part in number.', 3],
  ['[1e]', 'Miss exponent in number.', 3],
  ['[1e+]', 'Miss exponent in number.', 4],
];

for (const [text, reason, offset] of MALFORMED) {
  test(`reports ${JSON.stringify(text)} as TensorFlow Serving does`, () => {
    assert.throws(
      () => parse(text),
      (error: unknown) =>
        error instanceof ServingError &&
        error.code === 'INVALID_ARGUMENT' &&
        error.message === `JSON Parse error: ${reason} at offset: ${offset}`,
    );
  });
}
