import { GraphError } from '../../errors.js';
import type { Output } from '../graph.js';
import { constant, gather } from '../ops/array.js';
import { cast, mul, unsortedSegmentSum } from '../ops/math.js';

/**
 * A tensor of which only some rows are not zero: `dense[indices[i]] += values[i]`. Indices may repeat.
 */
export class IndexedSlices {
  /** What it is the sum of, a part for each lookup; itself where it is no sum. */
  readonly parts: readonly IndexedSlices[];

  constructor(
    /** Rows, `[n, ...]`. */
    readonly values: Output,
    /** Their row numbers, `[n]`, int32 or int64. */
    readonly indices: Output,
    /** The shape of the whole: numbers where it is known beforehand, else a 1-D tensor. */
    readonly denseShape: readonly number[] | Output,
    parts: readonly IndexedSlices[] = [],
  ) {
    this.parts = parts.length === 0 ? [this] : parts;
  }

  /** The whole tensor; repeated rows are added up. */
  toDense(): Output {
    const { denseShape, indices, values } = this;
    const rows = Array.isArray(denseShape)
      ? constant(values.graph, 'int32', (denseShape as readonly number[])[0] ?? 0)
      : gather(denseShape as Output, constant(values.graph, 'int32', 0));
    return unsortedSegmentSum(values, indices, rows);
  }

  /** Every row times a scalar of the same dtype. */
  scale(factor: Output | number): IndexedSlices {
    const parts = this.parts.length === 1 ? [] : this.parts.map((part) => part.scale(factor));
    return new IndexedSlices(mul(this.values, factor), this.indices, this.denseShape, parts);
  }

  /**
   * The sum of several, still as rows.
   *
   * @throws GraphError when there is none.
   */
  static sum(slices: readonly IndexedSlices[]): IndexedSlices {
    const [first] = slices;
    if (first === undefined)
      throw new GraphError('IndexedSlices: expected at least one to sum, received none');
    if (slices.length === 1) return first;
    const wide = slices.some(({ indices }) => indices.dtype === 'int64');
    const indices = slices.map((slice) => (wide ? cast(slice.indices, 'int64') : slice.indices));
    return new IndexedSlices(
      concatRows(slices.map(({ values }) => values)),
      concatRows(indices),
      slices.map(({ denseShape }) => denseShape).find(Array.isArray) ?? first.denseShape,
      slices.flatMap(({ parts }) => parts),
    );
  }
}

function concatRows(parts: readonly Output[]): Output {
  const [first] = parts;
  if (first === undefined) throw new GraphError('IndexedSlices: expected rows, received none');
  return first.graph.op('ConcatV2', [parts, constant(first.graph, 'int32', 0)]).output();
}
