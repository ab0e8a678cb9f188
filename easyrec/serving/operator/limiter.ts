import { ServingError } from '../status.js';

/** Lets so many calls work at a time and so many wait; one more is refused at once. */
export class Limiter {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    readonly maxRunning: number,
    readonly maxWaiting: number,
  ) {}

  /**
   * Runs `work` when it is its turn.
   * @throws ServingError RESOURCE_EXHAUSTED when too many wait.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The place goes to the next one without being free in between.
      if (next === undefined) this.#running--;
      else next();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.maxRunning) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= this.maxWaiting) {
      throw new ServingError(
        'RESOURCE_EXHAUSTED',
        `${this.#running} calls are running and ${this.#waiting.length} waiting: try again later`,
      );
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
