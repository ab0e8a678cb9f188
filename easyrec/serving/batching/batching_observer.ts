/** Is told of batches: metrics. */
export interface BatchingObserver {
  /** A request of so many rows is queued. */
  inputBatch(rows: number): void;

  /** A request has waited so long, in microseconds, until its batch was run. */
  dequeued(threadPoolName: string, waitedMicros: number): void;

  /** A batch is run: rows with those added, and rows added. */
  processedBatch(rows: number, paddingRows: number): void;
}
