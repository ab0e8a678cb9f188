import type { CheckpointInProgress } from '../tf/index.js';

/** The checkpoint that is written beside training; there is one at a time. */
export class BackgroundSave {
  #running: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;

  /**
   * Waits for the last one, then begins another.
   *
   * @throws what the last one failed with
   */
  async begin(save: () => Promise<CheckpointInProgress>): Promise<void> {
    await this.end();
    const { done } = await save();
    this.#running = done.catch((error: unknown) => {
      this.#failure = { error };
    });
  }

  /** @throws what the one that is written failed with, if it has. */
  check(): void {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure.error;
  }

  /**
   * Waits until nothing is being written.
   *
   * @throws what the last one failed with
   */
  async end(): Promise<void> {
    await this.#running;
    this.check();
  }
}
