import type { BatchReader } from '../input/reader.js';
import type { Tensor } from '../tf/index.js';
import { batchTensors, labelValues } from './feeds.js';
import type { StepProfiler } from './step_profiler.js';
import type { TrainStep } from './training_graph.js';

/** A batch as a step is fed it. */
export interface PreparedBatch {
  /** Those of the step's columns, in their order; whoever runs the step disposes of them. */
  readonly feeds: Tensor[];
  readonly rows: number;
  readonly labels: Float32Array;
}

/** Reads the next batch for a step; null at the end of the data. */
export async function prepareBatch(
  reader: BatchReader,
  { columns, label }: Pick<TrainStep, 'columns' | 'label'>,
  profiler?: StepProfiler,
): Promise<PreparedBatch | null> {
  const startMs = performance.now();
  const batch = await reader.next();
  profiler?.beside('reading', startMs);
  if (batch === null) return null;
  const readMs = performance.now();
  const prepared = {
    feeds: batchTensors(batch, columns),
    rows: batch.rows,
    labels: labelValues(batch, label),
  };
  profiler?.beside('feeding', readMs);
  return prepared;
}
