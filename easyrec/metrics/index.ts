import { auc } from './auc.js';
import { groupedAuc } from './grouped_auc.js';
import { maxF1 } from './max_f1.js';
import { meanAbsoluteError, meanSquaredError, rootMeanSquaredError } from './mean_error.js';

export { REDUCTIONS, type Reduction } from './grouped_auc.js';
export type { Metric, MetricBatch, MetricKey } from './types.js';

/** Metrics by their name in `metrics_set`, which is also the name of their result. */
export const METRICS = {
  auc,
  gauc: groupedAuc,
  session_auc: groupedAuc,
  max_f1: maxF1,
  mean_absolute_error: meanAbsoluteError,
  mean_squared_error: meanSquaredError,
  root_mean_squared_error: rootMeanSquaredError,
} as const;
