import { isPositive } from './types.js';

const EPSILON = 1e-7;

/** Positive and negative rows whose score lies above each of several thresholds; all NaN once a score was NaN. */
export interface CountsAbove {
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
  readonly totalPositives: number;
  readonly totalNegatives: number;
}

/** Counts rows by how many of evenly spaced thresholds their score exceeds: from just below 0 to just above 1. */
export class ThresholdCounts {
  readonly #thresholds: Float32Array;
  readonly #perUnit: number;
  readonly #positives: Float64Array;
  readonly #negatives: Float64Array;

  /** @param numThresholds at least 2; fewer count as 2 */
  constructor(numThresholds: number) {
    const inner = Math.max(numThresholds - 2, 0);
    this.#perUnit = inner + 1;
    this.#thresholds = Float32Array.from([
      0 - EPSILON,
      ...Array.from({ length: inner }, (_, i) => (i + 1) / (numThresholds - 1)),
      1 + EPSILON,
    ]);
    // At k: the rows whose score exceeds exactly the first k thresholds.
    this.#positives = new Float64Array(this.#thresholds.length + 1);
    this.#negatives = new Float64Array(this.#thresholds.length + 1);
  }

  add(labels: Float32Array, scores: Float32Array): void {
    for (let i = 0; i < labels.length; i++) {
      const counts = isPositive(labels[i] ?? NaN) ? this.#positives : this.#negatives;
      const score = scores[i] ?? NaN;
      const bin = this.#countBelow(score);
      counts[bin] = (counts[bin] ?? 0) + (Number.isNaN(score) ? NaN : 1);
    }
  }

  above(): CountsAbove {
    const [positives, totalPositives] = sumsFromTheEnd(this.#positives);
    const [negatives, totalNegatives] = sumsFromTheEnd(this.#negatives);
    return { positives, negatives, totalPositives, totalNegatives };
  }

  reset(): void {
    this.#positives.fill(0);
    this.#negatives.fill(0);
  }

  /** How many thresholds a score exceeds. */
  #countBelow(score: number): number {
    const thresholds = this.#thresholds;
    // The thresholds are evenly spaced, up to rounding: this is right, or nearly so.
    let count = score >= 0 ? Math.min(Math.floor(score * this.#perUnit) + 1, thresholds.length) : 0;
    while (count > 0 && !(score > (thresholds[count - 1] ?? Infinity))) count--;
    while (count < thresholds.length && score > (thresholds[count] ?? Infinity)) count++;
    return count;
  }
}

/** Per threshold the rows above it, and the number of all rows. */
function sumsFromTheEnd(counts: Float64Array): readonly [Float64Array, number] {
  const result = new Float64Array(counts.length - 1);
  let above = 0;
  for (let k = result.length; k > 0; k--) result[k - 1] = above += counts[k] ?? 0;
  return [result, above + (counts[0] ?? 0)];
}
