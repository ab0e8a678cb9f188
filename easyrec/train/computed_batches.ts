import type { Batch } from '../input/batch.js';
import { disposeBatch } from '../input/columns.js';
import type { Session, Step, Tensor } from '../tf/index.js';
import { batchTensors } from './feeds.js';
import { inOrder } from './in_order.js';
import { runStep } from './run_step.js';
import { BATCHES_IN_FLIGHT } from './session_config.js';

/** A batch, and what a step fetched for it; who takes it frees it with `disposeComputed`. */
export interface ComputedBatch {
  readonly batch: Batch;
  readonly results: readonly Tensor[];
}

/** What is to be computed of each batch. */
export interface BatchStep {
  readonly session: Session;
  readonly step: Step;
  /** The columns to feed, in the order of the step's feeds. */
  readonly columns: readonly { readonly name: string }[];
  /** For messages: `prediction`. */
  readonly what: string;
}

/**
 * Runs a step on each batch, several at a time, and yields what it fetched in the order of the batches.
 *
 * @throws DataError as `runStep`, with the number of rows before the batch that failed
 */
export function computeBatches(
  batches: AsyncIterable<Batch>,
  { session, step, columns, what }: BatchStep,
): AsyncGenerator<ComputedBatch, void, void> {
  let rows = 0;
  const work = async (batch: Batch): Promise<ComputedBatch> => {
    const where = `${what}, after ${rows} rows`;
    rows += batch.rows;
    let feeds: readonly Tensor[] = [];
    try {
      feeds = batchTensors(batch, columns);
      return { batch, results: await runStep(session, step, feeds, where) };
    } catch (error) {
      disposeBatch(batch);
      throw error;
    } finally {
      // What the reader made as a tensor is the batch's, of which more than the results may be wanted.
      columns.forEach(({ name }, i) => {
        if (batch.columns.get(name)?.dtype !== 'tensor') feeds[i]?.dispose();
      });
    }
  };
  return inOrder(batches, { limit: BATCHES_IN_FLIGHT, work, discard: disposeComputed });
}

/** Frees the batch and what was computed of it. */
export function disposeComputed({ batch, results }: ComputedBatch): void {
  for (const tensor of results) tensor.dispose();
  disposeBatch(batch);
}
