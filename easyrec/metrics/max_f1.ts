import { ThresholdCounts } from './threshold_counts.js';
import type { Metric, PlannedMetric } from './types.js';

export interface MaxF1Config {
  /**
   * What is compared with thresholds from 0 to 1. EasyRec takes the logits, so that only thresholds from a probability
   * of 0.5 to one of 0.73 are tried.
   */
  readonly scores: 'logits' | 'probs';
}

const NUM_THRESHOLDS = 200;

/** The largest F1 score, `2 p r / (p + r)` of precision p and recall r, over 200 thresholds from 0 to 1. 0 before any row. */
export function maxF1({ scores }: MaxF1Config): Metric<'labels' | 'logits' | 'probs'> {
  const counts = new ThresholdCounts(NUM_THRESHOLDS);
  return {
    update: (batch) => counts.add(batch.labels, batch[scores]),
    result() {
      const { positives, negatives, totalPositives } = counts.above();
      return Math.max(
        ...positives.map((truePositives, k) => f1(truePositives, negatives[k] ?? 0, totalPositives)),
      );
    },
    reset: () => counts.reset(),
  };
}

/** `max_f1` of `metrics_set`. */
export function plannedMaxF1(): PlannedMetric {
  return {
    plan({ maxF1OnProbs = false, log }) {
      if (!maxF1OnProbs) {
        log.warn(
          'max_f1 compares logits, not probabilities, with its thresholds from 0 to 1, as in EasyRec; --max_f1_on_probs makes it compare probabilities',
        );
      }
      return () => maxF1({ scores: maxF1OnProbs ? 'probs' : 'logits' });
    },
  };
}

function f1(truePositives: number, falsePositives: number, totalPositives: number): number {
  if (truePositives === 0) return 0;
  const precision = truePositives / (truePositives + falsePositives);
  const recall = truePositives / totalPositives;
  return (2 * precision * recall) / (precision + recall + 1e-12);
}
