import type { Operation, Output } from '../graph.js';
import { dimension, gather, onesLike, reshape, shapeOf } from '../ops/array.js';
import { cast, mul, reciprocal, rsqrt, unsortedSegmentSum } from '../ops/math.js';
import { isStatic } from './constant_value.js';
import { IndexedSlices } from './indexed_slices.js';
import type { GradientRules, RuleFunction } from './rule.js';

/** The factor of each segment, given how many rows it has; null for none. */
type Weight = ((counts: Output) => Output) | null;

/** Of data `[V, ...]`, indices `[n]` and segment ids `[n]`: row `indices[i]` went into segment `ids[i]`. */
function sparseSegments(weight: Weight): RuleFunction {
  return (op, [dy]) => {
    const { shape } = op.input(0);
    const rows = gather(dy, op.input(2));
    const values = weight === null ? rows : mul(rows, weightsPerRow(op, dy, weight));
    const table = isStatic(shape) ? shape : shapeOf(op.input(0));
    return [new IndexedSlices(values, op.input(1), table), ...op.inputs.slice(1).map(() => null)];
  };
}

/** [n, 1, ...] */
function weightsPerRow(op: Operation, dy: Output, weight: (counts: Output) => Output): Output {
  const ids = op.input(2);
  const ones = cast(onesLike(ids), dy.dtype);
  const counts = unsortedSegmentSum(ones, ids, dimension(dy, 0));
  const perRow = gather(weight(counts), ids);
  const rank = op.input(0).shape?.length ?? 2;
  return rank === 1 ? perRow : reshape(perRow, [-1, ...Array.from({ length: rank - 1 }, () => 1)]);
}

/** Rules of the sums over looked-up rows. */
export const SPARSE_RULES = {
  SparseSegmentSum: sparseSegments(null),
  SparseSegmentMean: sparseSegments(reciprocal),
  SparseSegmentSqrtN: sparseSegments(rsqrt),
  SparseSegmentSumWithNumSegments: sparseSegments(null),
  SparseSegmentMeanWithNumSegments: sparseSegments(reciprocal),
  SparseSegmentSqrtNWithNumSegments: sparseSegments(rsqrt),
} satisfies GradientRules;
