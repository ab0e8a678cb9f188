import assert from 'node:assert/strict';
import test from 'node:test';
import type { DType, NumericDType, Tensor, TensorValues } from '../../easyrec/tf/index.js';
import {
  Graph,
  isNumeric,
  makeStep,
  scalar,
  Session,
  stringTensor,
  tensor,
  tensorFromBytes,
} from '../../easyrec/tf/index.js';
import { native } from '../../easyrec/tf/native.js';

/** A tensor sent through a session and back. */
async function roundTrip(dtype: DType, shape: readonly number[], values: TensorValues): Promise<Tensor> {
  using graph = new Graph();
  const x = graph.op('Placeholder', [], { dtype, shape: null }).output();
  const y = graph.op('Identity', [x]).output();
  await using session = Session.create(graph);
  using feed = tensor(dtype, shape, values);
  const [result] = await session.run(makeStep({ feeds: [x], fetches: [y] }), [feed]);
  assert.ok(result !== undefined);
  return result;
}

const EXTREMES: Readonly<Record<NumericDType, readonly (number | bigint)[]>> = {
  float32: [0, -0, 1.5, -3.4028234663852886e38, Infinity, NaN],
  float64: [0, -0, 1.1, -1.7976931348623157e308, -Infinity, NaN],
  int32: [0, -(2 ** 31), 2 ** 31 - 1],
  uint8: [0, 255],
  int16: [0, -(2 ** 15), 2 ** 15 - 1],
  int8: [0, -128, 127],
  int64: [0n, -(2n ** 63n), 2n ** 63n - 1n],
  bool: [0, 1],
  uint16: [0, 65535],
  uint32: [0, 2 ** 32 - 1],
  uint64: [0n, 2n ** 64n - 1n],
  // 16-bit floats travel as their bits: 1, -2 and infinity.
  float16: [0x3c00, 0xc000, 0x7c00],
  bfloat16: [0x3f80, 0xc000, 0x7f80],
};

for (const [dtype, values] of Object.entries(EXTREMES)) {
  test(`${dtype} comes back as it went, extremes included`, async () => {
    assert.ok(isNumeric(dtype as DType));
    using result = await roundTrip(dtype as NumericDType, [values.length], values as TensorValues);
    assert.equal(result.dtype, dtype);
    assert.deepEqual([...result.numbers()], values);
  });
}

test('strings of every size around the inline limit come back, byte for byte', async () => {
  const sizes = [...Array.from({ length: 70 }, (_, size) => size), 255, 256, 65_536, 1_000_000];
  const values = sizes.map((size) => Buffer.alloc(size, Buffer.from([0, 255, 128, 10, 200])));
  using result = await roundTrip('string', [values.length], values);
  result
    .bytes()
    .forEach((bytes, i) => assert.ok(bytes.equals(values[i] ?? Buffer.alloc(0)), `size ${sizes[i]}`));
});

test('a result that shares the memory of what was fed outlives it, and the other way round', async () => {
  using graph = new Graph();
  const x = graph.op('Placeholder', [], { dtype: 'string', shape: null }).output();
  const step = makeStep({ feeds: [x], fetches: [graph.op('Identity', [x]).output()] });
  await using session = Session.create(graph);
  const words = Array.from({ length: 100 }, (_, i) => `${i} `.repeat(50));
  for (const first of ['feed', 'result']) {
    const feed = tensor('string', [100], words);
    const [result] = await session.run(step, [feed]);
    assert.ok(result !== undefined);
    const [disposed, kept] = first === 'feed' ? [feed, result] : [result, feed];
    disposed.dispose();
    // What was freed too early would be given to these.
    using other = tensor(
      'string',
      [100],
      Array.from({ length: 100 }, () => '#'.repeat(150)),
    );
    assert.deepEqual(kept.strings(), words);
    assert.equal(other.strings()[99], '#'.repeat(150));
    kept.dispose();
  }
});

test('strings keep their UTF-8', async () => {
  const values = ['', 'naïve', '日本語', '👍🏽', 'a\0b'];
  using result = await roundTrip('string', [values.length], values);
  assert.deepEqual(result.strings(), values);
});

test('strings are cut from one buffer by offsets', () => {
  using words = stringTensor([3], Buffer.from('abcdef'), Int32Array.of(0, 2, 2, 6));
  assert.deepEqual(words.strings(), ['ab', '', 'cdef']);
  assert.throws(
    () => stringTensor([3], Buffer.from('abc'), Int32Array.of(0, 1)),
    /expected 4 offsets.*received 2/,
  );
});

test('tensors without elements keep their shape', async () => {
  using numbers = await roundTrip('float32', [0, 3], []);
  assert.deepEqual(numbers.shape, [0, 3]);
  assert.equal(numbers.data('float32').length, 0);
  using words = await roundTrip('string', [2, 0], []);
  assert.deepEqual(words.shape, [2, 0]);
  assert.deepEqual(words.strings(), []);
});

test('scalars have no dimension', () => {
  using number = scalar('int64', 7n);
  using truth = scalar('bool', true);
  using word = scalar('string', 'word');
  assert.deepEqual([number.shape, truth.shape, word.shape], [[], [], []]);
  assert.deepEqual([...number.data('int64'), ...truth.data('bool'), ...word.strings()], [7n, 1, 'word']);
});

