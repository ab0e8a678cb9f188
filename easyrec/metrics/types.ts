import type { SourceLocation } from '../errors.js';
import type { Log } from '../log.js';

/** The id of a row's group, as its column holds it. */
export type MetricKey = string | number | bigint;

/** What metrics see of a batch: B rows. */
export interface MetricBatch {
  /** `[B]` */
  readonly labels: Float32Array;
  /** `[B]`, from 0 to 1. */
  readonly probs: Float32Array;
  /** `[B]` */
  readonly logits: Float32Array;
  /** `[B]` values of an input column. */
  readonly ids: (column: string) => ArrayLike<MetricKey>;
}

/** A metric over many batches, of which it reads what K names. */
export interface Metric<K extends keyof MetricBatch = keyof MetricBatch> {
  update(batch: Pick<MetricBatch, K>): void;
  /** The value over all rows so far; NaN once a prediction was NaN. */
  result(): number;
  reset(): void;
}

/** What is asked of metrics besides their config. */
export interface MetricOptions {
  /** Whether max_f1 compares its thresholds with probabilities rather than logits. Default: no, as in EasyRec. */
  readonly maxF1OnProbs?: boolean;
  /** Told of traps. */
  readonly log: Log;
}

/** A metric as a config asks for it. */
export interface PlannedMetric {
  /** The input field whose value tells groups of rows apart, and where the config names it. Default: no groups. */
  readonly groupedBy?: { readonly column: string; readonly at: SourceLocation };
  /** @returns what makes the metric, empty */
  readonly plan: (options: MetricOptions) => () => Metric;
}

/** Whether a label counts as positive: EasyRec casts it to a whole number, and that to true or false. */
export function isPositive(label: number): boolean {
  return Math.trunc(label) !== 0;
}
