import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImageGraph, type Preprocessing } from '../../../easyrec/serving/operator/image_graph.js';
import { readImageHeader } from '../../../easyrec/serving/operator/image_header.js';
import { JpegEncoder } from '../../../easyrec/serving/operator/jpeg_encoder.js';
import { SAMPLE_IMAGE } from '../../../easyrec/serving/operator/test_operator.js';
import { bmp, plain } from './support.js';

async function read(file: Uint8Array, preprocessing: Preprocessing, side = 2): Promise<number[]> {
  const graph = new ImageGraph({ height: side, width: side, preprocessing, maxPixels: 10_000 });
  try {
    return [...(await graph.read(file))];
  } finally {
    await graph.close();
  }
}

test('pixels are red, green, blue, row by row', async () => {
  const file = bmp(2, 2, (x, y) => [x * 100, y * 100, 7]);
  assert.deepEqual(await read(file, { kind: 'none' }), [0, 0, 7, 100, 0, 7, 0, 100, 7, 100, 100, 7]);
});

test('resizing is bilinear between the centres of pixels', async () => {
  const file = bmp(2, 2, (x) => [x * 100, 0, 0]);
  const red = (await read(file, { kind: 'none' }, 4)).filter((_, i) => i % 3 === 0).slice(0, 4);
  // Centres of 4 columns lie at -0.25, 0.25, 0.75 and 1.25 of the 2.
  assert.deepEqual(red, [0, 25, 75, 100]);
});

test("vgg and resnet take blue, green, red less ImageNet's means", async () => {
  const expected = [30 - 103.939, 20 - 116.779, 10 - 123.68];
  for (const kind of ['vgg', 'resnet'] as const) {
    const [blue = NaN, green = NaN, red = NaN] = await read(plain(10, 20, 30), { kind });
    [blue, green, red].forEach((value, i) => assert.ok(Math.abs(value - (expected[i] ?? 0)) < 1e-4));
  }
});

test('scaling multiplies, then adds', async () => {
  const values = await read(plain(0, 100, 200), { kind: 'scaling', scale: 0.01, offset: -1 });
  [-1, 0, 1].forEach((value, i) => assert.ok(Math.abs((values[i] ?? NaN) - value) < 1e-6));
});

test('a picture that is damaged, of another format, or too large once unpacked is refused', async () => {
  const none = { kind: 'none' } as const;
  const png = Buffer.from(SAMPLE_IMAGE, 'base64');
  await assert.rejects(read(png.subarray(0, 60), none), /image: cannot be decoded/);
  await assert.rejects(read(Buffer.from('hello'), none), /expected JPEG, PNG, GIF or BMP, received 5 bytes/);
  await assert.rejects(read(png.subarray(0, 18), none), /ends within its header/);
  const bomb = Buffer.from(png);
  bomb.writeUInt32BE(100_000, 16);
  await assert.rejects(read(bomb, none), /at most 10000 pixels, received 100000 x 16/);
});

test('JPEG pictures are written, and their size is read from the frame header', async () => {
  const encoder = new JpegEncoder();
  const pixels = Float32Array.from({ length: 8 * 16 * 3 }, (_, i) => [300, 99.6, -5][i % 3] ?? 0);
  const file = await encoder.encode([8, 16, 3], pixels);
  assert.deepEqual(readImageHeader(file), { format: 'jpeg', width: 16, height: 8 });
  const [red = 0, green = 0, blue = 0] = await read(file, { kind: 'none' });
  assert.ok(
    Math.abs(red - 255) <= 3 && Math.abs(green - 100) <= 3 && Math.abs(blue) <= 3,
    `${red} ${green} ${blue}`,
  );
  await assert.rejects(encoder.encode([8, 16], pixels), /shape \[height, width, 1 or 3\]/);
  await encoder.close();
});

test('sizes of GIF and BMP headers are read', () => {
  const gif = Buffer.from('47494638396105000700', 'hex');
  assert.deepEqual(readImageHeader(gif), { format: 'gif', width: 5, height: 7 });
  assert.deepEqual(readImageHeader(plain(1, 2, 3, 6)), { format: 'bmp', width: 6, height: 6 });
});
