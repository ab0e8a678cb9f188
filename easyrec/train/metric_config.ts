import { findCase } from '../config/case_table.js';
import type { EvalConfig } from '../config/generated/types.js';
import { type Metric, type MetricOptions, METRICS, type PlannedMetric } from '../metrics/index.js';

/** Makes the metrics of `eval_config`, empty, by the names their results go by. */
export type MetricFactory = () => ReadonlyMap<string, Metric>;

/**
 * Checks the metrics that a config names.
 *
 * @throws ConfigError for one with fields that it cannot work with
 */
export function planMetrics(config: EvalConfig | null, options: MetricOptions): MetricFactory {
  const makers = namedMetrics(config).map(([name, { plan }]) => [name, plan(options)] as const);
  return () => new Map(makers.map(([name, make]) => [name, make()]));
}

/** The input fields that metrics group rows by, and where the config names them. */
export function metricGroupFields(
  config: EvalConfig | null,
): readonly NonNullable<PlannedMetric['groupedBy']>[] {
  return namedMetrics(config).flatMap(([, { groupedBy }]) => groupedBy ?? []);
}

/** Those that there are: checkSupported has refused, or told of, the others. */
function namedMetrics(config: EvalConfig | null): readonly (readonly [string, PlannedMetric])[] {
  return (config?.metrics_set ?? []).flatMap((set) => {
    const metric = findCase(set, 'metric', METRICS);
    return metric === null || set.which_metric === null ? [] : [[set.which_metric, metric] as const];
  });
}
