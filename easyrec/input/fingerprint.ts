/**
 * FarmHash's Fingerprint64, the hash behind TensorFlow's StringToHashBucketFast, in whole numbers of 64 bits. Its
 * constants and steps are what defines it (https://github.com/google/farmhash, farmhashna::Hash64).
 */

const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;
const SEED = 81n;

const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);
const times = (a: bigint, b: bigint): bigint => wrap(a * b);
const shiftMix = (value: bigint): bigint => value ^ (value >> 47n);

/** Of a value that may be above 64 bits. */
function rotate(value: bigint, shift: bigint): bigint {
  const word = wrap(value);
  return wrap((word >> shift) | (word << (64n - shift)));
}

function mix(u: bigint, v: bigint, mul: bigint): bigint {
  const a = shiftMix(times(wrap(u) ^ wrap(v), mul));
  return times(shiftMix(times(wrap(v) ^ a, mul)), mul);
}

function upTo16(view: DataView, n: number): bigint {
  const mul = wrap(K2 + 2n * BigInt(n));
  if (n >= 8) {
    const a = wrap(view.getBigUint64(0, true) + K2);
    const b = view.getBigUint64(n - 8, true);
    return mix(rotate(b, 37n) * mul + a, (rotate(a, 25n) + b) * mul, mul);
  }
  const word = (at: number): bigint => BigInt(view.getUint32(at, true));
  if (n >= 4) return mix(BigInt(n) + (word(0) << 3n), word(n - 4), mul);
  if (n === 0) return K2;
  const y = BigInt(view.getUint8(0) + (view.getUint8(n >> 1) << 8));
  const z = BigInt(n + (view.getUint8(n - 1) << 2));
  return times(shiftMix(times(y, K2) ^ times(z, K0)), K2);
}

function upTo32(word: (at: number) => bigint, n: number): bigint {
  const mul = wrap(K2 + 2n * BigInt(n));
  const a = times(word(0), K1);
  const b = word(8);
  const c = times(word(n - 8), mul);
  const d = times(word(n - 16), K2);
  return mix(rotate(a + b, 43n) + rotate(c, 30n) + d, a + rotate(b + K2, 18n) + c, mul);
}

function upTo64(word: (at: number) => bigint, n: number): bigint {
  const mul = wrap(K2 + 2n * BigInt(n));
  const a = times(word(0), K2);
  const b = word(8);
  const c = times(word(n - 8), mul);
  const d = times(word(n - 16), K2);
  const y = wrap(rotate(a + b, 43n) + rotate(c, 30n) + d);
  const z = mix(y, a + rotate(b + K2, 18n) + c, mul);
  const e = times(word(16), mul);
  const f = word(24);
  const g = times(y + word(n - 32), mul);
  const h = times(z + word(n - 24), mul);
  return mix(rotate(e + f, 43n) + rotate(g, 30n) + h, e + rotate(f + a, 18n) + g, mul);
}

type Pair = readonly [bigint, bigint];

function weak32(word: (at: number) => bigint, at: number, seeds: Pair): Pair {
  const z = word(at + 24);
  const a = wrap(seeds[0] + word(at));
  const b = rotate(seeds[1] + a + z, 21n);
  const sum = wrap(a + word(at + 8) + word(at + 16));
  return [wrap(sum + z), wrap(b + rotate(sum, 44n) + a)];
}

interface State {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
  readonly v: Pair;
  readonly w: Pair;
}

/** Takes 64 bytes in; `factor` is 1 but for the last of them. */
function take(word: (at: number) => bigint, at: number, state: State, [mul, factor]: Pair): State {
  const { v, w } = state;
  const x = times(rotate(state.x + state.y + v[0] + word(at + 8), 37n), mul) ^ times(w[1], factor);
  const y = wrap(
    times(rotate(state.y + v[1] + word(at + 48), 42n), mul) + times(v[0], factor) + word(at + 40),
  );
  const z = times(rotate(state.z + w[0], 33n), mul);
  return {
    x: z,
    y,
    z: x,
    v: weak32(word, at, [times(v[1], mul), x + w[0]]),
    w: weak32(word, at + 32, [z + w[1], y + word(at + 16)]),
  };
}

function above64(word: (at: number) => bigint, n: number): bigint {
  const startY = wrap(SEED * K1 + 113n);
  let state: State = {
    x: wrap(SEED * K2 + word(0)),
    y: startY,
    z: times(shiftMix(wrap(startY * K2 + 113n)), K2),
    v: [0n, 0n],
    w: [0n, 0n],
  };
  const end = Math.floor((n - 1) / 64) * 64;
  for (let at = 0; at < end; at += 64) state = take(word, at, state, [K1, 1n]);
  const mul = wrap(K1 + ((state.z & 0xffn) << 1n));
  const w0 = wrap(state.w[0] + BigInt((n - 1) % 64));
  const v0 = wrap(state.v[0] + w0);
  const last = { ...state, v: [v0, state.v[1]] as const, w: [wrap(w0 + v0), state.w[1]] as const };
  const { x, y, z, v, w } = take(word, n - 64, last, [mul, 9n]);
  return mix(mix(v[0], w[0], mul) + times(shiftMix(y), K0) + z, mix(v[1], w[1], mul) + x, mul);
}

/** The hash of a text's bytes, unsigned. */
export function fingerprint64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): bigint => view.getBigUint64(at, true);
  const n = bytes.length;
  if (n <= 16) return upTo16(view, n);
  if (n <= 32) return upTo32(word, n);
  return n <= 64 ? upTo64(word, n) : above64(word, n);
}
