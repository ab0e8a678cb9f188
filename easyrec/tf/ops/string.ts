import type { Output } from '../graph.js';
import type { DType } from '../dtype.js';
import { constant } from './array.js';

/** FarmHash Fingerprint64 of each string, modulo `buckets`; int64 of the same shape. */
export function stringToHashBucketFast(x: Output, buckets: number | bigint): Output {
  return x.graph.op('StringToHashBucketFast', [x], { num_buckets: buckets }).output();
}

/** Parses each string as a number; TensorFlow fails the run on a string that is none. */
export function stringToNumber(x: Output, dtype: DType): Output {
  return x.graph.op('StringToNumber', [x], { out_type: dtype }).output();
}

export interface AsStringOptions {
  /** Decimals of a float. Default: as many as needed. */
  readonly precision?: number;
}

/** Numbers as decimal text. */
export function asString(x: Output, { precision = -1 }: AsStringOptions = {}): Output {
  return x.graph.op('AsString', [x], { precision }).output();
}

/** The parts of each string of `[B]`: values `[n]`, coordinates `[n, 2]` int64, dense shape `[2]`. */
export interface SparseStrings {
  readonly indices: Output;
  readonly values: Output;
  readonly denseShape: Output;
}

/** Splits at any character of `delimiters`, leaving out empty parts unless told otherwise. */
export function stringSplit(x: Output, delimiters: string, skipEmpty = true): SparseStrings {
  const op = x.graph.op('StringSplit', [x, constant(x.graph, 'string', delimiters)], {
    skip_empty: skipEmpty,
  });
  return { indices: op.output(0), values: op.output(1), denseShape: op.output(2) };
}

/** Joins strings of one shape element by element. */
export function stringJoin(values: readonly Output[], separator: string): Output {
  const [first] = values;
  if (first === undefined) throw new RangeError('stringJoin: expected at least one tensor');
  return first.graph.op('StringJoin', [values], { separator }).output();
}

/** Bytes (or, by `unit`, Unicode characters) of each string, int32. */
export function stringLength(x: Output, unit: 'BYTE' | 'UTF8_CHAR' = 'BYTE'): Output {
  return x.graph.op('StringLength', [x], { unit }).output();
}
