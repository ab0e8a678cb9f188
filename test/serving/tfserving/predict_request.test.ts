import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServingError, type StatusCode } from '../../../easyrec/serving/status.js';
import {
  readPredictDocument,
  readPredictInputs,
  type PredictDocument,
  type PredictInputs,
} from '../../../easyrec/serving/tfserving/predict_request.js';
import type { DType } from '../../../easyrec/tf/dtype.js';
import { infos } from '../support.js';

function read(body: string, dtypes: Readonly<Record<string, DType>>): PredictDocument & PredictInputs {
  const document = readPredictDocument(Buffer.from(body));
  return { ...document, ...readPredictInputs(document, infos(dtypes)) };
}

function input(body: string, dtype: DType): unknown {
  return read(body, { x: dtype }).inputs.get('x');
}

function assertFails(
  body: string,
  dtypes: Readonly<Record<string, DType>>,
  message: string,
  code?: StatusCode,
): void {
  assert.throws(
    () => read(body, dtypes),
    (error: unknown) => {
      assert.ok(error instanceof ServingError, String(error));
      assert.equal(error.message, message);
      assert.equal(error.code, code ?? 'INVALID_ARGUMENT');
      return true;
    },
  );
}

test('row format: one input, its rows batched', () => {
  const request = read('{"instances": [[1,2],[3,4],[5,6]]}', { x: 'int32' });
  assert.equal(request.format, 'row');
  assert.equal(request.signatureName, 'serving_default');
  assert.deepEqual(request.inputs.get('x'), {
    dtype: 'int32',
    shape: [3, 2],
    values: Int32Array.of(1, 2, 3, 4, 5, 6),
  });
});

test('row format: scalars give a vector, integers count as floats', () => {
  const values = Float32Array.of(1, 2, 3, 4, 5.003, 0.007, 0);
  const expected = { dtype: 'float32', shape: [7], values };
  assert.deepEqual(input('{"instances": [1, 2.0, 3, 4, 5.003, 0.007, 0.0]}', 'float32'), expected);
});

test('row format: several inputs with types of their own', () => {
  const body = `{"instances": [
    {"i": [[1,2],[3,4]], "s": ["foo", {"b64": "YmFy"}], "f": [1.0, NaN], "d": [NaN]},
    {"s": ["baz", "bat"], "i": [[5,6],[7,8]], "f": [2.0, Infinity], "d": [2]}]}`;
  const { inputs } = read(body, { i: 'int32', s: 'string', f: 'float32', d: 'float64' });
  assert.deepEqual(inputs.get('i'), {
    dtype: 'int32',
    shape: [2, 2, 2],
    values: Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  });
  const strings = ['foo', 'bar', 'baz', 'bat'].map((text) => Buffer.from(text));
  assert.deepEqual(inputs.get('s'), { dtype: 'string', shape: [2, 2], values: strings });
  assert.deepEqual(inputs.get('f'), {
    dtype: 'float32',
    shape: [2, 2],
    values: Float32Array.of(1, NaN, 2, Infinity),
  });
  assert.deepEqual(inputs.get('d'), { dtype: 'float64', shape: [2, 1], values: Float64Array.of(NaN, 2) });
});

test('row format: one input given by name', () => {
  const values = ['hello', 'world'].map((text) => Buffer.from(text));
  assert.deepEqual(
    input('{"instances": [{"x": [[{"b64": "aGVsbG8="}], [{"b64": "d29ybGQ="}]]}]}', 'string'),
    { dtype: 'string', shape: [1, 2, 1], values },
  );
});

test('row format: base64 objects alone are values, not names', () => {
  const values = ['hello', 'world'].map((text) => Buffer.from(text));
  assert.deepEqual(input('{"instances": [{"b64": "aGVsbG8="}, {"b64": "d29ybGQ"}]}', 'string'), {
    dtype: 'string',
    shape: [2],
    values,
  });
});

test('columnar format: one input with and without its name', () => {
  const expected = { dtype: 'int32', shape: [1, 3, 2], values: Int32Array.of(1, 2, 3, 4, 5, 6) };
  assert.deepEqual(input('{"inputs": {"x": [[[1,2],[3,4],[5,6]]]}}', 'int32'), expected);
  assert.deepEqual(input('{"inputs": [[[1,2],[3,4],[5,6]]]}', 'int32'), expected);
});

