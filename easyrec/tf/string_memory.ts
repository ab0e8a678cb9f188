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

/** Strings one after the other, string i being `bytes[offsets[i] .. offsets[i + 1])`. */
export interface PackedStrings {
  readonly bytes: Uint8Array;
  readonly offsets: Int32Array;
}

/** Copies the strings out of a tensor's memory, one after the other. */
export function packStrings(address: bigint, count: number): PackedStrings {
  const offsets = new Int32Array(count + 1);
  if (count === 0) return { bytes: Buffer.alloc(0), offsets };
  const buffer = koffi.view(address, count * STRING_BYTES);
  const memory = new Uint8Array(buffer);
  const view = new DataView(buffer);
  let total = 0;
  for (let i = 0; i < count; i++) {
    total += sizeAt(view, i * STRING_BYTES);
    offsets[i + 1] = total;
  }
  const bytes = Buffer.allocUnsafeSlow(total);
  const outside = new Window();
  for (let i = 0; i < count; i++) {
    const slot = i * STRING_BYTES;
    let at = offsets[i] ?? 0;
    const size = (offsets[i + 1] ?? 0) - at;
    if (((memory[slot] ?? 0) & 3) === SMALL) {
      for (let from = slot + 1; from <= slot + size; from++) bytes[at++] = memory[from] ?? 0;
    } else if (size > 0) {
      bytes.set(outside.bytesAt(outsideAddress(view, address, slot), size), at);
    }
  }
  return { bytes, offsets };
}

function sizeAt(view: DataView, slot: number): number {
  const first = view.getUint8(slot);
  const kind = first & 3;
  if (kind === SMALL) return first >> 2;
  return kind === OFFSET ? view.getUint32(slot, true) >>> 2 : Number(view.getBigUint64(slot, true) >> 2n);
}

/** Where a string that is not SMALL has its bytes. */
function outsideAddress(view: DataView, address: bigint, slot: number): bigint {
  const kind = view.getUint8(slot) & 3;
  if (kind === OFFSET) return address + BigInt(slot) + BigInt(view.getUint32(slot + 4, true));
  return view.getBigUint64(slot + (kind === LARGE ? 16 : 8), true);
}

/** Bytes here and there in memory. A view costs a microsecond, and strings often lie near each other. */
class Window {
  private static readonly BYTES = 1 << 16;
  private start = 0n;
  private view = new Uint8Array(0);

  /** What lies around these bytes may not be memory: it is not touched. */
  bytesAt(address: bigint, size: number): Uint8Array {
    const from = Number(address - this.start);
    if (from < 0 || from + size > this.view.length) {
      this.start = address;
      this.view = new Uint8Array(koffi.view(address, Math.max(size, Window.BYTES)));
      return this.view.subarray(0, size);
    }
    return this.view.subarray(from, from + size);
  }
}

/** Copies the strings out of a tensor's memory; all of them lie in one buffer. */
export function readStrings(address: bigint, count: number): Buffer[] {
  const { bytes, offsets } = packStrings(address, count);
  const { buffer } = bytes;
  return Array.from({ length: count }, (_, i) => {
    const start = offsets[i] ?? 0;
    return Buffer.from(buffer, start, (offsets[i + 1] ?? start) - start);
  });
}
