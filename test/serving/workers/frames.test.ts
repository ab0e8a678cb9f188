import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame } from '../../../easyrec/serving/workers/frames.js';
import { encodeFrame, FrameReader } from '../../../easyrec/serving/workers/frames.js';
import { decodeTensors, encodeTensors } from '../../../easyrec/serving/workers/tensor_codec.js';
import type { ServableTensor } from '../../../easyrec/serving/servable.js';

/** Reads bytes in pieces of the sizes given, the last one again and again. */
function read(bytes: Uint8Array, sizes: readonly number[]): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader((frame) => frames.push(frame));
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const room = reader.nextBuffer();
    assert.ok(room.length > 0);
    const size = Math.min(sizes[Math.min(i, sizes.length - 1)] ?? 1, room.length, bytes.length - at);
    room.set(bytes.subarray(at, at + size));
    at += size;
    reader.received(size);
  }
  return frames;
}

function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i % 251);
}

const BYTES = Buffer.concat([
  ...encodeFrame('ping', 0, ''),
  ...encodeFrame('run', 7, 'naïve text', [counting(5), counting(70_000), counting(16), counting(20_001)]),
  ...encodeFrame('error', 2 ** 32 - 1, 'x'.repeat(100_000)),
  ...encodeFrame('result', 8, '[]', [counting(8)]),
]);

for (const sizes of [[1], [7], [24, 1000], [BYTES.length], [30, 16_384], [65_536]]) {
  test(`frames are the same when they arrive in pieces of ${sizes.join(', ')} bytes`, () => {
    const frames = read(BYTES, sizes);
    assert.deepEqual(
      frames.map(({ kind, id, text, payload }) => [kind, id, text.length, payload.length]),
      [
        ['ping', 0, 0, 0],
        ['run', 7, 10, 8 + 70_000 + 16 + 20_001],
        ['error', 2 ** 32 - 1, 100_000, 0],
        ['result', 8, 2, 8],
      ],
    );
    const [, run] = frames;
    assert.equal(run?.text, 'naïve text');
    assert.deepEqual(run.payload.subarray(8, 70_008), counting(70_000));
    assert.deepEqual(run.payload.subarray(70_024, 90_025), counting(20_001));
    assert.equal(run.payload.byteOffset % 8, 0);
  });
}

test('large parts of a frame are not copied', () => {
  const large = counting(1 << 20);
  const pieces = encodeFrame('run', 1, '{}', [counting(3), large]);
  assert.ok(pieces.includes(large));
});

test('what is no frame is refused', () => {
  assert.throws(() => read(new Uint8Array(64).fill(255), [64]), /expected a frame/);
});

const TENSORS: ReadonlyMap<string, ServableTensor> = new Map<string, ServableTensor>([
  ['f', { dtype: 'float32', shape: [3], values: Float32Array.of(1.5, NaN, -Infinity) }],
  ['i', { dtype: 'int64', shape: [1, 2], values: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n) }],
  ['b', { dtype: 'bool', shape: [3], values: Uint8Array.of(1, 0, 1) }],
  ['h', { dtype: 'float16', shape: [], values: Uint16Array.of(15_360) }],
  ['empty', { dtype: 'float64', shape: [0, 4], values: new Float64Array(0) }],
  ['s', { dtype: 'string', shape: [2, 1], values: [Buffer.from('naïve'), Buffer.alloc(0)] }],
  ['long', { dtype: 'string', shape: [1], values: [Buffer.alloc(100_000, 'ab')] }],
  ['none', { dtype: 'string', shape: [0], values: [] }],
]);

test('tensors of every kind arrive as they were', () => {
  const { texts, parts } = encodeTensors(TENSORS);
  const [frame] = read(Buffer.concat(encodeFrame('run', 1, JSON.stringify(texts), parts)), [50_000]);
  assert.ok(frame !== undefined);
  const received = decodeTensors(JSON.parse(frame.text) as typeof texts, frame.payload);
  assert.deepEqual(received, TENSORS);
});

test('part of an array is sent, not the rest of its memory', () => {
  const values = Float64Array.of(1, 2, 3, 4).subarray(1, 3);
  const { parts, texts } = encodeTensors([['x', { dtype: 'float64', shape: [2], values }]]);
  const [frame] = read(Buffer.concat(encodeFrame('run', 1, '', parts)), [100]);
  const received = decodeTensors(texts, frame?.payload ?? new Uint8Array(0));
  assert.deepEqual(received.get('x')?.values, Float64Array.of(2, 3));
});
