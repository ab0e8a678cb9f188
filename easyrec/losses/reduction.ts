import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';

/**
 * TensorFlow's SUM_BY_NONZERO_WEIGHTS: the weighted sum over the number of rows with a weight other than 0.
 *
 * @param losses `[B]` float32
 * @param weights `[B]` float32, or null where each row counts 1
 * @returns a scalar; 0 for an empty batch or all weights 0
 */
export function meanOverNonzeroWeights(losses: Output, weights: Output | null): Output {
  if (weights === null) {
    const count = ops.cast(ops.sizeOf(losses), 'float32');
    return ops.divNoNan(ops.reduceSum(losses), count);
  }
  const present = ops.reduceSum(ops.cast(ops.notEqual(weights, 0), 'float32'));
  return ops.divNoNan(ops.reduceSum(ops.mul(losses, weights)), present);
}
