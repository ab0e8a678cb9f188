import { ServingError } from '../status.js';
import { BatchQueue, type BatchKind } from './batch_queue.js';
import type { BatchTask } from './batch_task.js';
import type { BatchingParameters } from './batching_parameters.js';

/** Runs the tasks of a batch and answers each; never rejects. */
export type RunBatch = (kind: BatchKind, tasks: readonly BatchTask[]) => Promise<void>;

/** A client may ask for any choice of outputs and shapes; each needs a queue while something waits in it. */
const MAX_QUEUES = 1000;
/** In all queues together: each of them has a limit of its own, in rows. */
const MAX_WAITING = 20_000;

/** The queues of one model and its threads: decides which batch is run when. */
export class BatchScheduler {
  readonly #parameters: BatchingParameters;
  readonly #run: RunBatch;
  /** Only those in which something waits; the one whose turn it is comes first. */
  readonly #queues = new Map<string, BatchQueue>();
  #running = 0;
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parameters: BatchingParameters, run: RunBatch) {
    this.#parameters = parameters;
    this.#run = run;
  }

  /**
   * Queues tasks of one kind that come from one request.
   * @param key The same for all tasks that may be joined.
   * @param makeTasks Told how many rows the open batch still takes.
   * @throws ServingError UNAVAILABLE when the queue is full, INVALID_ARGUMENT when it never takes so many rows.
   */
  schedule(
    key: string,
    kind: BatchKind,
    rows: number,
    makeTasks: (openRoom: number) => readonly BatchTask[],
  ): void {
    if (this.#closed) throw unloaded();
    const queue = this.#queues.get(key) ?? new BatchQueue(kind, this.#parameters);
    queue.checkRoom(rows);
    this.#checkOthers(key);
    this.#queues.set(key, queue);
    for (const task of makeTasks(queue.openRoom)) queue.add(task);
    if (this.#running >= this.#parameters.numBatchThreads) return;
    // A full batch need not wait for what else arrived in this round of the event loop; others do.
    if (queue.dueAt === 0) this.#start();
    else this.#wake();
  }

  /** Fails what waits; what runs is the model's to end. */
  close(): void {
    this.#closed = true;
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    for (const queue of this.#queues.values()) {
      while (!queue.isEmpty) for (const task of queue.take()) task.fail(unloaded());
    }
    this.#queues.clear();
  }

  /** Whether a queue may take one more task, whatever room it has itself. */
  #checkOthers(key: string): void {
    if (!this.#queues.has(key) && this.#queues.size >= MAX_QUEUES) {
      throw new ServingError('UNAVAILABLE', `more than ${MAX_QUEUES} kinds of requests wait to be batched`);
    }
    let waiting = 0;
    for (const queue of this.#queues.values()) waiting += queue.waiting;
    if (waiting >= MAX_WAITING) {
      throw new ServingError('UNAVAILABLE', `more than ${MAX_WAITING} requests wait to be batched`);
    }
  }

  /** Starts the batches that are due, as long as there are threads, and makes sure of waking for the others. */
  #start(): void {
    const now = performance.now();
    let next = Infinity;
    for (const [key, queue] of [...this.#queues]) {
      if (this.#running >= this.#parameters.numBatchThreads) return;
      const dueAt = queue.dueAt;
      if (dueAt > now) {
        if (queue.isEmpty) this.#queues.delete(key);
        next = Math.min(next, dueAt);
        continue;
      }
      const tasks = queue.take();
      // To the end of the line: the others have their turn before it.
      this.#queues.delete(key);
      if (!queue.isEmpty) {
        this.#queues.set(key, queue);
        next = Math.min(next, queue.dueAt);
      }
      this.#execute(queue.kind, tasks);
    }
    if (next < Infinity && this.#running < this.#parameters.numBatchThreads) this.#wakeAt(next, now);
  }

  #execute(kind: BatchKind, tasks: readonly BatchTask[]): void {
    this.#running++;
    const done = (): void => {
      this.#running--;
      if (!this.#closed) this.#start();
    };
    for (const task of tasks) task.running = true;
    this.#run(kind, tasks).then(done, done);
  }

  #wake(): void {
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined;
      this.#start();
    });
  }

  /** Timers are no finer than a millisecond: what is due sooner is looked at in every round of the event loop. */
  #wakeAt(due: number, now: number): void {
    if (due - now < 1) {
      this.#wake();
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#start(), due - now);
  }
}

function unloaded(): ServingError {
  return new ServingError('UNAVAILABLE', 'The model is being unloaded');
}
