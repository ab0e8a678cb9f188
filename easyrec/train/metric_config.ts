import type { EvalConfig, EvalMetrics } from '../config/generated/types.js';
import { locationOf } from '../config/message.js';
import type { SourceLocation } from '../errors.js';
import { ConfigError, didYouMean } from '../errors.js';
import type { Log } from '../log.js';
import { METRICS, type Metric, REDUCTIONS, type Reduction } from '../metrics/index.js';

/** Makes the metrics of `eval_config`, empty, by the names their results go by. */
export type MetricFactory = () => ReadonlyMap<string, Metric>;

export interface MetricOptions {
  /** Whether max_f1 compares its thresholds with probabilities rather than logits. Default: no, as in EasyRec. */
  readonly maxF1OnProbs?: boolean;
  readonly log: Log;
}

/**
 * Checks the metrics that a config names.
 *
 * @throws ConfigError for an unknown reduction
 */
export function planMetrics(config: EvalConfig | null, options: MetricOptions): MetricFactory {
  const makers = (config?.metrics_set ?? []).flatMap((set) => metricMaker(set, options));
  return () => new Map(makers.map(([name, make]) => [name, make()]));
}

function metricMaker(
  set: EvalMetrics,
  { maxF1OnProbs = false, log }: MetricOptions,
): [keyof typeof METRICS, () => Metric][] {
  const name = set.which_metric;
  switch (name) {
    case 'auc': {
      const numThresholds = set.auc?.num_thresholds ?? 200;
      return [[name, () => METRICS.auc({ numThresholds })]];
    }
    case 'gauc':
    case 'session_auc': {
      const [group] = groupFields(set);
      if (group === undefined) return [];
      const reduction = reductionOf(group);
      return [[name, () => METRICS[name]({ column: group.column, reduction })]];
    }
    case 'max_f1':
      if (!maxF1OnProbs) {
        log.warn(
          'max_f1 compares logits, not probabilities, with its thresholds from 0 to 1, as in EasyRec; --max_f1_on_probs makes it compare probabilities',
        );
      }
      return [[name, () => METRICS.max_f1({ scores: maxF1OnProbs ? 'probs' : 'logits' })]];
    case 'mean_absolute_error':
    case 'mean_squared_error':
    case 'root_mean_squared_error':
      return [[name, METRICS[name]]];
    // checkSupported has refused, or told of, the others.
    case 'accuracy':
    case 'recall_at_topk':
    case 'recall':
    case 'precision':
    case 'precision_at_topk':
    case null:
      return [];
  }
}

/** What a metric groups rows by. */
interface GroupField {
  readonly column: string;
  readonly at: SourceLocation;
  readonly reduction: string;
  readonly reductionAt: SourceLocation;
}

/** The input fields that metrics group rows by, and where the config names them. */
export function metricGroupFields(config: EvalConfig | null): readonly GroupField[] {
  return (config?.metrics_set ?? []).flatMap(groupFields);
}

function groupFields({ gauc, session_auc: sessionAuc }: EvalMetrics): GroupField[] {
  const fields: GroupField[] = [];
  if (gauc !== null) {
    fields.push({
      column: gauc.uid_field,
      at: locationOf(gauc, 'uid_field'),
      reduction: gauc.reduction,
      reductionAt: locationOf(gauc, 'reduction'),
    });
  }
  if (sessionAuc !== null) {
    fields.push({
      column: sessionAuc.session_id_field,
      at: locationOf(sessionAuc, 'session_id_field'),
      reduction: sessionAuc.reduction,
      reductionAt: locationOf(sessionAuc, 'reduction'),
    });
  }
  return fields;
}

function reductionOf({ reduction, reductionAt }: GroupField): Reduction {
  const known = REDUCTIONS.find((name) => name === reduction);
  if (known !== undefined) return known;
  throw new ConfigError(
    `reduction: expected ${REDUCTIONS.join(' or ')}, received "${reduction}"${didYouMean(reduction, REDUCTIONS)}`,
    { at: reductionAt },
  );
}
