import assert from 'node:assert/strict';
import { test } from 'node:test';
import type protobuf from 'protobufjs';
import type { ServableTensor } from '../../../../easyrec/serving/servable.js';
import {
  decodeTensorProto,
  RepeatBudget,
  tensorProto,
} from '../../../../easyrec/serving/tfserving/messages/tensor_proto.js';
import { servicesFile, servingProtos } from '../../../../easyrec/serving/tfserving/protos.js';
import { DTYPES, type DType, type TypedArray } from '../../../../easyrec/tf/index.js';
import { Random } from '../../../../easyrec/input/random.js';

/** The message as protobufjs knows it from the .proto file: an implementation of its own to compare with. */
const MESSAGE: protobuf.Type = servicesFile(servingProtos()).root.lookupType('tensorflow.TensorProto');

const shapeOf = (...sizes: readonly number[]): object => ({ dim: sizes.map((size) => ({ size })) });

function encode(message: Readonly<Record<string, unknown>>): Uint8Array {
  return MESSAGE.encode(MESSAGE.fromObject(message)).finish();
}

/** The decoded message with all values as text, and only what is set. */
function plain(bytes: Uint8Array): unknown {
  return MESSAGE.toObject(MESSAGE.decode(bytes), { longs: String, enums: Number });
}

/** For each dtype: the field that holds its values, values that try its limits, and the array that stands for them. */
const CASES: readonly (readonly [DType, string, readonly (number | string | boolean)[], TypedArray])[] = [
  ['float32', 'float_val', [1.5, -0, Infinity], Float32Array.of(1.5, -0, Infinity)],
  ['float64', 'double_val', [0.1, -1e300, 5e-324], Float64Array.of(0.1, -1e300, 5e-324)],
  ['int32', 'int_val', [-1, 2147483647, -2147483648], Int32Array.of(-1, 2147483647, -2147483648)],
  ['int16', 'int_val', [-1, 32767, -32768], Int16Array.of(-1, 32767, -32768)],
  ['int8', 'int_val', [-1, 127, -128], Int8Array.of(-1, 127, -128)],
  ['uint8', 'int_val', [0, 255, 128], Uint8Array.of(0, 255, 128)],
  ['uint16', 'int_val', [0, 65535, 300], Uint16Array.of(0, 65535, 300)],
  ['qint32', 'int_val', [-5, 5, 0], Int32Array.of(-5, 5, 0)],
  ['qint8', 'int_val', [-5, 5, 0], Int8Array.of(-5, 5, 0)],
  ['quint8', 'int_val', [250, 5, 0], Uint8Array.of(250, 5, 0)],
  ['qint16', 'int_val', [-500, 5, 0], Int16Array.of(-500, 5, 0)],
  ['quint16', 'int_val', [50000, 5, 0], Uint16Array.of(50000, 5, 0)],
  ['float16', 'half_val', [0x3c00, 0xfc00, 1], Uint16Array.of(0x3c00, 0xfc00, 1)],
  ['bfloat16', 'half_val', [0x3f80, 0xff80, 1], Uint16Array.of(0x3f80, 0xff80, 1)],
  ['uint32', 'uint32_val', [0, 4294967295, 2147483648], Uint32Array.of(0, 4294967295, 2147483648)],
  ['bool', 'bool_val', [true, false, true], Uint8Array.of(1, 0, 1)],
  [
    'int64',
    'int64_val',
    ['-1', '9223372036854775807', '-9223372036854775808'],
    BigInt64Array.of(-1n, 2n ** 63n - 1n, -(2n ** 63n)),
  ],
  [
    'uint64',
    'uint64_val',
    ['0', '18446744073709551615', '34359738368'],
    BigUint64Array.of(0n, 2n ** 64n - 1n, 2n ** 35n),
  ],
];

