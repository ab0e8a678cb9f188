import { viewAs } from '../../tf/dtype.js';
import { DTYPES, isNumeric, type TypedArray } from '../../tf/index.js';
import type { ServableTensor } from '../servable.js';

/** The number of elements of a shape from a dimension on. */
export function elementsFrom(shape: readonly number[], dimension: number): number {
  let product = 1;
  for (let i = dimension; i < shape.length; i++) product *= shape[i] ?? 0;
  return product;
}

/** Whether the tensor's values can be joined and split: every type but those without an array in JavaScript. */
export function isJoinable({ dtype }: ServableTensor): boolean {
  return dtype === 'string' || isNumeric(dtype);
}

/**
 * Joins tensors along their first dimension and adds `padding` copies of the last one's first row.
 * All must have the dtype and, but for the first dimension, the shape of the first one.
 */
export function concatRows(tensors: readonly ServableTensor[], padding = 0): ServableTensor {
  const [first] = tensors;
  if (first === undefined) throw new RangeError('expected at least one tensor');
  if (tensors.length === 1 && padding === 0) return first;
  const rowSize = elementsFrom(first.shape, 1);
  let rows = padding;
  for (const each of tensors) rows += each.shape[0] ?? 0;
  const shape = [rows, ...first.shape.slice(1)];
  if (first.dtype === 'string') {
    const values: Uint8Array[] = [];
    for (const each of tensors)
      if (each.dtype === 'string') for (const value of each.values) values.push(value);
    const row = values.slice(values.length - lengthOfLast(tensors)).slice(0, rowSize);
    for (let i = 0; i < padding; i++) values.push(...row);
    return { dtype: 'string', shape, values };
  }
  const values = allocate(first, rows * rowSize);
  let offset = 0;
  for (const each of tensors) {
    if (each.dtype === 'string') continue;
    copyInto(values, each.values, offset);
    offset += each.values.length;
  }
  const lastStart = offset - lengthOfLast(tensors);
  for (let i = 0; i < padding; i++) {
    values.copyWithin(offset + i * rowSize, lastStart, lastStart + rowSize);
  }
  return { dtype: first.dtype, shape, values };
}

function lengthOfLast(tensors: readonly ServableTensor[]): number {
  return tensors.at(-1)?.values.length ?? 0;
}

/** Rows `start` to `end` of a tensor; numbers stay in the tensor's own memory. */
export function sliceRows(tensor: ServableTensor, start: number, end: number): ServableTensor {
  const rowSize = elementsFrom(tensor.shape, 1);
  const shape = [end - start, ...tensor.shape.slice(1)];
  if (tensor.dtype === 'string') {
    return { dtype: 'string', shape, values: tensor.values.slice(start * rowSize, end * rowSize) };
  }
  return { dtype: tensor.dtype, shape, values: tensor.values.subarray(start * rowSize, end * rowSize) };
}

/**
 * Fills every dimension but the first up to `lengths` with the tensor's own first element, which is a valid value for
 * certain.
 */
export function padTo(tensor: ServableTensor, lengths: readonly number[]): ServableTensor {
  const shape = tensor.shape.map((size, i) => (i === 0 ? size : Math.max(size, lengths[i] ?? 0)));
  const size = elementsFrom(shape, 0);
  if (size === elementsFrom(tensor.shape, 0)) return { ...tensor, shape };
  if (tensor.dtype === 'string') {
    const [filler = new Uint8Array()] = tensor.values;
    const values = new Array<Uint8Array>(size).fill(filler);
    eachRun(tensor.shape, shape, (from, to, length) => {
      for (let i = 0; i < length; i++) values[to + i] = tensor.values[from + i] ?? filler;
    });
    return { dtype: 'string', shape, values };
  }
  const values = allocate(tensor, size);
  fill(values, tensor.values);
  eachRun(tensor.shape, shape, (from, to, length) =>
    copyInto(values, tensor.values.subarray(from, from + length), to),
  );
  return { dtype: tensor.dtype, shape, values };
}

/** Calls `copy` for every stretch of the last dimension, with its places in the small and in the large tensor. */
function eachRun(
  small: readonly number[],
  large: readonly number[],
  copy: (from: number, to: number, length: number) => void,
): void {
  const last = small.length - 1;
  const length = small[last] ?? 1;
  let from = 0;
  const visit = (dimension: number, to: number): void => {
    if (dimension >= last) {
      copy(from, to, length);
      from += length;
      return;
    }
    const stride = elementsFrom(large, dimension + 1);
    for (let i = 0; i < (small[dimension] ?? 0); i++) visit(dimension + 1, to + i * stride);
  };
  visit(0, 0);
}

function allocate({ dtype }: ServableTensor, length: number): TypedArray {
  if (!isNumeric(dtype)) throw new TypeError(`tensors of type ${dtype} cannot be joined`);
  return viewAs(dtype, new ArrayBuffer(length * DTYPES[dtype].bytes), length);
}

function isBig(values: TypedArray): values is BigInt64Array | BigUint64Array {
  return values instanceof BigInt64Array || values instanceof BigUint64Array;
}

function copyInto(target: TypedArray, source: TypedArray, offset: number): void {
  if (isBig(target)) {
    if (!isBig(source)) return;
    if (source.length === 1) target[offset] = source[0] ?? 0n;
    else target.set(source, offset);
  } else if (!isBig(source)) {
    // One row of one value is the commonest request there is, and an assignment costs a tenth of a call.
    if (source.length === 1) target[offset] = source[0] ?? 0;
    else target.set(source, offset);
  }
}

function fill(target: TypedArray, source: TypedArray): void {
  if (isBig(target)) target.fill(isBig(source) ? (source[0] ?? 0n) : 0n);
  else target.fill(isBig(source) ? 0 : (source[0] ?? 0));
}
