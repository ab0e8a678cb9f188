import koffi from 'koffi';
import { GraphError } from '../errors.js';
import type { ArrayOf, DType, NumericDType, TypedArray } from './dtype.js';
import { DTYPES, dtypeOfCode, isNumeric, viewAs } from './dtype.js';
import type { Handle } from './native.js';
import { native } from './native.js';
import type { PackedStrings } from './string_memory.js';
import { freeStrings, packStrings, readStrings, STRING_BYTES, writeStrings } from './string_memory.js';

/** What a tensor can be filled with; strings are taken as UTF-8. */
export type TensorValues =
  TypedArray | readonly number[] | readonly bigint[] | readonly boolean[] | readonly (string | Uint8Array)[];

/** The number of elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** TensorFlow's limits: the rank of a tensor, and the number of its elements. */
const MAX_RANK = 254;
const INT64_MAX = 2n ** 63n - 1n;

/** Whether a tensor can have this shape. libtensorflow does not refuse another one: it ends the process. */
export function isTensorShape(shape: readonly number[]): boolean {
  if (shape.length > MAX_RANK) return false;
  let size: number | bigint = 1;
  for (const dim of shape) {
    if (!Number.isSafeInteger(dim) || dim < 0) return false;
    // As TensorFlow multiplies: what comes after a 0 is not looked at, what comes before it is.
    const product: number = Number(size) * dim;
    size = Number.isSafeInteger(product) ? product : BigInt(size) * BigInt(dim);
    if (size > INT64_MAX) return false;
  }
  return true;
}

/**
 * A TF_Tensor: a shape, a dtype and memory of libtensorflow's own.
 *
 * The owner disposes of it; a tensor that a running session still reads is freed when the run ends.
 */
export class Tensor implements Disposable {
  readonly dtype: DType;
  readonly shape: readonly number[];
  #handle: Handle<'TF_Tensor'> | null;
  readonly #mayHoldLongStrings: boolean;
  #runs = 0;
  #disposed = false;

  /**
   * Takes ownership of a native tensor.
   *
   * @param mayHoldLongStrings Whether strings may own memory outside the tensor's. Default: true.
   */
  constructor(handle: Handle<'TF_Tensor'>, mayHoldLongStrings = true) {
    const api = native();
    this.#handle = handle;
    this.#mayHoldLongStrings = mayHoldLongStrings;
    this.dtype = dtypeOfCode(api.TF_TensorType(handle));
    this.shape = Array.from({ length: api.TF_NumDims(handle) }, (_, i) => api.TF_Dim(handle, i));
  }

  /** The number of elements. */
  get size(): number {
    return elementCount(this.shape);
  }