for (const [dtype, field, values, array] of CASES) {
  test(`${dtype} is read from ${field} and from tensor_content, and written to both`, () => {
    const head = { dtype: DTYPES[dtype].code, tensor_shape: shapeOf(3, 1) };
    const expected = { dtype, shape: [3, 1], values: array };
    const content = new Uint8Array(array.buffer);
    assert.deepEqual(decodeTensorProto(encode({ ...head, [field]: values })), expected);
    assert.deepEqual(decodeTensorProto(encode({ ...head, tensor_content: content })), expected);
    const tensor = expected as ServableTensor;
    assert.deepEqual(plain(Buffer.concat(tensorProto(tensor))), plain(encode({ ...head, [field]: values })));
    const asContent = Buffer.concat(tensorProto(tensor, true));
    assert.deepEqual(plain(asContent), plain(encode({ ...head, tensor_content: content })));
  });
}

test('complex numbers are pairs of their parts', () => {
  for (const [dtype, field, array] of [
    ['complex64', 'scomplex_val', Float32Array.of(1, 2, 3, -4)],
    ['complex128', 'dcomplex_val', Float64Array.of(1, 2, 3, -4)],
  ] as const) {
    const bytes = encode({ dtype: DTYPES[dtype].code, tensor_shape: shapeOf(2), [field]: [1, 2, 3, -4] });
    const tensor = { dtype, shape: [2], values: array };
    assert.deepEqual(decodeTensorProto(bytes), tensor);
    assert.deepEqual(Buffer.concat(tensorProto(tensor)), Buffer.from(bytes));
    const short = encode({ dtype: DTYPES[dtype].code, tensor_shape: shapeOf(3), [field]: [1, 2, 3, -4] });
    assert.deepEqual([...(decodeTensorProto(short)?.values ?? [])], [1, 2, 3, -4, 3, -4]);
  }
});

test('strings are bytes, in a list or one after the other in tensor_content', () => {
  const values = ['', 'naïve', 'x'.repeat(300)].map((text) => new TextEncoder().encode(text));
  values.push(Uint8Array.of(0xff, 0, 0x80));
  const tensor: ServableTensor = { dtype: 'string', shape: [2, 2], values };
  const listed = encode({ dtype: 7, tensor_shape: shapeOf(2, 2), string_val: values });
  assert.deepEqual(Buffer.concat(tensorProto(tensor)), Buffer.from(listed));
  assert.deepEqual(decodeTensorProto(listed), tensor);
  assert.deepEqual(decodeTensorProto(Buffer.concat(tensorProto(tensor, true))), tensor);
});

test('the last value stands for all that are missing, and nothing for zeros; what is too much is left out', () => {
  const decode = (message: Readonly<Record<string, unknown>>): unknown[] => [
    ...(decodeTensorProto(encode(message))?.values ?? ['no tensor']),
  ];
  const shape = { tensor_shape: shapeOf(2, 2) };
  assert.deepEqual(decode({ dtype: 1, ...shape, float_val: [1.5, 2.5] }), [1.5, 2.5, 2.5, 2.5]);
  assert.deepEqual(decode({ dtype: 9, ...shape, int64_val: [-7] }), [-7n, -7n, -7n, -7n]);
  assert.deepEqual(decode({ dtype: 10, ...shape, bool_val: [true] }), [1, 1, 1, 1]);
  assert.deepEqual(decode({ dtype: 3, ...shape }), [0, 0, 0, 0]);
  assert.deepEqual(decode({ dtype: 1, ...shape, float_val: [1, 2, 3, 4, 5] }), [1, 2, 3, 4]);
  assert.deepEqual(decode({ dtype: 3, ...shape, int_val: [1, 2, 3, 4, 5] }), [1, 2, 3, 4]);
  const a = Uint8Array.of(97);
  assert.deepEqual(decode({ dtype: 7, ...shape, string_val: [a] }), [a, a, a, a]);
  const none = new Uint8Array();
  assert.deepEqual(decode({ dtype: 7, ...shape }), [none, none, none, none]);
});

test('values may come one by one, unpacked, between other fields', () => {
  // float_val 5: fixed32 each; int_val 7: varint each.
  const floats = Buffer.from([0x2d, 0, 0, 0x80, 0x3f, 0x08, 1, 0x2d, 0, 0, 0, 0x40, 0x12, 4, 0x12, 2, 8, 2]);
  assert.deepEqual(decodeTensorProto(floats), {
    dtype: 'float32',
    shape: [2],
    values: Float32Array.of(1, 2),
  });
  const integers = Buffer.from([0x08, 3, 0x12, 4, 0x12, 2, 8, 3, 0x38, 5, 0x3a, 2, 6, 7]);
  assert.deepEqual(decodeTensorProto(integers), {
    dtype: 'int32',
    shape: [3],
    values: Int32Array.of(5, 6, 7),
  });
});

