import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic, writeProblem } from '../atomic_files.js';
import { UserError } from '../errors.js';
import type { Log } from '../log.js';
import type { CheckpointInProgress, CheckpointPart, Saver, Session } from '../tf/index.js';
import { beginCheckpoint } from '../tf/index.js';
import {
  checkpointPrefix,
  hasCheckpoints,
  latestCheckpoint,
  pruneCheckpoints,
  readCheckpointPart,
  removeCheckpoint,
  removeUnfinished,
  writeCheckpointPart,
  type CheckpointFile,
} from './checkpoint_files.js';

/** Where a run stands in its data; kept beside each checkpoint as `model.ckpt-N.input.json`. */
export interface InputState {
  /** Rows that the steps so far were trained on. */
  readonly position: number;
  /** Whether the data was used up: a run that goes on begins it anew. */
  readonly finished: boolean;
}

/** What a checkpoint holds besides a session's variables. */
export interface CheckpointContent {
  readonly step: number;
  readonly input: InputState;
  /** How many checkpoints are kept. */
  readonly keep: number;
  /** Tables that are no variables. Default: there are none. */
  readonly tables?: CheckpointPart | null;
}

/** What an earlier run left to go on from. */
export interface ResumePoint {
  readonly checkpoint: CheckpointFile;
  readonly input: InputState;
}

/** The file that says that a training came to its end, as EasyRec writes it. */
const DONE_FILE = 'ESTIMATOR_TRAIN_DONE';

/** A model's folder: checkpoints, config, events, exports. */
export class ModelDirectory {
  constructor(
    readonly path: string,
    private readonly log: Log,
  ) {}

  /**
   * Finds out where a run begins; changes nothing.
   *
   * @returns what to go on from; undefined for a fresh start
   * @throws UserError when it is no folder, or holds checkpoints and the run is not meant to go on from them
   */
  async open(continueTrain: boolean): Promise<ResumePoint | undefined> {
    if (!this.#mayBeFolder()) {
      throw new UserError(`model_dir ${this.path}: expected a folder, or nothing yet, found a file`);
    }
    if (hasCheckpoints(this.path) && !continueTrain) {
      const step = latestCheckpoint(this.path)?.step;
      // A run that failed in its first step leaves nothing worth keeping but its initial values.
      if (step === 0 && this.#isOurs(step)) return undefined;
      throw new UserError(
        `model_dir ${this.path}: expected a folder without checkpoints, found ${step === undefined ? 'some' : `one of step ${step}`}; ` +
          'go on from it with --continue_train, or choose another --model_dir',
      );
    }
    const checkpoint = latestCheckpoint(this.path);
    if (checkpoint === undefined) return undefined;
    return { checkpoint, input: await this.#readInput(checkpoint) };
  }

  /**
   * Makes the folder ready to be written into: it exists, and what a killed run left half-written is gone.
   *
   * @throws UserError when it cannot be made
   */
  create(): void {
    try {
      mkdirSync(this.path, { recursive: true });
    } catch (error) {
      throw writeProblem(this.path, error);
    }
    removeUnfinished(this.path);
  }

  /**
   * Begins to write a checkpoint of a session's variables, as they are now; training may go on once this resolves. When
   * it is complete, the oldest checkpoints beyond `keep` are removed.
   */
  async beginSave(
    session: Session,
    saver: Saver,
    { step, input, keep, tables = null }: CheckpointContent,
  ): Promise<CheckpointInProgress> {
    const prefix = checkpointPrefix(this.path, step);
    try {
      await writeCheckpointPart(prefix, 'input', input);
      const { done } = await beginCheckpoint(session, saver, prefix, tables);
      return { done: this.#complete(prefix, done, keep) };
    } catch (error) {
      removeCheckpoint(prefix);
      throw error;
    }
  }

  async #complete(prefix: string, written: Promise<void>, keep: number): Promise<void> {
    try {
      await written;
    } catch (error) {
      removeCheckpoint(prefix);
      throw error;
    }
    await pruneCheckpoints(this.path, keep);
    this.log.debug(`saved ${prefix}`);
  }

  /** Writes anew where the run stands in its data at a checkpoint that is there. */
  async saveInput(step: number, input: InputState): Promise<void> {
    await writeCheckpointPart(checkpointPrefix(this.path, step), 'input', input);
  }

  /** Writes the config that the run uses. */
  async writeConfig(text: string): Promise<void> {
    await writeFileAtomic(join(this.path, 'pipeline.config'), text);
  }

  /** Marks the training as complete. */
  async writeDone(): Promise<void> {
    await writeFileAtomic(join(this.path, DONE_FILE), 'Train Done.');
  }

  /** Whether a checkpoint was written here, not copied from elsewhere. */
  #isOurs(step: number): boolean {
    return existsSync(`${checkpointPrefix(this.path, step)}.input.json`);
  }

  #mayBeFolder(): boolean {
    try {
      return statSync(this.path, { throwIfNoEntry: false })?.isDirectory() !== false;
    } catch (error) {
      throw writeProblem(this.path, error);
    }
  }

  async #readInput({ prefix }: CheckpointFile): Promise<InputState> {
    const state = await readCheckpointPart(prefix, 'input');
    if (state === undefined) {
      this.log.info(`${prefix} does not say how far its data was read: reading begins at the start`);
      return { position: 0, finished: false };
    }
    if (isInputState(state)) return state;
    throw new UserError(
      `${prefix}.input.json: expected {"position": …, "finished": …}; remove it to begin at the start`,
    );
  }
}

function isInputState(value: unknown): value is InputState {
  if (typeof value !== 'object' || value === null) return false;
  const { position, finished } = value as Partial<Record<keyof InputState, unknown>>;
  return typeof position === 'number' && typeof finished === 'boolean';
}
