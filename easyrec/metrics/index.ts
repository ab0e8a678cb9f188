import { auc } from './auc.js';

export type { Metric, MetricBatch } from './types.js';

/** Metrics by their name in `metrics_set`. */
export const METRICS = { auc } as const;