test('messages that stand for no tensor are told from those that do', () => {
  const none: readonly Readonly<Record<string, unknown>>[] = [
    {},
    { dtype: 0, tensor_shape: shapeOf(1), float_val: [1] },
    { dtype: 20, tensor_shape: shapeOf(1) },
    { dtype: 21, tensor_shape: shapeOf(1) },
    { dtype: 99, tensor_shape: shapeOf(1) },
    { dtype: 101, tensor_shape: shapeOf(1), float_val: [1] },
    { dtype: 1, tensor_shape: shapeOf(-1), float_val: [1] },
    { dtype: 1, tensor_shape: { unknown_rank: true }, float_val: [1] },
    { dtype: 1, tensor_shape: shapeOf(2), tensor_content: Buffer.alloc(7) },
    { dtype: 7, tensor_shape: shapeOf(2), tensor_content: Buffer.from([1, 9, 65]) },
    { dtype: 1, tensor_shape: shapeOf(...new Array<number>(255).fill(1)), float_val: [1] },
    // A few bytes may not ask for all of the memory.
    { dtype: 1, tensor_shape: shapeOf(2 ** 40), float_val: [1] },
    { dtype: 7, tensor_shape: shapeOf(2 ** 40), string_val: [Buffer.from('a')] },
    { dtype: 1, tensor_shape: shapeOf(2 ** 31, 2 ** 31, 2 ** 31) },
  ];
  for (const message of none)
    assert.equal(decodeTensorProto(encode(message)), undefined, JSON.stringify(message));
  const empty = decodeTensorProto(encode({ dtype: 1, tensor_shape: shapeOf(2, 0) }));
  assert.deepEqual(empty, { dtype: 'float32', shape: [2, 0], values: new Float32Array() });
});

test('tensors whose last value repeats share what a request may ask for', () => {
  const budget = new RepeatBudget();
  const bytes = encode({ dtype: 4, tensor_shape: shapeOf(100 * 2 ** 20), int_val: [1] });
  const sizes = [1, 2, 3].map(() => decodeTensorProto(bytes, budget)?.values.length);
  assert.deepEqual(sizes, [100 * 2 ** 20, 100 * 2 ** 20, undefined]);
});

test('whatever the bytes are, there is a tensor as large as its shape says, none, or an error', () => {
  const random = new Random(7);
  const messages = CASES.map(([dtype, field, values]) =>
    encode({ dtype: DTYPES[dtype].code, tensor_shape: shapeOf(3), [field]: values }),
  );
  let tensors = 0;
  let errors = 0;
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from(messages[i % messages.length] ?? []);
    for (let n = random.below(4); n >= 0; n--) bytes[random.below(bytes.length)] = random.below(256);
    try {
      const tensor = decodeTensorProto(bytes.subarray(0, random.below(bytes.length + 1)));
      if (tensor === undefined) continue;
      tensors++;
      const size = tensor.shape.reduce((a, b) => a * b, 1);
      assert.equal(tensor.values.length, tensor.dtype.startsWith('complex') ? 2 * size : size);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      assert.ok(error instanceof Error);
      errors++;
    }
  }
  assert.ok(tensors > 500 && errors > 500, `${tensors} tensors, ${errors} errors`);
});

test('10 MB are read and written at once, however they come', () => {
  const values = Float32Array.from({ length: 2_621_440 }, (_, i) => i);
  const tensor: ServableTensor = { dtype: 'float32', shape: [values.length], values };
  const integers: ServableTensor = {
    dtype: 'int64',
    shape: [1_310_720],
    values: new BigInt64Array(1_310_720).fill(-1n),
  };
  const start = performance.now();
  for (const each of [tensor, integers]) {
    for (const asContent of [false, true]) {
      const bytes = Buffer.concat(tensorProto(each, asContent));
      assert.equal(decodeTensorProto(bytes)?.values.at(-1), each.values.at(-1));
    }
  }
  assert.ok(performance.now() - start < 10_000, `${performance.now() - start} ms`);
});
