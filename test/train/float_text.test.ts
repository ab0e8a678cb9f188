import assert from 'node:assert/strict';
import { test } from 'node:test';
import { float32Text, writeFloat32, writeInteger } from '../../easyrec/train/float_text.js';

const BYTES = Buffer.alloc(64);
const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

function written(value: number): string {
  return BYTES.toString('latin1', 0, writeFloat32(BYTES, 0, value));
}

function ofBits(value: number): number {
  bits[0] = value;
  return floats[0] ?? 0;
}

/** Knuth's multiplicative generator: the same numbers in every run. */
function* numbers(count: number): Generator<number> {
  let state = 1;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 0x9e3779b1) + 0x7f4a7c15) >>> 0;
    yield state ^ (state >>> 15);
  }
}

test('known floats have their known texts', () => {
  const texts: readonly (readonly [number, string])[] = [
    [0, '0'],
    [-0, '0'],
    [0.1, '0.1'],
    [-2.5, '-2.5'],
    [1 / 3, '0.33333334'],
    [16777216, '16777216'],
    [123456789, '123456790'],
    [1e-6, '0.000001'],
    [1e-7, '1e-7'],
    [3.4028234663852886e38, '3.4028235e+38'],
    [1e9, '1000000000'],
    [0.99999994, '0.99999994'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    [NaN, 'nan'],
  ];
  for (const [value, text] of texts) assert.equal(written(Math.fround(value)), text);
});

test('written floats are the texts of the plain way, around every power of two', () => {
  for (let exponent = 0; exponent < 256; exponent++) {
    for (const mantissa of [0, 1, 2, 0x400000, 0x7ffffe, 0x7fffff]) {
      for (const sign of [0, 0x80000000]) {
        const value = ofBits((sign | (exponent << 23) | mantissa) >>> 0);
        assert.equal(written(value), float32Text(value));
      }
    }
  }
});

test('written floats are the texts of the plain way, and read back as themselves', () => {
  for (const number of numbers(60_000)) {
    const share = Math.fround(number / 2 ** 32);
    for (const value of [ofBits(number >>> 0), share, Math.fround((share - 0.5) * 2000)]) {
      const text = written(value);
      assert.equal(text, float32Text(value));
      if (Number.isFinite(value)) assert.equal(Math.fround(Number(text)), value);
    }
  }
});

test('integers are written as JavaScript writes them', () => {
  for (const value of [0, 7, 10, -1, 99, 1000, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1, 2 ** 32 - 1]) {
    assert.equal(BYTES.toString('latin1', 0, writeInteger(BYTES, 0, value)), String(value));
  }
});
