import { Random } from '../../easyrec/input/random.js';
import type { MetricBatch } from '../../easyrec/metrics/index.js';

/** Rows that a model has scored. */
export interface ScoredRows {
  readonly labels: readonly number[];
  readonly probs: readonly number[];
}

/** Rows whose labels follow their probabilities, drawn by `draw` from a uniform number. */
export function drawnRows(count: number, seed: number, draw: (uniform: number) => number): ScoredRows {
  const random = new Random(seed, 0, 0);
  const uniform = (): number => random.below(1 << 24) / (1 << 24);
  const probs = Array.from({ length: count }, () => Math.fround(draw(uniform())));
  return { probs, labels: probs.map((prob) => (uniform() < 0.2 + 0.6 * prob ? 1 : 0)) };
}

/** Rows as a metric receives them; logits are those of the probabilities, ids of every column the row's number modulo 5. */
export function batchOf({ labels, probs }: ScoredRows, changes: Partial<MetricBatch> = {}): MetricBatch {
  return {
    labels: Float32Array.from(labels),
    probs: Float32Array.from(probs),
    logits: Float32Array.from(probs, (p) => Math.log(p / (1 - p))),
    ids: () => labels.map((_, row) => row % 5),
    ...changes,
  };
}

/** The share of pairs of a positive and a negative row that are ordered right, ties counting half: over all pairs. */
export function pairwiseAuc({ labels, probs }: ScoredRows): number {
  const scores = (wanted: number): number[] => probs.filter((_, i) => labels[i] === wanted);
  const [positives, negatives] = [scores(1), scores(0)];
  const wins = positives.flatMap((p) => negatives.map((n) => (p > n ? 1 : p === n ? 0.5 : 0)));
  return wins.reduce((sum: number, win) => sum + win, 0) / wins.length;
}
