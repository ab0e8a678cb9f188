import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import { meanOverNonzeroWeights } from './reduction.js';
import type { Loss } from './types.js';

/**
 * The cross-entropy of a sigmoid: `max(x, 0) - x z + ln(1 + e^-|x|)`, which cannot overflow.
 *
 * @param labels `[B]` float32, 0 or 1 (or a probability)
 * @param logits `[B]` float32
 * @returns `[B]`
 */
export function sigmoidCrossEntropy(labels: Output, logits: Output): Output {
  // Selects, where max and abs would give a wrong gradient at a logit of exactly 0.
  const positive = ops.greaterEqual(logits, 0);
  const rectified = ops.select(positive, logits, 0);
  const negativeAbs = ops.select(positive, ops.neg(logits), logits);
  return ops.add(ops.sub(rectified, ops.mul(logits, labels)), ops.log1p(ops.exp(negativeAbs)));
}

/** `CLASSIFICATION`: the mean of that over the rows that count. */
export const classification = {
  key: 'cross_entropy_loss',
  build: ({ labels, logits, weights }) =>
    meanOverNonzeroWeights(sigmoidCrossEntropy(labels, logits), weights),
} as const satisfies Loss;
