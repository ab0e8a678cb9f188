import type { RunRequest, ServableModel, ServableTensor } from './servable.js';
import { ServingError } from './status.js';

/** How many calls of one model are taken. */
export interface CallLimits {
  /** At a time; further ones wait. */
  readonly running: number;
  /** Further ones are refused with RESOURCE_EXHAUSTED. */
  readonly waiting: number;
}

/** A call that waits for its turn. */
interface Waiting {
  begin(): void;
}

/**
 * A model of which so many calls run at a time. Each takes a thread of the process until it ends, and there are only so
 * many threads for all models: without a limit, calls of one model that hang would bring all others to a halt.
 */
export class LimitedModel implements ServableModel {
  readonly signatures: ServableModel['signatures'];
  readonly signatureDefs: ServableModel['signatureDefs'];
  readonly #model: ServableModel;
  readonly #limits: CallLimits;
  readonly #waiting = new Set<Waiting>();
  #running = 0;
  #closed = false;

  constructor(model: ServableModel, limits: CallLimits) {
    this.#model = model;
    this.#limits = limits;
    this.signatures = model.signatures;
    this.signatureDefs = model.signatureDefs;
  }

  async run(request: RunRequest): Promise<ReadonlyMap<string, ServableTensor>> {
    const started = performance.now();
    if (this.#running < this.#limits.running) this.#running++;
    else await this.#turn(request);
    try {
      const { timeoutMs } = request;
      const left = timeoutMs === undefined ? undefined : timeoutMs - (performance.now() - started);
      return await this.#model.run(
        left === undefined ? request : { ...request, timeoutMs: Math.max(left, 1) },
      );
    } finally {
      this.#next();
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#waiting) waiting.begin();
    return this.#model.close();
  }

  #next(): void {
    const [next] = this.#waiting;
    // The place goes to the next one without being free in between.
    if (next === undefined) this.#running--;
    else next.begin();
  }

  /** Waits for a place; rejects when the call's time is over or its client gone. */
  #turn({ timeoutMs, signal }: RunRequest): Promise<void> {
    if (this.#waiting.size >= this.#limits.waiting) {
      throw new ServingError(
        'RESOURCE_EXHAUSTED',
        `${this.#running} calls of the model are running and ${this.#waiting.size} waiting: try again later`,
      );
    }
    return new Promise((resolve, reject) => {
      const end = (error?: ServingError): void => {
        this.#waiting.delete(waiting);
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const waiting = {
        begin: () => {
          end(this.#closed ? new ServingError('UNAVAILABLE', 'the model is being unloaded') : undefined);
        },
      };
      const abort = (): void => end(new ServingError('CANCELLED', 'the client is gone'));
      const overdue = (): void =>
        end(
          new ServingError(
            'DEADLINE_EXCEEDED',
            `Timed out after ${timeoutMs ?? 0} ms in the queue of the model`,
          ),
        );
      const timer =
        timeoutMs === undefined ? undefined : setTimeout(overdue, Math.min(timeoutMs, 2 ** 31 - 1));
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.add(waiting);
      if (signal?.aborted === true) abort();
    });
  }
}
