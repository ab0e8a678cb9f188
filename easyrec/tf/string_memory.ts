import koffi from 'koffi';
import { native } from './native.js';

// TF_TString, 24 bytes (tensorflow/core/platform/ctstring_internal.h, little endian). The two lowest bits of the
// first byte are the kind; SMALL keeps its size in the other six and up to 22 bytes inline, LARGE and VIEW have
// the size in the first word (two bits up) and a pointer, OFFSET a 32-bit size and an offset from itself.
export const STRING_BYTES = 24;
const SMALL_CAPACITY = 22;
const SMALL = 0;
const LARGE = 1;
const OFFSET = 2;

/** Writes strings, given as bytes and B + 1 offsets, into a tensor's memory. */
export function writeStrings(address: bigint, bytes: Uint8Array, offsets: ArrayLike<number>): boolean {
  const count = offsets.length - 1;
  const memory = new Uint8Array(koffi.view(address, count * STRING_BYTES));
  let anyLarge = false;
  for (let i = 0; i < count; i++) {
    const start = offsets[i] ?? 0;
    const end = offsets[i + 1] ?? start;
    const size = end - start;
    const slot = i * STRING_BYTES;
    if (size <= SMALL_CAPACITY) {
      memory[slot] = (size << 2) | SMALL;
      for (let j = 0; j < size; j++) memory[slot + 1 + j] = bytes[start + j] ?? 0;
      memory[slot + 1 + size] = 0;
    } else {
      anyLarge = true;
      const string = address + BigInt(slot);
      native().TF_StringInit(string);
      native().TF_StringCopy(string, bytes.subarray(start, end), size);
    }
  }
  return anyLarge;
}

/** Frees what LARGE strings own; TensorFlow frees the slots but not what C code put into them. */
export function freeStrings(address: bigint, count: number): void {
  const memory = new Uint8Array(koffi.view(address, count * STRING_BYTES));
  for (let i = 0; i < count; i++) {
    if (((memory[i * STRING_BYTES] ?? 0) & 3) === LARGE) {
      native().TF_StringDealloc(address + BigInt(i * STRING_BYTES));
    }
  }
}

/** Copies the strings out of a tensor's memory. */
export function readStrings(address: bigint, count: number): Buffer[] {
  if (count === 0) return [];
  const buffer = koffi.view(address, count * STRING_BYTES);
  const memory = new Uint8Array(buffer);
  const view = new DataView(buffer);
  return Array.from({ length: count }, (_, i) => {
    const slot = i * STRING_BYTES;
    const first = memory[slot] ?? 0;
    const kind = first & 3;
    if (kind === SMALL) return Buffer.from(memory.subarray(slot + 1, slot + 1 + (first >> 2)));
    if (kind === OFFSET) {
      const at = address + BigInt(slot) + BigInt(view.getUint32(slot + 4, true));
      return copyAt(at, view.getUint32(slot, true) >>> 2);
    }
    const size = Number(view.getBigUint64(slot, true) >> 2n);
    return copyAt(view.getBigUint64(slot + (kind === LARGE ? 16 : 8), true), size);
  });
}

function copyAt(address: bigint, size: number): Buffer {
  return size === 0 ? Buffer.alloc(0) : Buffer.from(new Uint8Array(koffi.view(address, size)));
}