test('columnar format: several inputs, scalars, extra keys', () => {
  const body = '{"inputs": {"i": [[1],[2]], "s": {"b64": "aGVsbG8="}, "more": 1}, "signature_name": "s"}';
  const request = read(body, { i: 'int64', s: 'string' });
  assert.equal(request.format, 'columnar');
  assert.equal(request.signatureName, 's');
  assert.deepEqual(request.inputs.get('i'), {
    dtype: 'int64',
    shape: [2, 1],
    values: BigInt64Array.of(1n, 2n),
  });
  assert.deepEqual(request.inputs.get('s'), { dtype: 'string', shape: [], values: [Buffer.from('hello')] });
});

test('64-bit integers keep every digit', () => {
  const body = '{"inputs": [9223372036854775807, -9223372036854775808, 9007199254740993]}';
  const values = BigInt64Array.of(9223372036854775807n, -9223372036854775808n, 9007199254740993n);
  assert.deepEqual(input(body, 'int64'), { dtype: 'int64', shape: [3], values });
  assert.deepEqual(input('{"inputs": 18446744073709551615}', 'uint64'), {
    dtype: 'uint64',
    shape: [],
    values: BigUint64Array.of(18446744073709551615n),
  });
});

test('float32 overflows to infinity and underflows to zero', () => {
  const body =
    '{"inputs": [1.7976931348623157e308, -1.7976931348623157e308, 2.2250738585072014e-308, 1435774380]}';
  const values = Float32Array.of(Infinity, -Infinity, 0, 1435774380);
  assert.deepEqual(input(body, 'float32'), { dtype: 'float32', shape: [4], values });
});

test('small integers and booleans', () => {
  assert.deepEqual(input('{"inputs": [1, -1, 300]}', 'int8'), {
    dtype: 'int8',
    shape: [3],
    values: Int8Array.of(1, -1, 44),
  });
  assert.deepEqual(input('{"inputs": [true, false]}', 'bool'), {
    dtype: 'bool',
    shape: [2],
    values: Uint8Array.of(1, 0),
  });
});

test('an empty list is a tensor without elements', () => {
  assert.deepEqual(input('{"inputs": []}', 'float32'), {
    dtype: 'float32',
    shape: [0],
    values: new Float32Array(),
  });
  assert.deepEqual(input('{"instances": [[], []]}', 'string'), {
    dtype: 'string',
    shape: [2, 0],
    values: [],
  });
});