  /** @throws GraphError once the tensor has been disposed of. */
  get handle(): Handle<'TF_Tensor'> {
    if (this.#handle === null || this.#disposed) throw new GraphError('tensor: used after dispose()');
    return this.#handle;
  }

  /**
   * The elements as `dtype`, in place: nothing is copied, and the array is valid until `dispose()`.
   *
   * @throws GraphError when the tensor has another dtype.
   */
  data<K extends NumericDType>(dtype: K): ArrayOf[K] {
    if (dtype !== this.dtype) throw new GraphError(`tensor: expected dtype ${dtype}, received ${this.dtype}`);
    return viewAs(dtype, this.#memory(), this.size);
  }

  /** The elements in place, whatever the numeric dtype. */
  numbers(): TypedArray {
    if (!isNumeric(this.dtype)) {
      throw new GraphError(`tensor: expected a numeric dtype, received ${this.dtype}`);
    }
    return viewAs(this.dtype, this.#memory(), this.size);
  }

  /** The bytes of the elements in place, for any dtype whose elements are of one size; valid until `dispose()`. */
  memory(): Uint8Array {
    if (!hasFixedSize(this.dtype)) {
      throw new GraphError(`tensor: expected a dtype of fixed size, received ${this.dtype}`);
    }
    return new Uint8Array(this.#memory());
  }

  /** Copies of the strings, as bytes. */
  bytes(): Buffer[] {
    return readStrings(this.#strings(), this.size);
  }

  /** Copies of the strings, one after the other: of many, that is some ten times as fast as `bytes`. */
  packedStrings(): PackedStrings {
    return packStrings(this.#strings(), this.size);
  }

  /** Copies of the strings, read as UTF-8. */
  strings(): string[] {
    return this.bytes().map((bytes) => bytes.toString('utf8'));
  }

  /** Keeps the memory while a run reads it. */
  retain(): Handle<'TF_Tensor'> {
    const handle = this.handle;
    this.#runs++;
    return handle;
  }

  /** The end of what `retain` began. */
  release(): void {
    this.#runs--;
    this.#free();
  }

  dispose(): void {
    this.#disposed = true;
    this.#free();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #strings(): bigint {
    if (this.dtype !== 'string') {
      throw new GraphError(`tensor: expected dtype string, received ${this.dtype}`);
    }
    return native().TF_TensorData(this.handle);
  }

  #memory(): ArrayBuffer {
    const bytes = native().TF_TensorByteSize(this.handle);
    return bytes === 0 ? new ArrayBuffer(0) : koffi.view(native().TF_TensorData(this.handle), bytes);
  }

  #free(): void {
    if (!this.#disposed || this.#runs > 0 || this.#handle === null) return;
    let handle = this.#handle;
    this.#handle = null;
    if (this.dtype === 'string' && this.#mayHoldLongStrings) {
      // A result can share the memory of the tensor that was fed, and a queue can go on holding it: the strings are
      // freed by the last owner alone. TF_TensorMaybeMove gives the tensor back if that is us, else null.
      const moved = native().TF_TensorMaybeMove(handle);
      if (moved !== null && moved !== 0n) {
        handle = moved;
        freeStrings(native().TF_TensorData(handle), this.size);
      }
    }
    native().TF_DeleteTensor(handle);
  }
}

/**
 * A tensor with the given values in row-major order.
 *
 * @throws GraphError when the number of values is not that of the shape, or a value does not fit the dtype.
 */
export function tensor(dtype: DType, shape: readonly number[], values: TensorValues): Tensor {
  const size = elementCount(shape);
  if (values.length !== size) {
    throw new GraphError(
      `tensor: expected ${size} values for shape [${shape.join(', ')}], received ${values.length}`,
    );
  }
  if (dtype === 'string') {
    const parts = Array.from(values as ArrayLike<unknown>, toBytes);
    const offsets = new Int32Array(parts.length + 1);
    parts.forEach((part, i) => (offsets[i + 1] = (offsets[i] ?? 0) + part.length));
    return stringTensor(shape, Buffer.concat(parts), offsets);
  }
  if (!isNumeric(dtype))
    throw new GraphError(`tensor: expected a numeric or string dtype, received ${dtype}`);
  const result = new Tensor(allocate(dtype, shape, size * DTYPES[dtype].bytes));
  fill(result.numbers(), dtype, values);
  return result;
}

/**
 * A tensor of any dtype whose elements are of one size, from their bytes in this machine's order.
 *
 * @throws GraphError when the number of bytes is not that of the shape.
 */
export function tensorFromBytes(dtype: DType, shape: readonly number[], bytes: Uint8Array): Tensor {
  const size = elementCount(shape) * DTYPES[dtype].bytes;
  if (!hasFixedSize(dtype)) {
    throw new GraphError(`tensor: expected a dtype of fixed size, received ${dtype}`);
  }
  if (bytes.length !== size) {
    throw new GraphError(
      `tensor: expected ${size} bytes for ${dtype} of shape [${shape.join(', ')}], received ${bytes.length}`,
    );
  }
  const result = new Tensor(allocate(dtype, shape, size));
  result.memory().set(bytes);
  return result;
}

/** A scalar, its dtype as given. */
export function scalar(dtype: DType, value: number | bigint | boolean | string): Tensor {
  return tensor(dtype, [], [value] as TensorValues);
}

/** A string tensor from concatenated bytes and the offsets of its elements (one more than there are elements). */
export function stringTensor(shape: readonly number[], bytes: Uint8Array, offsets: Int32Array): Tensor {
  const size = elementCount(shape);
  if (offsets.length !== size + 1) {
    throw new GraphError(
      `tensor: expected ${size + 1} offsets for shape [${shape.join(', ')}], received ${offsets.length}`,
    );
  }
  const handle = allocate('string', shape, size * STRING_BYTES);
  const anyLarge = size > 0 && writeStrings(native().TF_TensorData(handle), bytes, offsets);
  return new Tensor(handle, anyLarge);
}

/** Whether elements of this type lie in the tensor's memory themselves. */
function hasFixedSize(dtype: DType): boolean {
  return dtype !== 'string' && DTYPES[dtype].bytes > 0;
}

function allocate(dtype: DType, shape: readonly number[], bytes: number): Handle<'TF_Tensor'> {
  if (!isTensorShape(shape)) throw new GraphError(`tensor: [${shape.join(', ')}] is no shape of a tensor`);
  const dims = BigInt64Array.from(shape, BigInt);
  return native().TF_AllocateTensor(DTYPES[dtype].code, dims, shape.length, bytes);
}

function toBytes(value: unknown): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (value instanceof Uint8Array) return value;
  throw new GraphError(`tensor: expected strings or bytes, received ${typeof value}`);
}

function fill(target: TypedArray, dtype: NumericDType, values: TensorValues): void {
  if (target.constructor === values.constructor) {
    (target as Uint8Array).set(values as Uint8Array);
    return;
  }
  const wantsBigInt = target instanceof BigInt64Array || target instanceof BigUint64Array;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === 'string' || value instanceof Uint8Array || value === undefined) {
      throw new GraphError(`tensor: expected numbers for dtype ${dtype}, received ${typeof value}`);
    }
    if (wantsBigInt) target[i] = BigInt(value);
    else (target as Float64Array)[i] = Number(value);
  }
}
