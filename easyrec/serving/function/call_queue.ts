import { ServingError } from '../status.js';
import type { Worker, WorkerCall } from './worker.js';
import type { WorkerPool } from './worker_pool.js';

/** A call to be answered. */
export interface FunctionCall {
  readonly input: Uint8Array;
  /** From when it came in, waiting included. */
  readonly timeoutMs: number;
  readonly resolve: (text: Buffer) => void;
  readonly reject: (error: ServingError) => void;
}

/** A call and what has become of it. */
interface Entry extends FunctionCall {
  timer: NodeJS.Timeout | undefined;
  /** Stops listening for the caller's going. */
  release?: () => void;
  running?: { readonly pool: WorkerPool; readonly call: WorkerCall };
}

const MAX_WAITING = 1000;
const MAX_WAITING_BYTES = 1024 * 1024 * 1024;

/** The calls of a function: those that wait for a worker with room, and those that one works on. */
export class CallQueue {
  readonly #name: string;
  readonly #pool: () => WorkerPool;
  readonly #waiting = new Set<Entry>();
  readonly #running = new Set<Entry>();
  #waitingBytes = 0;
  #isClosed = false;
  #whenEmpty: (() => void)[] = [];

  /** @param pool what is asked for workers, at each call anew. */
  constructor(name: string, pool: () => WorkerPool) {
    this.#name = name;
    this.#pool = pool;
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0 && this.#running.size === 0;
  }

  /** Takes a call; it is answered through its `resolve` and `reject`. */
  add(call: FunctionCall, signal?: AbortSignal): void {
    const refusal = this.#refusal(call, signal);
    if (refusal !== undefined) {
      call.reject(refusal);
      return;
    }
    const entry: Entry = { ...call, timer: undefined };
    const timedOut = new ServingError(
      'DEADLINE_EXCEEDED',
      `Function timed out after ${(call.timeoutMs / 1000).toFixed(6)}s`,
    );
    entry.timer = setTimeout(() => this.#giveUp(entry, timedOut), call.timeoutMs);
    const cancel = (): void => this.#cancel(entry);
    signal?.addEventListener('abort', cancel, { once: true });
    entry.release = () => signal?.removeEventListener('abort', cancel);
    this.#waiting.add(entry);
    this.#waitingBytes += call.input.length;
    this.dispatch();
  }

  /** Hands waiting calls to workers that have room. */
  dispatch(): void {
    for (const entry of this.#waiting) {
      const pool = this.#pool();
      const worker = pool.acquire();
      if (worker === undefined) {
        pool.wantMore();
        return;
      }
      this.#remove(entry);
      void this.#run(entry, pool, worker);
    }
  }

  /** Answers all calls that wait with an error. */
  rejectAll(problem: string): void {
    for (const entry of [...this.#waiting]) {
      clearTimeout(entry.timer);
      entry.release?.();
      this.#remove(entry);
      entry.reject(this.#failure(problem));
    }
    this.#settleEmpty();
  }

  /** Takes no more calls. */
  close(): void {
    this.#isClosed = true;
  }

  /** Resolves when every call is answered and no worker has one. */
  async whenEmpty(): Promise<void> {
    if (!this.isEmpty) await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  #refusal({ input }: FunctionCall, signal: AbortSignal | undefined): ServingError | undefined {
    if (this.#isClosed)
      return new ServingError('UNAVAILABLE', `could not invoke: ${this.#name} - it is being removed`);
    if (signal?.aborted === true) return new ServingError('CANCELLED', 'the caller has gone');
    const isTooMuch = this.#waiting.size > 0 && this.#waitingBytes + input.length > MAX_WAITING_BYTES;
    if (this.#waiting.size < MAX_WAITING && !isTooMuch) {
      const { loadProblem } = this.#pool();
      return loadProblem === undefined ? undefined : this.#failure(loadProblem);
    }
    const message = `could not invoke: ${this.#name} - ${this.#waiting.size} calls wait for a worker already`;
    return new ServingError('RESOURCE_EXHAUSTED', message);
  }

  async #run(entry: Entry, pool: WorkerPool, worker: Worker): Promise<void> {
    const call = worker.begin(entry.input);
    entry.running = { pool, call };
    this.#running.add(entry);
    try {
      entry.resolve(await call.answer);
    } catch (error) {
      entry.reject(this.#failure(error instanceof Error ? error.message : String(error)));
    } finally {
      clearTimeout(entry.timer);
      entry.release?.();
      this.#running.delete(entry);
      this.#settleEmpty();
      this.dispatch();
    }
  }

  #giveUp(entry: Entry, error: ServingError): void {
    entry.release?.();
    this.#remove(entry);
    entry.reject(error);
    entry.running?.pool.giveUp(entry.running.call);
    this.#settleEmpty();
  }

  /** A running handler cannot be stopped: it keeps its place until it returns or its time is up. */
  #cancel(entry: Entry): void {
    if (this.#waiting.has(entry)) clearTimeout(entry.timer);
    this.#remove(entry);
    entry.reject(new ServingError('CANCELLED', 'the caller has gone'));
    this.#settleEmpty();
  }

  #remove(entry: Entry): void {
    if (this.#waiting.delete(entry)) this.#waitingBytes -= entry.input.length;
  }

  #failure(problem: string): ServingError {
    return new ServingError('INTERNAL', `could not invoke: ${this.#name} - ${problem}`);
  }

  #settleEmpty(): void {
    if (this.isEmpty) for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }
}
