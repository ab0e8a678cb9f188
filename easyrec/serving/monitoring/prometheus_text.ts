import { formatG } from '../tfserving/json_format.js';
import type { Histogram, LabelValues, Metric } from './metric.js';

/** Metrics in Prometheus' text format, with names and lines as TensorFlow Serving writes them. */
export function prometheusText(metrics: readonly Metric[]): string {
  const lines = [...metrics]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .filter((metric) => metric.points().length > 0)
    .flatMap(linesOf);
  return `${lines.join('\n')}\n`;
}

function linesOf(metric: Metric): readonly string[] {
  const name = metric.name.replace(/[^a-zA-Z0-9_]/g, ':');
  const type = `# TYPE ${name} ${metric.kind}`;
  if (metric.kind === 'histogram') return [type, ...histogramLines(name, metric)];
  return [
    type,
    ...metric.points().map(({ labels, value }) => `${name}{${labelText(metric.labels, labels)}} ${value}`),
  ];
}

function histogramLines(name: string, metric: Histogram): readonly string[] {
  // The original prints limits with six digits; so must we, or a server that takes its place begins new series.
  const limits = [...metric.limits.map((limit) => formatG(limit, 6)), '+Inf'];
  return metric.points().flatMap(({ labels, value }) => {
    const text = labelText(metric.labels, labels);
    const prefix = `${name}_bucket{${text}${text === '' ? '' : ','}`;
    let sum = 0;
    const buckets = limits.map((limit, i) => `${prefix}le="${limit}"} ${(sum += value.counts[i] ?? 0)}`);
    return [...buckets, `${name}_sum{${text}} ${value.sum}`, `${name}_count{${text}} ${value.count}`];
  });
}

function labelText(names: readonly string[], values: LabelValues): string {
  return names.map((name, i) => `${name}="${escaped(values[i] ?? '')}"`).join(',');
}

function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
