import { viewAs } from '../../tf/dtype.js';
import { DTYPES, isTensorShape } from '../../tf/index.js';
import type { ServableTensor } from '../servable.js';
import { invalidArgument } from '../status.js';
import type { InferDtype } from './datatypes.js';

/** A tensor without its values. */
export interface TensorForm {
  readonly name: string;
  readonly dtype: InferDtype;
  readonly shape: readonly number[];
}

const LENGTH_BYTES = 4;

/**
 * The number of elements of an input.
 * @throws ServingError INVALID_ARGUMENT when its shape is none, or more than any message could hold.
 */
export function elementsOf({ name, shape }: Pick<TensorForm, 'name' | 'shape'>): number {
  const size = shape.reduce((product, length) => product * length, 1);
  if (isTensorShape(shape) && size <= 2 ** 31) return size;
  throw invalidArgument(`input '${name}': [${shape.join(',')}] is no shape of a tensor`);
}

/**
 * A tensor from its bytes: little-endian values; of strings each with its length as uint32 before it.
 * @throws ServingError INVALID_ARGUMENT when they do not fit the shape.
 */
export function readRaw(form: TensorForm, bytes: Uint8Array): ServableTensor {
  const { name, dtype, shape } = form;
  const size = elementsOf(form);
  if (dtype === 'string') return { dtype, shape, values: readStrings(name, size, bytes) };
  const expected = size * DTYPES[dtype].bytes;
  if (bytes.length !== expected) {
    throw invalidArgument(
      `input '${name}': expected ${expected} bytes for shape [${shape.join(',')}], received ${bytes.length}`,
    );
  }
  // The bytes are anywhere in a message, where numbers need an aligned place.
  const buffer = new ArrayBuffer(expected);
  new Uint8Array(buffer).set(bytes);
  const values = viewAs(dtype, buffer, size);
  // TensorFlow takes any byte that is not 0 or 1 for a bool as it is.
  if (dtype === 'bool') for (let i = 0; i < size; i++) values[i] = values[i] === 0 ? 0 : 1;
  return { dtype, shape, values };
}

function readStrings(name: string, size: number, bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at + LENGTH_BYTES;
    const end = start <= bytes.length ? start + view.getUint32(at, true) : Infinity;
    if (end > bytes.length) throw invalidArgument(`input '${name}': its last element is incomplete`);
    strings.push(bytes.subarray(start, end));
    if (strings.length > size) break;
    at = end;
  }
  if (strings.length !== size) {
    const received = strings.length > size ? 'more' : String(strings.length);
    throw invalidArgument(`input '${name}': expected ${size} elements, received ${received}`);
  }
  return strings;
}

/** A tensor's bytes, as `readRaw` reads them. */
export function writeRaw(tensor: ServableTensor): Uint8Array {
  if (tensor.dtype !== 'string') {
    const { values } = tensor;
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }
  const parts = tensor.values.flatMap((value) => {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(value.length);
    return [length, value];
  });
  return Buffer.concat(parts);
}
