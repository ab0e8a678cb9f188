import type { DType, TypedArray } from '../../tf/index.js';
import type { ServableTensor } from '../servable.js';
import { aligned } from './frames.js';

/** How a tensor stands in a frame; its bytes follow those of the one before. */
export interface TensorText {
  readonly alias: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The kind of array that holds the numbers; `strings` for strings. */
  readonly array: ArrayName | 'strings';
  /** Elements. */
  readonly length: number;
  /** Of the strings themselves; absent for numbers. */
  readonly stringBytes?: number;
}

/** Tensors ready for a frame. */
export interface EncodedTensors {
  readonly texts: readonly TensorText[];
  /** The memory of the tensors themselves; numbers are not copied. */
  readonly parts: readonly Uint8Array[];
}

const ARRAYS = {
  Float32Array,
  Float64Array,
  Int32Array,
  Uint8Array,
  Int16Array,
  Int8Array,
  BigInt64Array,
  Uint16Array,
  Uint32Array,
  BigUint64Array,
} as const;

type ArrayName = keyof typeof ARRAYS;

/** Strings of fewer bytes are put one after the other; longer ones are sent from where they lie. */
const LONG_STRING_BYTES = 16 * 1024;

/** Describes tensors and lists their memory. */
export function encodeTensors(tensors: Iterable<readonly [string, ServableTensor]>): EncodedTensors {
  const texts: TensorText[] = [];
  const parts: Uint8Array[] = [];
  for (const [alias, tensor] of tensors) {
    const { dtype, shape } = tensor;
    if (tensor.dtype === 'string') {
      const { length } = tensor.values;
      const stringBytes = addStrings(tensor.values, parts);
      texts.push({ alias, dtype, shape, array: 'strings', length, stringBytes });
    } else {
      const { values } = tensor;
      parts.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      // A Buffer says that it is a Uint8Array here.
      const array: ArrayName = values[Symbol.toStringTag];
      texts.push({ alias, dtype, shape, array, length: values.length });
    }
  }
  return { texts, parts };
}

/** Gives each tensor its part of a frame's bytes, uncopied. */
export function decodeTensors(
  texts: readonly TensorText[],
  payload: Uint8Array,
): Map<string, ServableTensor> {
  const buffer = payload.buffer as ArrayBuffer;
  let at = payload.byteOffset;
  const tensors = new Map<string, ServableTensor>();
  for (const { alias, dtype, shape, array, length, stringBytes = 0 } of texts) {
    if (dtype === 'string' || array === 'strings') {
      const lengths = new Uint32Array(buffer, at, length);
      at += aligned(lengths.byteLength);
      tensors.set(alias, { dtype: 'string', shape, values: readStrings(buffer, at, lengths) });
      at += aligned(stringBytes);
    } else {
      const values: TypedArray = new ARRAYS[array](buffer, at, length);
      at += aligned(values.byteLength);
      tensors.set(alias, { dtype, shape, values });
    }
  }
  return tensors;
}

/** Adds the lengths of strings, then the strings as one run of bytes; returns how many these are. */
function addStrings(values: readonly Uint8Array[], parts: Uint8Array[]): number {
  const lengths = Uint32Array.from(values, ({ byteLength }) => byteLength);
  parts.push(new Uint8Array(lengths.buffer));
  const bytes = lengths.reduce((sum, length) => sum + length, 0);
  const [only] = values;
  if (values.length === 1 && only !== undefined && bytes > LONG_STRING_BYTES) parts.push(only);
  else parts.push(Buffer.concat(values, bytes));
  return bytes;
}

function readStrings(buffer: ArrayBuffer, start: number, lengths: Uint32Array): Uint8Array[] {
  let at = start;
  return Array.from(lengths, (length) => {
    const value = Buffer.from(buffer, at, length);
    at += length;
    return value;
  });
}