test('elements are viewed in place', () => {
  using x = tensor('float32', [2], [1, 2]);
  x.data('float32')[1] = 5;
  assert.deepEqual([...x.data('float32')], [1, 5]);
});

test('typed arrays of another type are converted', () => {
  using x = tensor('int64', [2], Int32Array.of(1, -2));
  using y = tensor('float32', [2], BigInt64Array.of(3n, -4n));
  assert.deepEqual([...x.data('int64'), ...y.data('float32')], [1n, -2n, 3, -4]);
});

test('types without an array of their own are copied as bytes, through a run too', async () => {
  using graph = new Graph();
  const x = graph.op('Placeholder', [], { dtype: 'complex64', shape: null }).output();
  const y = graph.op('Conj', [x]).output();
  await using session = Session.create(graph);
  using fed = tensorFromBytes('complex64', [2], new Uint8Array(Float32Array.of(1.5, -2, 0, 3).buffer));
  const [result] = session.runSync(makeStep({ feeds: [x], fetches: [y] }), [fed]);
  assert.deepEqual([...new Float32Array(result?.memory().slice().buffer ?? [])], [1.5, 2, 0, -3]);
  result?.dispose();
});

test('names what does not fit', () => {
  assert.throws(
    () => tensor('float32', [2, 2], [1, 2, 3]),
    /expected 4 values for shape \[2, 2\], received 3/,
  );
  assert.throws(() => tensor('float32', [1], ['1']), /expected numbers for dtype float32, received string/);
  assert.throws(() => tensor('string', [1], [1]), /expected strings or bytes, received number/);
  assert.throws(() => tensor('resource', [1], [1]), /expected a numeric or string dtype, received resource/);
  using x = tensor('int32', [1], [1]);
  assert.throws(() => x.data('int64'), /expected dtype int64, received int32/);
  assert.throws(() => x.bytes(), /expected dtype string, received int32/);
  using word = scalar('string', 'word');
  assert.throws(() => word.numbers(), /expected a numeric dtype, received string/);
  assert.throws(() => word.memory(), /expected a dtype of fixed size, received string/);
  assert.throws(
    () => tensorFromBytes('qint16', [3], new Uint8Array(5)),
    /expected 6 bytes for qint16 of shape \[3\], received 5/,
  );
});

test('disposing twice does nothing; every use after it is a named error', async () => {
  const x = tensor('float32', [1], [1]);
  x.dispose();
  x.dispose();
  const message = /tensor: used after dispose\(\)/;
  assert.throws(() => x.handle, message);
  assert.throws(() => x.data('float32'), message);
  assert.throws(() => x.numbers(), message);
  assert.throws(() => x.retain(), message);
  using graph = new Graph();
  const input = graph.op('Placeholder', [], { dtype: 'float32' }).output();
  await using session = Session.create(graph);
  const step = makeStep({ feeds: [input], fetches: [graph.op('Identity', [input]).output()] });
  await assert.rejects(session.run(step, [x]), message);
  assert.throws(() => session.runSync(step, [x]), message);
  const words = tensor('string', [2], ['a', 'b'.repeat(100)]);
  words.dispose();
  words[Symbol.dispose]();
  assert.throws(() => words.strings(), message);
});

test('memory that a run reads is kept until the run has ended', () => {
  const x = tensor(
    'float64',
    [1000],
    Float64Array.from({ length: 1000 }, (_, i) => i),
  );
  const handle = x.retain();
  x.dispose();
  assert.throws(() => x.handle, /used after dispose/);
  assert.equal(native().TF_TensorByteSize(handle), 8000);
  x.release();
});

test('a tensor disposed of during a run is read whole', async () => {
  using graph = new Graph();
  const x = graph.op('Placeholder', [], { dtype: 'float64', shape: [-1] }).output();
  const axis = graph.op('Const', [], { dtype: 'int32', value: scalar('int32', 0) }).output();
  const total = graph.op('Sum', [x, axis]).output();
  await using session = Session.create(graph);
  const step = makeStep({ feeds: [x], fetches: [total] });
  const sums = Array.from({ length: 20 }, async (_, i) => {
    const feed = tensor('float64', [100_000], new Float64Array(100_000).fill(i));
    const running = session.run(step, [feed]);
    feed.dispose();
    const [result] = await running;
    using kept = result;
    return kept?.data('float64')[0];
  });
  assert.deepEqual(
    await Promise.all(sums),
    Array.from({ length: 20 }, (_, i) => i * 100_000),
  );
});

test('a shape that no tensor has is refused, which libtensorflow itself would end the process for', () => {
  const ones = (rank: number): number[] => Array<number>(rank).fill(1);
  using largest = tensor('float32', ones(254), [1]);
  assert.equal(largest.shape.length, 254);
  using empty = tensor('float32', [0, 2 ** 40, 2 ** 40], []);
  assert.equal(empty.size, 0);
  assert.throws(() => tensor('float32', ones(255), [1]), /is no shape of a tensor/);
  assert.throws(
    () => stringTensor(ones(255), new Uint8Array(), Int32Array.of(0, 0)),
    /is no shape of a tensor/,
  );
  assert.throws(() => tensor('float32', [2 ** 40, 2 ** 40, 0], []), /is no shape of a tensor/);
});
