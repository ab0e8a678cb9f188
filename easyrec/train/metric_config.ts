import type { EvalConfig } from '../config/generated/types.js';
import { METRICS, type Metric } from '../metrics/index.js';

/** The metrics of `eval_config`, by the names their results go by. */
export function metricsOf(config: EvalConfig | null): ReadonlyMap<string, Metric> {
  const sets = config?.metrics_set ?? [];
  const named = sets.flatMap((set): [string, Metric][] =>
    set.auc === null ? [] : [['auc', METRICS.auc({ numThresholds: set.auc.num_thresholds })]],
  );
  return new Map(named);
}
