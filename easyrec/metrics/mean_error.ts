import type { Metric, PlannedMetric } from './types.js';

/** The mean of `|label - probability|` over all rows; 0 before any row. */
export function meanAbsoluteError(): Metric<'labels' | 'probs'> {
  return meanOf(Math.abs);
}

/** The mean of `(label - probability)^2` over all rows; 0 before any row. */
export function meanSquaredError(): Metric<'labels' | 'probs'> {
  return meanOf(square);
}

/** The root of the mean of `(label - probability)^2` over all rows; 0 before any row. */
export function rootMeanSquaredError(): Metric<'labels' | 'probs'> {
  const mean = meanOf(square);
  return { ...mean, result: () => Math.sqrt(mean.result()) };
}

/** `mean_absolute_error` of `metrics_set`. */
export function plannedMeanAbsoluteError(): PlannedMetric {
  return { plan: () => meanAbsoluteError };
}

/** `mean_squared_error` of `metrics_set`. */
export function plannedMeanSquaredError(): PlannedMetric {
  return { plan: () => meanSquaredError };
}

/** `root_mean_squared_error` of `metrics_set`. */
export function plannedRootMeanSquaredError(): PlannedMetric {
  return { plan: () => rootMeanSquaredError };
}

function square(value: number): number {
  return value * value;
}

function meanOf(measure: (difference: number) => number): Metric<'labels' | 'probs'> {
  let sum = 0;
  let rows = 0;
  return {
    update({ labels, probs }) {
      for (let i = 0; i < labels.length; i++) sum += measure((labels[i] ?? NaN) - (probs[i] ?? NaN));
      rows += labels.length;
    },
    result: () => (rows === 0 ? 0 : sum / rows),
    reset() {
      sum = rows = 0;
    },
  };
}
