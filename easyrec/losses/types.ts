import type { Output } from '../tf/index.js';

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
