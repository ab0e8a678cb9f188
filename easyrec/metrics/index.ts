import { type CaseTable, UNSUPPORTED } from '../config/case_table.js';
import type { EvalMetrics } from '../config/generated/types.js';
import { plannedAuc } from './auc.js';
import { plannedGauc, plannedSessionAuc } from './grouped_auc.js';
import { plannedMaxF1 } from './max_f1.js';
import {
  plannedMeanAbsoluteError,
  plannedMeanSquaredError,
  plannedRootMeanSquaredError,
} from './mean_error.js';
import type { PlannedMetric } from './types.js';

export { auc } from './auc.js';
export type { Metric, MetricBatch, MetricKey, MetricOptions, PlannedMetric } from './types.js';

/** Metrics by their name in `metrics_set`, which is also the name of their result. */
export const METRICS = {
  auc: plannedAuc,
  gauc: plannedGauc,
  session_auc: plannedSessionAuc,
  max_f1: plannedMaxF1,
  mean_absolute_error: plannedMeanAbsoluteError,
  mean_squared_error: plannedMeanSquaredError,
  root_mean_squared_error: plannedRootMeanSquaredError,
  accuracy: UNSUPPORTED,
  precision: UNSUPPORTED,
  recall: UNSUPPORTED,
  precision_at_topk: UNSUPPORTED,
  recall_at_topk: UNSUPPORTED,
} as const satisfies CaseTable<EvalMetrics, 'metric', PlannedMetric>;
