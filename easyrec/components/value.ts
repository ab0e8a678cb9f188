import { ConfigError } from '../errors.js';
import { Output } from '../tf/index.js';

/** What flows between blocks: a tensor, a Python list, or a Python tuple. */
export type BlockValue = Output | Tuple | readonly BlockValue[];

/** A Python tuple: unlike a list it is not merged with other inputs, it has to be indexed first. */
export class Tuple {
  constructor(readonly items: readonly BlockValue[]) {}
}

/** Whether a value is a Python list. */
export function isList(value: BlockValue): value is readonly BlockValue[] {
  return Array.isArray(value);
}

/** The elements of a list or a tuple; null for a tensor. */
export function elementsOf(value: BlockValue): readonly BlockValue[] | null {
  if (value instanceof Tuple) return value.items;
  return isList(value) ? value : null;
}

/** `[?, 16]`, as shapes are shown to users. */
export function shapeText(x: Output): string {
  return x.shape === null ? '[...]' : `[${x.shape.map((n) => (n < 0 ? '?' : n)).join(', ')}]`;
}

/** A value in an error message: `a float32[?, 16] tensor`, `a list of 3`. */
export function describeValue(value: BlockValue): string {
  if (value instanceof Output) return `a ${value.dtype}${shapeText(value)} tensor`;
  if (value instanceof Tuple) return `a tuple of ${value.items.length}`;
  return isList(value) ? `a list of ${value.length}` : 'something else';
}

/** @throws ConfigError unless the value is a single tensor. */
export function expectTensor(value: BlockValue, what = 'input'): Output {
  if (value instanceof Output) return value;
  const hint = elementsOf(value) === null ? '' : '; take one of them with input_slice, for example "[0]"';
  throw new ConfigError(`${what}: expected one tensor, received ${describeValue(value)}${hint}`);
}

/** @throws ConfigError unless the value is a list or tuple of `count` (default: at least one) tensors. */
export function expectTensors(value: BlockValue, what = 'input', count?: number): readonly Output[] {
  const items = elementsOf(value);
  const wanted = count === undefined ? 'a list of tensors' : `a list of ${count} tensors`;
  if (items === null || items.length === 0 || (count !== undefined && items.length !== count)) {
    throw new ConfigError(
      `${what}: expected ${wanted}, received ${describeValue(value)}; merge_inputs_into_list makes one of the inputs`,
    );
  }
  return items.map((item, i) => expectTensor(item, `${what} ${i}`));
}

/** @throws ConfigError unless the size of the last dimension is known. */
export function lastDimension(x: Output, what = 'input'): number {
  const size = x.shape?.at(-1);
  if (size === undefined || size < 0) {
    throw new ConfigError(
      `${what}: expected a tensor whose last dimension is known, received ${shapeText(x)}`,
    );
  }
  return size;
}
