import type { Output } from '../tf/index.js';
import { sigmoidCrossEntropy } from './binary_cross_entropy.js';
import { meanOverNonzeroWeights } from './reduction.js';

/** What a loss compares. */
export interface LossInputs {
  /** `[B]` float32. */
  readonly labels: Output;
  /** `[B]` float32. */
  readonly logits: Output;
  /** `[B]` float32, or null where each row counts 1. */
  readonly weights: Output | null;
}

/** A loss with the name its value goes by. */
export interface Loss {
  /** Its key in logs and metrics: `loss/loss/<key>`. */
  readonly key: string;
  /** @returns a scalar */
  readonly build: (inputs: LossInputs) => Output;
}

/** Losses by `loss_type`. */
export const LOSSES = {
  CLASSIFICATION: {
    key: 'cross_entropy_loss',
    build: ({ labels, logits, weights }) =>
      meanOverNonzeroWeights(sigmoidCrossEntropy(labels, logits), weights),
  },
} as const satisfies Readonly<Record<string, Loss>>;
