import type { RunRequest, ServableTensor } from '../servable.js';
import { ServingError } from '../status.js';
import type { WorkerLimits } from './worker_limits.js';
import type { WorkerProcess } from './worker_process.js';

type Results = ReadonlyMap<string, ServableTensor>;

/** TensorFlow's own words for a run that takes too long. */
const TIMED_OUT = 'Timed out waiting for notification';
/** TensorFlow itself is to tell of a deadline, if it can. */
const DEADLINE_SLACK_MS = 100;

/** A call of a model, from its arrival to its answer. */
interface Entry {
  readonly request: RunRequest;
  readonly bytes: number;
  /** When its deadline is, in milliseconds of `performance.now`. */
  readonly deadline: number | undefined;
  readonly settle: (outcome: Promise<Results> | Error) => void;
  isSettled: boolean;
}

/**
 * The calls of a model that wait for its process, and those that are on their way. It answers each one, in time: also
 * when the process does not.
 */
export class CallQueue {
  readonly #limits: WorkerLimits;
  readonly #onOverdue: (process: WorkerProcess) => void;
  #waiting: Entry[] = [];
  #bytes = 0;
  #process: WorkerProcess | undefined;

  /** @param onOverdue A call still runs in a process long after it had to end. */
  constructor(limits: WorkerLimits, onOverdue: (process: WorkerProcess) => void) {
    this.#limits = limits;
    this.#onOverdue = onOverdue;
  }

  /** Where calls are sent from now on; undefined while there is no such process. */
  use(process: WorkerProcess | undefined): void {
    this.#process = process;
    this.#pump();
  }

  /**
   * Computes outputs as soon as the process has room for it.
   * @throws ServingError RESOURCE_EXHAUSTED when too many wait, DEADLINE_EXCEEDED, CANCELLED, or as the process says.
   */
  run(request: RunRequest): Promise<Results> {
    return new Promise((resolve, reject) => {
      const { signal, timeoutMs } = request;
      if (signal?.aborted === true) {
        reject(cancelled());
        return;
      }
      const bytes = bytesOf(request);
      if (this.#isFull(bytes)) {
        const what = `${this.#waiting.length} calls with ${this.#bytes} bytes wait already`;
        reject(new ServingError('RESOURCE_EXHAUSTED', `the model's worker process is busy: ${what}`));
        return;
      }
      const onAbort = (): void => entry.settle(cancelled());
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => entry.settle(timedOut()), timerMs(timeoutMs + DEADLINE_SLACK_MS));
      const entry: Entry = {
        request,
        bytes,
        deadline: timeoutMs === undefined ? undefined : performance.now() + timeoutMs,
        isSettled: false,
        settle: (outcome) => {
          if (entry.isSettled) return;
          entry.isSettled = true;
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(entry);
      this.#bytes += bytes;
      this.#pump();
    });
  }

  /** Fails all that wait. */
  fail(error: ServingError): void {
    for (const { settle } of this.#waiting.splice(0)) settle(error);
    this.#bytes = 0;
  }

  #isFull(bytes: number): boolean {
    const { maxQueued, maxQueuedBytes } = this.#limits;
    const isFull = (): boolean =>
      this.#waiting.length >= maxQueued || (this.#waiting.length > 0 && this.#bytes + bytes > maxQueuedBytes);
    if (!isFull()) return false;
    // Those whose deadline has passed or whose client has gone are answered already.
    this.#waiting = this.#waiting.filter(({ isSettled }) => !isSettled);
    this.#bytes = this.#waiting.reduce((sum, entry) => sum + entry.bytes, 0);
    return isFull();
  }

  #pump(): void {
    const process = this.#process;
    while (process?.hasRoom === true) {
      const entry = this.#waiting.shift();
      if (entry === undefined) return;
      this.#bytes -= entry.bytes;
      if (!entry.isSettled) this.#send(entry, process);
    }
  }

  #send(entry: Entry, process: WorkerProcess): void {
    const { request, deadline } = entry;
    const leftMs = deadline === undefined ? undefined : deadline - performance.now();
    if (leftMs !== undefined && leftMs <= 0) {
      entry.settle(timedOut());
      return;
    }
    const outcome = process.run(leftMs === undefined ? request : { ...request, timeoutMs: leftMs });
    const watch = this.#watchOverdue(entry, leftMs, process);
    const isDone = (): void => {
      watch();
      this.#pump();
    };
    outcome.then(
      () => {
        entry.settle(outcome);
        isDone();
      },
      (error: unknown) => {
        entry.settle(error instanceof Error ? error : new Error(String(error)));
        isDone();
      },
    );
  }

  /** Tells of a call that does not end although nobody waits for it any more; the result ends the watch. */
  #watchOverdue(entry: Entry, leftMs: number | undefined, process: WorkerProcess): () => void {
    const { overdueMs, abandonedMs } = this.#limits;
    const tell = (): void => this.#onOverdue(process);
    if (leftMs !== undefined) {
      const timer = setTimeout(tell, timerMs(leftMs + overdueMs)).unref();
      return () => clearTimeout(timer);
    }
    const { signal } = entry.request;
    if (signal === undefined) return () => undefined;
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => void (timer = setTimeout(tell, abandonedMs).unref());
    signal.addEventListener('abort', onAbort, { once: true });
    return () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
  }
}

/** Node takes a longer time for none. */
function timerMs(milliseconds: number): number {
  return Math.min(milliseconds, 2 ** 31 - 1);
}

function cancelled(): ServingError {
  return new ServingError('CANCELLED', 'the client has gone');
}

function timedOut(): ServingError {
  return new ServingError('DEADLINE_EXCEEDED', TIMED_OUT);
}

function bytesOf({ inputs }: RunRequest): number {
  let bytes = 0;
  for (const { dtype, values } of inputs.values()) {
    if (dtype === 'string') for (const value of values) bytes += value.byteLength;
    else bytes += values.byteLength;
  }
  return bytes;
}