const ONE = { x: 'int32' } as const;
const TWO = { a: 'int32', b: 'string' } as const;
const FAILURES: readonly (readonly [string, string, Readonly<Record<string, DType>>, string])[] = [
  ['an empty body', '', ONE, 'JSON Parse error: The document is empty'],
  ['a body that is no object', '[1]', ONE, 'JSON Value: [1] Is not object'],
  [
    'a signature name that is no string',
    '{"signature_name": 5}',
    ONE,
    'JSON Value: {\n    "signature_name": 5\n} not formatted correctly. \'signature_name\' key must be a string value.',
  ],
  ['neither key', '{}', ONE, "Missing 'inputs' or 'instances' key"],
  [
    'both keys',
    '{"instances": [1], "inputs": [1]}',
    ONE,
    'JSON Value: {\n    "instances": [1],\n    "inputs": [1]\n} Not formatted correctly expecting only one of ' +
      "'inputs' or 'instances' keys to exist ",
  ],
  [
    'instances that are no list',
    '{"instances": 1}',
    ONE,
    'JSON Value: {\n    "instances": 1\n} Expecting \'instances\' to be an list/array',
  ],
  [
    'no instances',
    '{"instances": []}',
    ONE,
    'JSON Value: {\n    "instances": []\n} No values in \'instances\' array',
  ],
  [
    'plain instances for several inputs',
    '{"instances": [1]}',
    TWO,
    'instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map',
  ],
  [
    'plain inputs for several inputs',
    '{"inputs": [1]}',
    TWO,
    'inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map',
  ],
  ['a missing input', '{"inputs": {"a": 1}}', TWO, "Missing named input: b in 'inputs' object."],
  [
    'rows of different sizes',
    '{"instances": [[1,2],[3,4],[5,6,7]]}',
    ONE,
    "Failed to process element: 2 of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 2 but got: 3",
  ],
  [
    'rows of different shapes',
    '{"instances": [[1,2],[3,4],[[5,6]]]}',
    ONE,
    "Failed to process element: 2 of 'instances' list. Error: INVALID_ARGUMENT: Expecting shape [2] but got: [1,2]",
  ],
  [
    'a row of the wrong type',
    '{"instances": [[1,2],["a", "b"]]}',
    ONE,
    "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: " +
      'JSON Value: "a" Type: String is not of expected type: int32',
  ],
  [
    'a decimal for an integer',
    '{"inputs": [1.0]}',
    ONE,
    'JSON Value: 1.0 Type: Number is not of expected type: int32',
  ],
  [
    'an integer out of range',
    '{"inputs": [2147483648]}',
    ONE,
    'JSON Value: 2147483648 Type: Number is not of expected type: int32',
  ],
  [
    'null for a float',
    '{"inputs": null}',
    { x: 'float32' },
    'JSON Value: null Type: Null is not of expected type: float',
  ],
  [
    'a number for a string',
    '{"inputs": 1}',
    { x: 'string' },
    'JSON Value: 1 Type: Number is not of expected type: string',
  ],
  [
    'base64 for a number',
    '{"inputs": [{"b64": "AA=="}]}',
    { x: 'float64' },
    'JSON Value: {\n    "b64": "AA=="\n} Type: Object is not of expected type: double',
  ],
  ['broken base64', '{"inputs": [{"b64": "A"}]}', { x: 'string' }, 'Unable to base64 decode'],
  [
    'an object that is not base64',
    '{"inputs": [{"b64": 1}]}',
    { x: 'string' },
    'JSON Value: {\n    "b64": 1\n} not formatted correctly for base64 data',
  ],
  [
    'a ragged list',
    '{"inputs": [[1,2],[3]]}',
    ONE,
    'Encountered list at unexpected size: 1 at level: 1 expected size: 2',
  ],
  [
    'a value where a list is expected',
    '{"inputs": [[1,2],3]}',
    ONE,
    'JSON Value: 3 found at incorrect level: 2 in the JSON DOM. Expected at level: 2',
  ],
  [
    'a list where a value is expected',
    '{"inputs": [1,[2]]}',
    ONE,
    'Encountered list at unexpected level: 1 expected < 1',
  ],
  [
    'a row with an unknown name',
    '{"instances": [{"a": 1, "c": 2}]}',
    TWO,
    "Failed to process element: 0 key: c of 'instances' list. Error: INVALID_ARGUMENT: " +
      'JSON object: does not have named input: c',
  ],
  [
    'a row that lacks a name',
    '{"instances": [{"a": 1}]}',
    TWO,
    'Failed to process element: 0 of \'instances\' list. JSON object: {\n    "a": 1\n} keys must be equal to: a,b',
  ],
  [
    'a list among objects',
    '{"instances": [{"a": 1, "b": "x"}, [1, 20]]}',
    TWO,
    'Expecting object but got list at item 1 of input list',
  ],
  [
    'an object among lists',
    '{"instances": [["baz"], {"x": ["bat"]}]}',
    { x: 'string' },
    'Expecting value/list but got object at item 1 of input list',
  ],
  ['a name given twice in a row', '{"instances": [{"x": 1, "x": 2}]}', ONE, 'tensor parsing error: x'],
];

for (const [title, body, dtypes, message] of FAILURES) {
  test(`refuses ${title}`, () => assertFails(body, dtypes, message));
}

test('a dtype that JSON cannot carry is UNIMPLEMENTED in columns and INVALID_ARGUMENT in rows', () => {
  const text = 'Conversion of JSON Value: 1.5 to type: half';
  assertFails('{"inputs": [1.5]}', { x: 'float16' }, text, 'UNIMPLEMENTED');
  const wrapped = `Failed to process element: 0 of 'instances' list. Error: UNIMPLEMENTED: ${text}`;
  assertFails('{"instances": [1.5]}', { x: 'float16' }, wrapped);
});

test('nesting beyond what a tensor can have is refused, not followed', () => {
  const body = `{"inputs": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  assertFails(body, { x: 'float32' }, 'Encountered list at unexpected level: 254 expected < 254');
});
