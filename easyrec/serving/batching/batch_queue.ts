import { invalidArgument, ServingError } from '../status.js';
import type { BatchTask } from './batch_task.js';
import type { BatchingParameters } from './batching_parameters.js';

/** What the requests of a queue have in common: only such can be joined. */
export interface BatchKind {
  readonly signatureName: string;
  /** Absent for all of the signature's outputs. */
  readonly outputs: readonly string[] | undefined;
}

/** Tasks that are run together. */
class Batch {
  readonly tasks = new Set<BatchTask>();
  rows = 0;

  add(task: BatchTask): void {
    this.tasks.add(task);
    this.rows += task.rows;
  }

  remove(task: BatchTask): void {
    this.tasks.delete(task);
    this.rows -= task.rows;
  }
}

/** The batches of one kind that wait; the last of them still takes tasks. */
export class BatchQueue {
  readonly #batches: Batch[] = [new Batch()];
  #waiting = 0;
  /** When the first task came into the open batch, by `performance.now()`. */
  #openSince = 0;

  constructor(
    readonly kind: BatchKind,
    readonly parameters: BatchingParameters,
  ) {}

  get isEmpty(): boolean {
    return this.#batches.length === 1 && this.#open.tasks.size === 0;
  }

  /** How many tasks wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Rows that fit into the open batch. */
  get openRoom(): number {
    return this.parameters.maxExecutionBatchSize - this.#open.rows;
  }

  /**
   * Whether so many rows can be queued.
   * @throws ServingError INVALID_ARGUMENT when they never can, UNAVAILABLE when they cannot now.
   */
  checkRoom(rows: number): void {
    const { maxBatchSize, maxExecutionBatchSize, enableLargeBatchSplitting, maxEnqueuedBatches } =
      this.parameters;
    if (rows > maxBatchSize) {
      throw invalidArgument(`Task size ${rows} is larger than maximum input batch size ${maxBatchSize}`);
    }
    const waiting = this.#batches.length;
    if (enableLargeBatchSplitting) {
      const capacity = (maxEnqueuedBatches - waiting) * maxExecutionBatchSize + this.openRoom;
      if (rows <= capacity) return;
      throw full(
        `task size is ${rows} but scheduling capacity is only ${capacity} (num_enqueued_batches=${waiting}, ` +
          `max_enqueued_batches=${maxEnqueuedBatches}, open_batch_size=${this.#open.rows}, ` +
          `max_execution_batch_size=${maxExecutionBatchSize})`,
      );
    }
    if (rows > this.openRoom && waiting >= maxEnqueuedBatches) {
      throw full(`currently ${waiting} batches enqueued and max_enqueued_batches is ${maxEnqueuedBatches}`);
    }
  }

  /** Queues a task, in the open batch if it fits, else in a new one. */
  add(task: BatchTask): void {
    if (task.rows > this.openRoom) this.#batches.push(new Batch());
    const batch = this.#open;
    if (batch.tasks.size === 0) this.#openSince = task.enqueuedAt;
    batch.add(task);
    this.#waiting++;
    task.onEnd = () => this.#forget(batch, task);
  }

  /** When a batch may be run, by `performance.now()`: at once if it is full, Infinity if there is none. */
  get dueAt(): number {
    if (this.#batches.length > 1) return 0;
    if (this.#open.tasks.size === 0) return Infinity;
    return this.openRoom <= 0 ? 0 : this.#openSince + this.parameters.batchTimeoutMicros / 1000;
  }

  /** Takes the oldest batch out of the queue. */
  take(): readonly BatchTask[] {
    const tasks = [...(this.#batches.shift()?.tasks ?? [])];
    this.#waiting -= tasks.length;
    if (this.#batches.length === 0) this.#batches.push(new Batch());
    return tasks;
  }

  get #open(): Batch {
    const last = this.#batches.at(-1);
    if (last === undefined) throw new Error('a queue always has an open batch');
    return last;
  }

  /** A task that has been answered while it waited makes room. */
  #forget(batch: Batch, task: BatchTask): void {
    const index = this.#batches.indexOf(batch);
    // One that was taken waits no more.
    if (index < 0) return;
    batch.remove(task);
    this.#waiting--;
    if (batch.tasks.size === 0 && index < this.#batches.length - 1) this.#batches.splice(index, 1);
  }
}

function full(reason: string): ServingError {
  return new ServingError(
    'UNAVAILABLE',
    `The batch scheduling queue to which this task was submitted is full; ${reason}`,
  );
}
