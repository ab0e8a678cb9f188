import type { InitializerSpec } from '../features/spec.js';
import type { Initializer } from '../tf/index.js';
import { constants, normal, truncatedNormal } from './initializers.js';

/**
 * What the rows of an embedding table start from: a function of (seed, table, row), so that an engine may make a row
 * when it is first looked up. The random ones are the numbers of TensorFlow's StatelessTruncatedNormal and
 * StatelessRandomNormal for the seed [seed, hash of the table's name], times the deviation, plus the mean.
 */
export type InitialRows =
  | { readonly kind: 'truncated_normal' | 'normal'; readonly mean: number; readonly deviation: number }
  /** In row-major order; the last one repeats. */
  | { readonly kind: 'constant'; readonly values: readonly number[] };

/** The standard deviation that remains when a standard normal distribution is cut off at 2. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

/** @param spec null for the default: truncated normal, mean 0, deviation `0.01 / sqrt(dim)` */
export function initialRowsOf(spec: InitializerSpec | null, rows: number, dim: number): InitialRows {
  if (spec === null) return { kind: 'truncated_normal', mean: 0, deviation: 0.01 / Math.sqrt(dim) };
  switch (spec.kind) {
    case 'truncated_normal':
      return { kind: 'truncated_normal', mean: spec.mean, deviation: spec.stddev };
    case 'random_normal':
      return { kind: 'normal', mean: spec.mean, deviation: spec.stddev };
    case 'glorot_normal': {
      const deviation = Math.sqrt(1 / Math.max(1, (rows + dim) / 2)) / TRUNCATED_DEVIATION;
      return { kind: 'truncated_normal', mean: 0, deviation };
    }
    case 'constant':
      return { kind: 'constant', values: spec.values };
  }
}

/** The whole table by standard ops. */
export function initialRows(initial: InitialRows): Initializer {
  switch (initial.kind) {
    case 'truncated_normal':
      return truncatedNormal(initial.mean, initial.deviation);
    case 'normal':
      return normal(initial.mean, initial.deviation);
    case 'constant':
      return constants(initial.values);
  }
}
