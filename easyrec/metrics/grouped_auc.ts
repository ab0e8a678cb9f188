import type { GAUC, SessionAUC } from '../config/generated/types.js';
import { locationOf } from '../config/message.js';
import { ConfigError, didYouMean } from '../errors.js';
import { isPositive, type Metric, type MetricKey, type PlannedMetric } from './types.js';

/** How much a group counts in the mean: all the same, by its rows, or by its positive rows. */
const REDUCTIONS = ['mean', 'mean_by_sample_num', 'mean_by_positive_num'] as const;

export type Reduction = (typeof REDUCTIONS)[number];

export interface GroupedAucConfig {
  /** The input column whose value tells the groups apart. */
  readonly column: string;
  /** Default in EasyRec: mean. */
  readonly reduction: Reduction;
}

/** Scores of a group's rows. */
interface Group {
  readonly positives: number[];
  readonly negatives: number[];
}

/**
 * The mean of the exact areas under the ROC curves of groups of rows, such as a user's or a session's. Groups of one
 * class do not count; 0 when none is left. Keeps every score in memory.
 */
export function groupedAuc({ column, reduction }: GroupedAucConfig): Metric<'labels' | 'probs' | 'ids'> {
  const groups = new Map<MetricKey, Group>();
  return {
    update({ labels, probs, ids }) {
      const keys = ids(column);
      for (let i = 0; i < labels.length; i++) {
        const key = keys[i] ?? '';
        let group = groups.get(key);
        if (group === undefined) groups.set(key, (group = { positives: [], negatives: [] }));
        const { positives, negatives } = group;
        (isPositive(labels[i] ?? NaN) ? positives : negatives).push(probs[i] ?? NaN);
      }
    },
    result() {
      let sum = 0;
      let weights = 0;
      for (const group of groups.values()) {
        if (group.positives.length === 0 || group.negatives.length === 0) continue;
        const weight = weightOf(group, reduction);
        sum += weight * exactAuc(group);
        weights += weight;
      }
      return weights === 0 ? 0 : sum / weights;
    },
    reset: () => groups.clear(),
  };
}

/**
 * `gauc` of `metrics_set`.
 *
 * @throws ConfigError for an unknown reduction
 */
export function plannedGauc(config: GAUC): PlannedMetric {
  const reduction = reductionOf(config);
  const column = config.uid_field;
  return {
    groupedBy: { column, at: locationOf(config, 'uid_field') },
    plan: () => () => groupedAuc({ column, reduction }),
  };
}

/**
 * `session_auc` of `metrics_set`.
 *
 * @throws ConfigError for an unknown reduction
 */
export function plannedSessionAuc(config: SessionAUC): PlannedMetric {
  const reduction = reductionOf(config);
  const column = config.session_id_field;
  return {
    groupedBy: { column, at: locationOf(config, 'session_id_field') },
    plan: () => () => groupedAuc({ column, reduction }),
  };
}

function reductionOf(config: GAUC | SessionAUC): Reduction {
  const { reduction } = config;
  const known = REDUCTIONS.find((name) => name === reduction);
  if (known !== undefined) return known;
  throw new ConfigError(
    `reduction: expected ${REDUCTIONS.join(' or ')}, received "${reduction}"${didYouMean(reduction, REDUCTIONS)}`,
    { at: locationOf(config, 'reduction') },
  );
}

function weightOf({ positives, negatives }: Group, reduction: Reduction): number {
  switch (reduction) {
    case 'mean':
      return 1;
    case 'mean_by_sample_num':
      return positives.length + negatives.length;
    case 'mean_by_positive_num':
      return positives.length;
  }
}

/** The share of pairs of a positive and a negative row of which the positive one scores higher; a tie counts half. */
function exactAuc({ positives, negatives }: Group): number {
  const high = Float64Array.from(positives).sort();
  const low = Float64Array.from(negatives).sort();
  // NaN is sorted to the end.
  if (Number.isNaN(high.at(-1)) || Number.isNaN(low.at(-1))) return NaN;
  let below = 0;
  let notAbove = 0;
  let wins = 0;
  for (const score of high) {
    while (below < low.length && (low[below] ?? NaN) < score) below++;
    while (notAbove < low.length && (low[notAbove] ?? NaN) <= score) notAbove++;
    wins += (below + notAbove) / 2;
  }
  return wins / (high.length * low.length);
}
