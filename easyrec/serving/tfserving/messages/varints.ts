/**
 * The values of a packed field of varints, cut to the 32 bits (or less) that `target` holds.
 * @returns how many values there were; those beyond `target` are left out.
 * @throws RangeError when the last varint has no end.
 */
export function readVarints32(bytes: Uint8Array, target: Exclude<IntegerArray, BigArray>): number {
  let count = 0;
  for (let at = 0; at < bytes.length; count++) {
    let byte = bytes[at++] ?? 0;
    let value = byte & 0x7f;
    // Bits beyond the 32nd fall off the shifts by themselves.
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (at >= bytes.length || shift > 63) throw new RangeError('varint without an end');
      byte = bytes[at++] ?? 0;
      if (shift < 32) value |= (byte & 0x7f) << shift;
    }
    if (count < target.length) target[count] = value;
  }
  return count;
}

/** As `readVarints32`, for 64-bit integers. */
export function readVarints64(bytes: Uint8Array, target: BigArray): number {
  // Halves of the numbers, lower ones first: BigInt arithmetic would cost some twenty times as much.
  const halves = new Int32Array(target.buffer, target.byteOffset, target.length * 2);
  let count = 0;
  for (let at = 0; at < bytes.length; count++) {
    let byte = bytes[at++] ?? 0;
    let low = byte & 0x7f;
    let high = 0;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (at >= bytes.length || shift > 63) throw new RangeError('varint without an end');
      byte = bytes[at++] ?? 0;
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high = bits >>> 4;
      else if (shift > 28) high |= bits << (shift - 32);
    }
    if (count >= target.length) continue;
    halves[count * 2] = low;
    halves[count * 2 + 1] = high;
  }
  return count;
}

/** Whether each varint of a packed field is other than 0, as bytes. */
export function readBooleans(bytes: Uint8Array, target: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < bytes.length; count++) {
    let byte = bytes[at++] ?? 0;
    let any = byte & 0x7f;
    for (let length = 1; byte >= 0x80; length++) {
      if (at >= bytes.length || length > 9) throw new RangeError('varint without an end');
      byte = bytes[at++] ?? 0;
      any |= byte & 0x7f;
    }
    if (count < target.length) target[count] = any === 0 ? 0 : 1;
  }
  return count;
}

type BigArray = BigInt64Array | BigUint64Array;

/** An array of integers of any size. */
export type IntegerArray =
  Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | BigArray;

const MAX_VARINT_BYTES = 10;

/** Integers as a packed field of varints; negative ones take ten bytes, as protobuf has it. */
export function writeVarints(values: IntegerArray): Uint8Array {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) return writeVarints64(values);
  let size = 0;
  for (const value of values) size += value < 0 ? MAX_VARINT_BYTES : sizeOf32(value);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const value of values) {
    if (value >= 0 && value < 0x80) bytes[at++] = value;
    else at = put(bytes, at, value >>> 0, value < 0 ? 0xffffffff : 0);
  }
  return bytes;
}

function writeVarints64(values: BigArray): Uint8Array {
  const halves = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  let size = 0;
  for (let i = 0; i < halves.length; i += 2) size += sizeOf64(halves[i] ?? 0, halves[i + 1] ?? 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (let i = 0; i < halves.length; i += 2) at = put(bytes, at, halves[i] ?? 0, halves[i + 1] ?? 0);
  return bytes;
}

function sizeOf32(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

function sizeOf64(low: number, high: number): number {
  if (high === 0) return sizeOf32(low);
  const above = ((high << 4) | (low >>> 28)) >>> 0;
  return high >>> 28 !== 0 ? (high >>> 31 !== 0 ? 10 : 9) : 4 + sizeOf32(above);
}

/** Writes a 64-bit value given in halves; returns where the next one goes. */
function put(bytes: Uint8Array, start: number, low: number, high: number): number {
  let at = start;
  let lower = low;
  let upper = high;
  while (upper !== 0 || lower > 0x7f) {
    bytes[at++] = (lower & 0x7f) | 0x80;
    lower = ((lower >>> 7) | (upper << 25)) >>> 0;
    upper >>>= 7;
  }
  bytes[at++] = lower;
  return at;
}
