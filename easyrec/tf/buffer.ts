import koffi from 'koffi';
import type { Handle } from './native.js';
import { native } from './native.js';

/** A copy of `length` bytes at an address; empty for a null address. */
export function copyBytes(address: bigint | null, length: number): Uint8Array {
  return address === null || length === 0
    ? new Uint8Array(0)
    : new Uint8Array(koffi.view(address, length)).slice();
}

/** The bytes that a C function writes into a TF_Buffer. */
export function readBuffer(fill: (buffer: Handle<'TF_Buffer'>) => void): Uint8Array {
  const buffer = native().TF_NewBuffer();
  try {
    fill(buffer);
    return bufferBytes(buffer);
  } finally {
    native().TF_DeleteBuffer(buffer);
  }
}

/** A copy of what a TF_Buffer holds. */
export function bufferBytes(buffer: Handle<'TF_Buffer'>): Uint8Array {
  // struct TF_Buffer { const void* data; size_t length; ... }
  const [address = 0n, length = 0n] = new BigUint64Array(koffi.view(buffer, 16));
  return copyBytes(address === 0n ? null : address, Number(length));
}

/** Lends bytes to a C function as a TF_Buffer. */
export function withBuffer<Result>(bytes: Uint8Array, use: (buffer: Handle<'TF_Buffer'>) => Result): Result {
  const buffer = native().TF_NewBufferFromString(bytes, bytes.byteLength);
  try {
    return use(buffer);
  } finally {
    native().TF_DeleteBuffer(buffer);
  }
}
