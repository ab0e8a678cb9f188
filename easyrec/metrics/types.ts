/** What a metric sees of a batch: B rows. */
export interface MetricBatch {
  readonly labels: Float32Array;
  readonly probs: Float32Array;
}

/** A metric over many batches. */
export interface Metric {
  update(batch: MetricBatch): void;
  /** The value over all rows so far. */
  result(): number;
  reset(): void;
}
