import type { Metric, MetricBatch } from './types.js';

export interface AucConfig {
  /** Default in EasyRec: 200. */
  readonly numThresholds: number;
}

const RATE_EPSILON = 1e-6;
const THRESHOLD_EPSILON = 1e-7;

/**
 * The area under the ROC curve as `tf.metrics.auc` approximates it: true and false positive rates at evenly spaced
 * thresholds, joined by trapezoids. Rows with a label above 0.5 are positive. 0 before any row.
 */
export function auc({ numThresholds }: AucConfig): Metric {
  const inner = Math.max(numThresholds - 2, 0);
  const thresholds = Float32Array.from([
    0 - THRESHOLD_EPSILON,
    ...Array.from({ length: inner }, (_, i) => (i + 1) / (numThresholds - 1)),
    1 + THRESHOLD_EPSILON,
  ]);
  // counts[k]: rows whose score exceeds exactly the first k thresholds.
  const positives = new Float64Array(thresholds.length + 1);
  const negatives = new Float64Array(thresholds.length + 1);
  return {
    update({ labels, probs }: MetricBatch) {
      labels.forEach((label, i) => {
        const counts = label > 0.5 ? positives : negatives;
        const bin = thresholdsBelow(thresholds, probs[i] ?? NaN);
        counts[bin] = (counts[bin] ?? 0) + 1;
      });
    },
    result: () => area(rates(positives, RATE_EPSILON, RATE_EPSILON), rates(negatives, 0, RATE_EPSILON)),
    reset() {
      positives.fill(0);
      negatives.fill(0);
    },
  };
}

/** How many thresholds a score exceeds; none for NaN. */
function thresholdsBelow(thresholds: Float32Array, score: number): number {
  let low = 0;
  let high = thresholds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (score > (thresholds[middle] ?? Infinity)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Per threshold, the share of rows above it. */
function rates(counts: Float64Array, numeratorEpsilon: number, denominatorEpsilon: number): Float64Array {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const result = new Float64Array(counts.length - 1);
  let above = total;
  for (let k = 0; k < result.length; k++) {
    above -= counts[k] ?? 0;
    result[k] = (above + numeratorEpsilon) / (total + denominatorEpsilon);
  }
  return result;
}

function area(truePositiveRates: Float64Array, falsePositiveRates: Float64Array): number {
  let sum = 0;
  for (let k = 0; k + 1 < truePositiveRates.length; k++) {
    const width = (falsePositiveRates[k] ?? 0) - (falsePositiveRates[k + 1] ?? 0);
    sum += (width * ((truePositiveRates[k] ?? 0) + (truePositiveRates[k + 1] ?? 0))) / 2;
  }
  return sum;
}
