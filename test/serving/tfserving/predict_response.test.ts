import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServableTensor } from '../../../easyrec/serving/servable.js';
import type { PredictFormat } from '../../../easyrec/serving/tfserving/predict_request.js';
import { writePredictResponse } from '../../../easyrec/serving/tfserving/predict_response.js';

function write(format: PredictFormat, outputs: Readonly<Record<string, ServableTensor>>): string {
  return writePredictResponse(new Map(Object.entries(outputs)), format).toString('utf8');
}

const bytes = (...texts: readonly string[]): readonly Uint8Array[] => texts.map((text) => Buffer.from(text));

test('rows of one output are bare values, on one line', () => {
  const y = { dtype: 'float32', shape: [3], values: Float32Array.of(2.5, 3, 4.5) } as const;
  assert.equal(write('row', { y }), '{\n    "predictions": [2.5, 3.0, 4.5\n    ]\n}');
  const z = { dtype: 'int32', shape: [2, 2], values: Int32Array.of(1, 2, 3, 4) } as const;
  assert.equal(write('row', { z }), '{\n    "predictions": [[1, 2], [3, 4]\n    ]\n}');
});

test('rows of several outputs are objects, keys in order', () => {
  const text = write('row', {
    s: { dtype: 'string', shape: [2, 1], values: bytes('foo', 'bar') },
    d: { dtype: 'float64', shape: [2], values: Float64Array.of(8, 9) },
  });
  assert.equal(
    text,
    '{\n    "predictions": [\n        {\n            "d": 8.0,\n            "s": ["foo"]\n        },\n' +
      '        {\n            "d": 9.0,\n            "s": ["bar"]\n        }\n    ]\n}',
  );
});

test('columns of one output and of several', () => {
  const i = { dtype: 'int64', shape: [2], values: BigInt64Array.of(9007199254740993n, -1n) } as const;
  assert.equal(
    write('columnar', { i }),
    '{\n    "outputs": [\n        9007199254740993,\n        -1\n    ]\n}',
  );
  const b = { dtype: 'bool', shape: [], values: Uint8Array.of(1) } as const;
  assert.equal(
    write('columnar', { i, b }),
    '{\n    "outputs": {\n        "b": true,\n        "i": [\n            9007199254740993,\n            -1\n        ]\n    }\n}',
  );
});

test('strings under an alias that ends in _bytes are base64', () => {
  const strings = {
    dtype: 'string',
    shape: [2, 2],
    values: bytes('hello', 'world', 'tf', 'serving'),
  } as const;
  assert.deepEqual(JSON.parse(write('row', { str_tensor_bytes: strings })), {
    predictions: [
      [{ b64: 'aGVsbG8=' }, { b64: 'd29ybGQ=' }],
      [{ b64: 'dGY=' }, { b64: 'c2VydmluZw==' }],
    ],
  });
});

test('other strings are written as the bytes they are', () => {
  const values = [Uint8Array.of(0xff, 0x22, 0x01)];
  const body = writePredictResponse(
    new Map([['s', { dtype: 'string', shape: [1], values } as const]]),
    'row',
  );
  assert.ok(
    body.includes(Buffer.concat([Buffer.from('["'), Uint8Array.of(0xff), Buffer.from('\\"\\u0001"')])),
  );
});

test('non-finite floats are bare words', () => {
  const values = Float32Array.of(NaN, Infinity, 3, -Infinity);
  assert.equal(
    write('row', { y: { dtype: 'float32', shape: [2, 2], values } }),
    '{\n    "predictions": [[NaN, Infinity], [3.0, -Infinity]\n    ]\n}',
  );
});

test('every integer type is written in full', () => {
  const text = write('columnar', {
    a: { dtype: 'uint8', shape: [], values: Uint8Array.of(255) },
    b: { dtype: 'int16', shape: [], values: Int16Array.of(-32768) },
    c: { dtype: 'uint32', shape: [], values: Uint32Array.of(4294967295) },
    d: { dtype: 'uint64', shape: [], values: BigUint64Array.of(18446744073709551615n) },
  });
  assert.match(text, /"a": 255,\s+"b": -32768,\s+"c": 4294967295,\s+"d": 18446744073709551615/);
});

test('an empty batch gives no predictions', () => {
  const y = { dtype: 'int32', shape: [0, 2], values: new Int32Array() } as const;
  assert.equal(write('row', { y }), '{\n    "predictions": []\n}');
});

test('rows need a first dimension, the same for all outputs', () => {
  const scalar = { dtype: 'int32', shape: [], values: Int32Array.of(1) } as const;
  assert.throws(() => write('row', { y: scalar }), { message: 'Tensor name: y has no shape information ' });
  const two = { dtype: 'int32', shape: [2], values: Int32Array.of(1, 2) } as const;
  const one = { dtype: 'int32', shape: [1], values: Int32Array.of(1) } as const;
  assert.throws(() => write('row', { a: two, b: one }), {
    message: 'Tensor name: b has inconsistent batch size: 1 expecting: 2',
  });
});

test('a dtype that JSON cannot carry, or no output at all, is an error', () => {
  const half = { dtype: 'float16', shape: [1], values: Uint16Array.of(0) } as const;
  assert.throws(() => write('row', { y: half }), {
    message: 'Failed to write JSON value for tensor type: half',
  });
  assert.throws(() => write('row', {}), { message: 'Cannot convert empty tensor map to JSON' });
});
