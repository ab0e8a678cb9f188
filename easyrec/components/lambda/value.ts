import type { DType } from '../../tf/index.js';
import { Output } from '../../tf/index.js';
import { Tuple } from '../value.js';

/** TensorFlow's dtype as an expression names it: `tf.float32`. */
export class DTypeName {
  constructor(readonly dtype: DType) {}
}

/** What an expression's parts stand for: blocks' values, and Python's numbers, strings, bools and None. */
export type LambdaValue =
  Output | Tuple | DTypeName | number | boolean | string | null | readonly LambdaValue[];

/** Elements of a list or tuple; null for anything else. */
export function itemsOf(value: LambdaValue): readonly LambdaValue[] | null {
  if (value instanceof Tuple) return value.items;
  return isLambdaList(value) ? value : null;
}

/** Whether a value is a list; a tuple is none. */
export function isLambdaList(value: LambdaValue): value is readonly LambdaValue[] {
  return Array.isArray(value);
}

/** A value in an error message. */
export function describeLambdaValue(value: LambdaValue): string {
  if (value === null) return 'None';
  if (value instanceof Output) return 'a tensor';
  if (value instanceof Tuple) return `a tuple of ${value.items.length}`;
  if (value instanceof DTypeName) return `tf.${value.dtype}`;
  if (isLambdaList(value)) return `a list of ${value.length}`;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}
