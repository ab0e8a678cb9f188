import { GraphError } from '../../errors.js';
import type { Output } from '../../tf/index.js';
import { ops } from '../../tf/index.js';

/** One subscript of Python's basic indexing, its parts evaluated. */
export type Index =
  | { readonly kind: 'index'; readonly at: number }
  | {
      readonly kind: 'slice';
      readonly start: number | null;
      readonly stop: number | null;
      readonly step: number;
    }
  | { readonly kind: 'ellipsis' }
  | { readonly kind: 'new-axis' };

interface StridedSpec {
  readonly begin: number[];
  readonly end: number[];
  readonly strides: number[];
  beginMask: number;
  endMask: number;
  ellipsisMask: number;
  newAxisMask: number;
  shrinkAxisMask: number;
}

function push(spec: StridedSpec, begin: number, end: number, stride: number): void {
  spec.begin.push(begin);
  spec.end.push(end);
  spec.strides.push(stride);
}

function add(spec: StridedSpec, index: Index): void {
  const bit = 1 << spec.begin.length;
  switch (index.kind) {
    case 'index':
      spec.shrinkAxisMask |= bit;
      // For -1 the end would be 0, which is before it.
      if (index.at === -1) spec.endMask |= bit;
      push(spec, index.at, index.at + 1, 1);
      break;
    case 'slice':
      if (index.start === null) spec.beginMask |= bit;
      if (index.stop === null) spec.endMask |= bit;
      push(spec, index.start ?? 0, index.stop ?? 0, index.step);
      break;
    case 'ellipsis':
      spec.ellipsisMask |= bit;
      push(spec, 0, 0, 1);
      break;
    case 'new-axis':
      spec.newAxisMask |= bit;
      push(spec, 0, 0, 1);
      break;
  }
}

/**
 * `x[...]` as Python indexes tensors.
 *
 * @throws GraphError for more subscripts than dimensions.
 */
export function indexTensor(x: Output, indices: readonly Index[]): Output {
  if (indices.length > 31)
    throw new GraphError(`index: expected at most 31 subscripts, received ${indices.length}`);
  const spec: StridedSpec = {
    begin: [],
    end: [],
    strides: [],
    beginMask: 0,
    endMask: 0,
    ellipsisMask: 0,
    newAxisMask: 0,
    shrinkAxisMask: 0,
  };
  for (const index of indices) add(spec, index);
  const list = (values: readonly number[]): Output => ops.ints(x.graph, values);
  return ops.stridedSlice(x, list(spec.begin), list(spec.end), list(spec.strides), spec);
}

/** Python's `list[start:stop:step]`. */
export function sliceList<T>(items: readonly T[], index: Extract<Index, { kind: 'slice' }>): readonly T[] {
  const { length } = items;
  const { start, stop, step } = index;
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const clamp = (at: number): number => Math.min(high, Math.max(low, at < 0 ? at + length : at));
  const from = start === null ? (step > 0 ? low : high) : clamp(start);
  const to = stop === null ? (step > 0 ? high : low) : clamp(stop);
  const picked: T[] = [];
  for (let i = from; step > 0 ? i < to : i > to; i += step) picked.push(...items.slice(i, i + 1));
  return picked;
}
