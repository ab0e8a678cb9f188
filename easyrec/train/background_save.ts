import type { Log } from '../log.js';
import type { CheckpointPart, Saver, Session } from '../tf/index.js';
import type { InputState, ModelDirectory } from './model_directory.js';

export interface BackgroundSaveParts {
  readonly session: Session;
  readonly saver: Saver;
  /** Tables that are no variables; null where there are none. */
  readonly tables: CheckpointPart | null;
  readonly directory: ModelDirectory;
  /** How many checkpoints are kept. */
  readonly keep: number;
  readonly log: Log;
}

/** Saves a training's checkpoints beside it: each is of the moment of its saving, and there is one at a time. */
export class BackgroundSave {
  /** The step of the last checkpoint; -1 when there is none. */
  step = -1;
  readonly #parts: BackgroundSaveParts;
  #running: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;

  constructor(parts: BackgroundSaveParts) {
    this.#parts = parts;
  }

  /**
   * Waits for the last checkpoint, then begins one, unless there is one of this step; training may go on once this
   * resolves.
   *
   * @throws what the last one failed with
   */
  async save(step: number, input: InputState): Promise<void> {
    await this.end();
    const { directory, session, saver, tables, keep } = this.#parts;
    if (this.step === step) {
      if (input.finished) await directory.saveInput(step, input);
      return;
    }
    const { done } = await directory.beginSave(session, saver, { step, input, keep, tables });
    this.step = step;
    this.#running = done.catch((error: unknown) => {
      this.#failure = { error };
    });
  }

  /** @throws what the checkpoint that is written failed with, if it has. */
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

  /** Waits until nothing is being written; a failure of it is not what ended the training, so it is only logged. */
  async close(): Promise<void> {
    try {
      await this.end();
    } catch (error) {
      this.#parts.log.warn(error instanceof Error ? error.message : String(error));
    }
  }
}
