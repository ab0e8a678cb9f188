import type { Output } from '../tf/index.js';

/** Fields of one width D, as tensors `[B, D]` of their own or as one, `[B, N, D]`. */
export type Fields =
  | { readonly kind: 'list'; readonly tensors: readonly Output[]; readonly width: number }
  | { readonly kind: 'stacked'; readonly tensor: Output; readonly width: number };

/** What a batch is normalized by. */
export interface BatchNormInputs {
  /** `[..., C]`, rank 2 or more, C known. */
  readonly x: Output;
  /** `[C]`. */
  readonly gamma: Output;
  /** `[C]`. */
  readonly beta: Output;
  /** Added to the variance. */
  readonly epsilon: number;
  /** Whether negative results become 0. */
  readonly relu: boolean;
}

/** A normalized batch, and the statistics it was normalized by. */
export interface BatchNormalized {
  /** The shape of x: `gamma (x - mean) / sqrt(variance + epsilon) + beta`, or that or 0, whichever is larger. */
  readonly y: Output;
  /** `[C]`. */
  readonly mean: Output;
  /** `[C]`, that of the population: squared distances over the number of rows. */
  readonly variance: Output;
}

/** N fields, for each of which a row has K numbers, and all rows have K vectors of D. */
export interface ProjectionInputs {
  /** `[B, N K]`. */
  readonly numbers: Output;
  /** `[K, N D]`. */
  readonly vectors: Output;
  /** N. */
  readonly fields: number;
}

/**
 * The parts of a model that one native op can compute in place of several standard ones. Which of both runs, nothing
 * but training knows; the values are the same but for rounding.
 */
export interface DenseKernels {
  /** Normalizes a batch by its own statistics; no gradient flows through these. */
  batchNorm(inputs: BatchNormInputs): BatchNormalized;
  /** `0.5 ((sum_i v_i)^2 - sum_i v_i^2)` over N fields, `[B, D]`. */
  fieldInteractions(fields: Fields): Output;
  /**
   * Dot products of all pairs (i, j) of N fields with j < i, row by row: `[B, N (N - 1) / 2]`; with `diagonal` also
   * those with j = i: `[B, N (N + 1) / 2]`.
   */
  dotProducts(fields: Fields, options: { readonly diagonal: boolean }): Output;
  /** For each field its vectors' sum, weighted with the row's numbers: `[B, N D]`. */
  projections(inputs: ProjectionInputs): Output;
  /** `[B, in] x [in, units] -> [B, units]`. */
  product(x: Output, weights: Output): Output;
}
