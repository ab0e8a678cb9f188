import { availableParallelism } from 'node:os';

/** How much a worker takes on, and when it is given up. Times are in milliseconds. */
export interface WorkerLimits {
  /** Runs at a time; further calls wait here, and so are not lost with the process. */
  readonly threads: number;
  /** As `threads`, of the inputs' bytes. One call is always sent, however large. */
  readonly maxInFlightBytes: number;
  /** Calls that wait here; further ones are refused with RESOURCE_EXHAUSTED. */
  readonly maxQueued: number;
  /** As `maxQueued`, of the inputs' bytes. */
  readonly maxQueuedBytes: number;
  /** A process that gives no sign of life for so long is replaced. One that a signal has stopped is so within a second. */
  readonly hangMs: number;
  /** An op that still runs so long after the deadline of its call makes the process be replaced. */
  readonly overdueMs: number;
  /** As `overdueMs`, after a client without a deadline has gone. */
  readonly abandonedMs: number;
  /** How long a process that is replaced while it works may take to answer its other calls. */
  readonly drainMs: number;
  /** How long calls wait at the most while a process that takes over is warmed up; the rest goes on beside them. */
  readonly warmUpMs: number;
  /** A second process in a row that ends within `stableMs` is replaced after so long, the next after twice that, ... */
  readonly backOffMs: number;
  /** ... but never later than this if it has answered a call, ... */
  readonly maxUsefulBackOffMs: number;
  /** ... and never later than this if not. */
  readonly maxBackOffMs: number;
  /** A process that has lived for so long starts the count anew. */
  readonly stableMs: number;
}

const MEBIBYTE = 1 << 20;

/** The limits that hold unless others are given. */
export function defaultWorkerLimits(): WorkerLimits {
  const threads = Math.max(8, 2 * availableParallelism());
  return {
    threads,
    maxInFlightBytes: 64 * MEBIBYTE,
    maxQueued: 4096,
    maxQueuedBytes: 512 * MEBIBYTE,
    hangMs: 10_000,
    overdueMs: 5000,
    abandonedMs: 60_000,
    drainMs: 10_000,
    warmUpMs: 1000,
    backOffMs: 250,
    maxUsefulBackOffMs: 500,
    maxBackOffMs: 30_000,
    stableMs: 30_000,
  };
}
