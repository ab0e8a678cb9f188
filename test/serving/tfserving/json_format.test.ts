import assert from 'node:assert/strict';
import { test } from 'node:test';
import { debugJson, formatFloat, formatG } from '../../../easyrec/serving/tfserving/json_format.js';
import { parseJson } from '../../../easyrec/serving/tfserving/json_parse.js';
import { runPython, skipWithoutTensorflow } from '../../support/python.js';

test("prints TensorFlow Serving's own float32 examples", () => {
  const examples = {
    9000000: '9e+06',
    999999: '999999.0',
    0.5: '0.5',
    0.0003: '0.0003',
    0.00003: '3e-05',
    555557.5: '555557.5',
  };
  for (const [value, text] of Object.entries(examples)) {
    assert.equal(formatFloat(Math.fround(Number(value)), 'float32'), text);
  }
});

test('adds .0 to whole numbers and leaves exponents alone', () => {
  assert.equal(formatFloat(4, 'float32'), '4.0');
  assert.equal(formatFloat(-0, 'float64'), '-0.0');
  assert.equal(formatFloat(1e300, 'float64'), '1e+300');
});

test('uses 9 digits for float32 and 17 for float64 where 6 do not suffice', () => {
  assert.equal(formatFloat(Math.fround(0.1), 'float32'), '0.1');
  assert.equal(formatFloat(Math.fround(1 / 3), 'float32'), '0.333333343');
  assert.equal(formatFloat(1 / 3, 'float64'), '0.33333333333333331');
  assert.equal(formatFloat(16777216, 'float32'), '16777216.0');
});

test('prints NaN and the infinities as bare words', () => {
  assert.deepEqual(
    [NaN, Infinity, -Infinity].map((value) => formatFloat(value, 'float32')),
    ['NaN', 'Infinity', '-Infinity'],
  );
});

test('rounds exact ties to the even digit, as C does', () => {
  assert.equal(formatG(2 ** -14, 9), '6.10351562e-05');
  assert.equal(formatG(0.5, 1), '0.5');
  assert.equal(formatG(2.5, 1), '2');
  assert.equal(formatG(3.5, 1), '4');
  assert.equal(formatG(-1.25, 2), '-1.2');
});

test("agrees with C's printf on many numbers", { skip: skipWithoutTensorflow('2.21') }, async () => {
  const script = [
    'import json, random, struct, sys',
    'random.seed(7)',
    'rows = []',
    'for i in range(3000):',
    '    v = struct.unpack("<d", struct.pack("<Q", random.getrandbits(64)))[0]',
    '    if i % 3 == 0: v = random.randrange(-2**20, 2**20) / 2.0 ** random.randrange(30)',
    '    if v != v or v in (float("inf"), -float("inf")): continue',
    '    rows.append([repr(v), "%.6g" % v, "%.9g" % v, "%.17g" % v])',
    'print(json.dumps(rows))',
  ].join('\n');
  const rows = JSON.parse(await runPython('2.21', script)) as [string, string, string, string][];
  assert.ok(rows.length > 2000);
  for (const [value, six, nine, seventeen] of rows) {
    assert.deepEqual(
      [6, 9, 17].map((digits) => formatG(Number(value), digits)),
      [six, nine, seventeen],
    );
  }
});

function debug(text: string): string {
  return debugJson(parseJson(Buffer.from(text)));
}

test('lays out JSON in error texts with arrays on one line', () => {
  assert.equal(
    debug('{"a":[1,[2.5,-3]],"b":{},"c":[],"d":"x\\n\\u0001é","e":1e30,"f":1.0,"g":{"h":null}}'),
    '{\n    "a": [1, [2.5, -3]],\n    "b": {},\n    "c": [],\n    "d": "x\\n\\u0001é",\n' +
      '    "e": 1e30,\n    "f": 1.0,\n    "g": {\n        "h": null\n    }\n}',
  );
});

test('cuts JSON in error texts after 256 bytes, at the end of a value', () => {
  const text = debug(JSON.stringify(Array.from({ length: 500 }, () => 1234567)));
  assert.equal(text, `[${Array.from({ length: 29 }, () => '1234567').join(', ')}`.slice(0, 260));
  assert.equal(debug(JSON.stringify(['x'.repeat(1000), 1])), `["${'x'.repeat(1000)}"`);
});

test('stops at a number that JSON cannot express, as the original does', () => {
  assert.equal(debug('[1, NaN, 2]'), '[1, ');
});
