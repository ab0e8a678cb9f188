import type { AUC } from '../config/generated/types.js';
import { ThresholdCounts } from './threshold_counts.js';
import type { Metric, PlannedMetric } from './types.js';

export interface AucConfig {
  /** Default in EasyRec: 200. */
  readonly numThresholds: number;
}

const RATE_EPSILON = 1e-6;

/**
 * The area under the ROC curve as `tf.metrics.auc` approximates it: true and false positive rates at evenly spaced
 * thresholds, joined by trapezoids. 0 before any row.
 */
export function auc({ numThresholds }: AucConfig): Metric<'labels' | 'probs'> {
  const counts = new ThresholdCounts(numThresholds);
  return {
    update: ({ labels, probs }) => counts.add(labels, probs),
    result() {
      const { positives, negatives, totalPositives, totalNegatives } = counts.above();
      return area(
        positives.map((count) => (count + RATE_EPSILON) / (totalPositives + RATE_EPSILON)),
        negatives.map((count) => count / (totalNegatives + RATE_EPSILON)),
      );
    },
    reset: () => counts.reset(),
  };
}

/** `auc` of `metrics_set`. */
export function plannedAuc({ num_thresholds: numThresholds }: AUC): PlannedMetric {
  return { plan: () => () => auc({ numThresholds }) };
}

function area(truePositiveRates: Float64Array, falsePositiveRates: Float64Array): number {
  let sum = 0;
  for (let k = 0; k + 1 < truePositiveRates.length; k++) {
    const width = (falsePositiveRates[k] ?? 0) - (falsePositiveRates[k + 1] ?? 0);
    sum += (width * ((truePositiveRates[k] ?? 0) + (truePositiveRates[k + 1] ?? 0))) / 2;
  }
  return sum;
}
