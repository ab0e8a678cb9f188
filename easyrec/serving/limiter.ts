import { ServingError } from './status.js';

/** How many calls are taken. */
export interface CallLimits {
  /** At a time; further ones wait. */
  readonly running: number;
  /** Further ones are refused with RESOURCE_EXHAUSTED. */
  readonly waiting: number;
}

/** How long a call waits for its turn. */
export interface TurnOptions {
  /** Default: as long as it takes. */
  readonly timeoutMs?: number | undefined;
  /** Aborted when nobody waits for the call any more. Default: somebody does. */
  readonly signal?: AbortSignal | undefined;
}

/** A call that waits for its turn. */
interface Waiting {
  begin(): void;
}

/** Lets so many calls work at a time and so many wait, in order; one more is refused at once. */
export class Limiter {
  readonly #limits: CallLimits;
  readonly #waiting = new Set<Waiting>();
  #running = 0;
  #closed = false;

  constructor(limits: CallLimits) {
    this.#limits = limits;
  }

  /**
   * Runs `work` when it is its turn.
   * @throws ServingError RESOURCE_EXHAUSTED when too many wait, DEADLINE_EXCEEDED or CANCELLED when it has waited for
   * too long or for nobody, UNAVAILABLE when the limiter is closed meanwhile.
   */
  async run<Result>(work: () => Promise<Result>, options: TurnOptions = {}): Promise<Result> {
    if (this.#running < this.#limits.running) this.#running++;
    else await this.#turn(options);
    try {
      return await work();
    } finally {
      this.#next();
    }
  }

  /** Fails all calls that wait. */
  close(): void {
    this.#closed = true;
    for (const waiting of this.#waiting) waiting.begin();
  }

  #next(): void {
    const [next] = this.#waiting;
    // The place goes to the next one without being free in between.
    if (next === undefined) this.#running--;
    else next.begin();
  }

  #turn({ timeoutMs, signal }: TurnOptions): Promise<void> {
    if (this.#waiting.size >= this.#limits.waiting) {
      throw new ServingError(
        'RESOURCE_EXHAUSTED',
        `${this.#running} calls are running and ${this.#waiting.size} waiting: try again later`,
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
        end(new ServingError('DEADLINE_EXCEEDED', `Timed out after ${timeoutMs ?? 0} ms in the queue`));
      const timer =
        timeoutMs === undefined ? undefined : setTimeout(overdue, Math.min(timeoutMs, 2 ** 31 - 1));
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.add(waiting);
      if (signal?.aborted === true) abort();
    });
  }
}
