import type { Batch } from '../input/batch.js';
import type { BatchReader } from '../input/reader.js';
import { batchesOf } from '../input/reader.js';
import type { Metric, MetricKey } from '../metrics/index.js';
import type { Session, Tensor } from '../tf/index.js';
import { computeBatches, disposeComputed } from './computed_batches.js';
import { columnValues, labelValues } from './feeds.js';
import type { EvalStep } from './training_graph.js';

export interface EvaluationParts {
  readonly session: Session;
  readonly evaluate: EvalStep;
  readonly reader: BatchReader;
  /** By name; emptied before use. */
  readonly metrics: ReadonlyMap<string, Metric>;
  /** Stops after so many batches. Default: at the end of the data. */
  readonly maxBatches?: number;
  readonly signal?: AbortSignal;
  /** Told after each batch, with the rows so far. */
  readonly onBatch?: (rows: number) => void;
}

/** What an evaluation found. */
export interface Evaluation {
  /** Metrics by name, then `loss` and `loss/loss/<key>`, as EasyRec writes them. */
  readonly values: Readonly<Record<string, number>>;
  readonly rows: number;
  readonly batches: number;
}

/** Runs the evaluation tower over a data set. Losses are means over batches, each counting the same. */
export async function runEvaluation(parts: EvaluationParts): Promise<Evaluation> {
  const { session, evaluate, reader, metrics, maxBatches = Infinity, signal, onBatch } = parts;
  for (const metric of metrics.values()) metric.reset();
  const sums = new Float64Array(evaluate.lossKeys.length);
  let rows = 0;
  let batches = 0;
  const { step, columns } = evaluate;
  const computed = computeBatches(firstBatches(reader, maxBatches), {
    session,
    step,
    columns,
    what: 'evaluation',
  });
  for await (const each of computed) {
    try {
      signal?.throwIfAborted();
      const { losses, probs, logits } = readResults(each.results, evaluate.lossKeys.length);
      losses.forEach((loss, i) => (sums[i] = (sums[i] ?? 0) + loss));
      const labels = labelValues(each.batch, evaluate.label);
      const ids = (column: string): ArrayLike<MetricKey> => columnValues(each.batch, column);
      for (const metric of metrics.values()) metric.update({ labels, probs, logits, ids });
    } finally {
      disposeComputed(each);
    }
    rows += each.batch.rows;
    batches++;
    onBatch?.(rows);
  }
  const means = evaluate.lossKeys.map((key, i): [string, number] => [key, (sums[i] ?? 0) / batches]);
  return { values: namedValues(metrics, means), rows, batches };
}

async function* firstBatches(reader: BatchReader, count: number): AsyncGenerator<Batch, void, void> {
  let taken = 0;
  for await (const batch of batchesOf(reader)) {
    yield batch;
    if (++taken >= count) return;
  }
}

/**
 * Splits what a step fetched into its losses, its probabilities and its logits (views: valid until the tensors are
 * freed). A training step has no logits.
 */
export function readResults(
  results: readonly Tensor[],
  numLosses: number,
): { readonly losses: readonly number[]; readonly probs: Float32Array; readonly logits: Float32Array } {
  const losses = results.slice(0, numLosses).map((tensor) => tensor.data('float32')[0] ?? NaN);
  const probs = results[numLosses]?.data('float32') ?? new Float32Array(0);
  const logits = results[numLosses + 1]?.data('float32') ?? new Float32Array(0);
  return { losses, probs, logits };
}

function namedValues(
  metrics: ReadonlyMap<string, Metric>,
  losses: readonly (readonly [string, number])[],
): Record<string, number> {
  const values = Object.fromEntries([...metrics].map(([name, metric]) => [name, metric.result()]));
  for (const [key, value] of losses) {
    values[`loss/loss/${key}`] = value;
    if (key === 'total_loss') values['loss'] = value;
  }
  return values;
}
