import type { RunRequest, ServableModel, ServableTensor } from '../servable.js';
import { ServingError } from '../status.js';

/** How long someone who was handed a model may take until running it. */
const GRACE_MS = 100;

/** A model that knows how many calls run, so that it is freed when the last one has ended. */
export class CountedModel implements ServableModel {
  readonly #model: ServableModel;
  #running = 0;
  #idle: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(model: ServableModel) {
    this.#model = model;
  }

  get signatures(): ServableModel['signatures'] {
    return this.#model.signatures;
  }

  get signatureDefs(): ServableModel['signatureDefs'] {
    return this.#model.signatureDefs;
  }

  async run(request: RunRequest): Promise<ReadonlyMap<string, ServableTensor>> {
    if (this.#closing !== undefined) {
      throw new ServingError('UNAVAILABLE', 'this version of the model was just unloaded: try again');
    }
    this.#running++;
    try {
      return await this.#model.run(request);
    } finally {
      this.#running--;
      if (this.#running === 0) this.#idle?.();
    }
  }

  /** Resolves when no call runs, or after `limitMs`, whichever is first. The model must not be handed out any more. */
  async drained(limitMs: number): Promise<void> {
    const deadline = performance.now() + limitMs;
    await delay(Math.min(GRACE_MS, limitMs));
    const left = deadline - performance.now();
    if (this.#running === 0 || left <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, left);
      this.#idle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Cancels the calls that still run. */
  close(): Promise<void> {
    return (this.#closing ??= this.#model.close());
  }
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
