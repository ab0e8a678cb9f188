import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { partialPath, syncPath, writeFileAtomic, writeProblem } from '../atomic_files.js';
import { checkpointProblem, CheckpointReader } from './checkpoint.js';
import { checkFits } from './checkpoint_fit.js';
import type { Saver } from './checkpoint_saver.js';
import type { Session } from './session.js';
import { makeStep } from './session.js';
import { TensorflowError } from './status.js';
import { scalar } from './tensor.js';

/** What a checkpoint holds besides the variables of a session. */
export interface CheckpointPart {
  /**
   * Begins to add it, as it is now, to the checkpoint at the prefix given, which holds the variables and which nobody
   * sees yet.
   *
   * @param target where the checkpoint will be
   * @returns what completes it, beside other work
   */
  begin(prefix: string, target: string): Promise<() => Promise<void>>;
}

/** A checkpoint whose content is settled: whatever changes from now on does not change it. */
export interface CheckpointInProgress {
  /** When it is where it belongs; the one who began it must see to its failure. */
  readonly done: Promise<void>;
}

/**
 * Writes the variables of a session as a checkpoint: into a hidden folder beside it, from where the data files are
 * moved first and the index last, each when it is safely on the disk. Whenever the process is killed, a checkpoint
 * with an index is whole.
 *
 * @param prefix The files' names up to `.index`; its folder is made if need be.
 * @throws UserError when the disk is full or the folder cannot be written; nothing is left behind then.
 */
export async function writeCheckpoint(session: Session, saver: Saver, prefix: string): Promise<void> {
  const { done } = await beginCheckpoint(session, saver, prefix);
  await done;
}

/**
 * As `writeCheckpoint`, but the session may go on as soon as its variables are written.
 *
 * @param part What else to put into it. Default: nothing.
 */
export async function beginCheckpoint(
  session: Session,
  saver: Saver,
  prefix: string,
  part?: CheckpointPart | null,
): Promise<CheckpointInProgress> {
  const folder = partialPath(prefix);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw writeProblem(prefix, error);
  });
  try {
    const written = join(folder, basename(prefix));
    await saveVariables(session, saver, written);
    const complete = await part?.begin(written, prefix);
    return { done: finish({ folder, prefix, complete }) };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw writeProblem(prefix, error);
  }
}

interface Unfinished {
  readonly folder: string;
  readonly prefix: string;
  readonly complete: (() => Promise<void>) | undefined;
}

async function finish({ folder, prefix, complete }: Unfinished): Promise<void> {
  try {
    await complete?.();
    await publish(folder, prefix);
  } catch (error) {
    throw writeProblem(prefix, error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes the variables of a session to where nobody looks for a checkpoint yet; use `writeCheckpoint` elsewhere. */
export async function saveVariables(session: Session, saver: Saver, prefix: string): Promise<void> {
  using filename = scalar('string', prefix);
  await session.run(makeStep({ feeds: [saver.filename], targets: [saver.save.op] }), [filename]);
}

/** Moves the files of a checkpoint from the folder they were written in to where they belong. */
async function publish(folder: string, prefix: string): Promise<void> {
  const files = await readdir(folder);
  for (const file of files) await syncPath(join(folder, file));
  const target = dirname(prefix);
  const index = `${basename(prefix)}.index`;
  // An older checkpoint of this name: its index must not be found beside the new data.
  await rm(join(target, index), { force: true });
  for (const file of files.filter((name) => name !== index)) {
    await rename(join(folder, file), join(target, file));
  }
  await syncPath(target);
  await rename(join(folder, index), join(target, index));
  await syncPath(target);
  const old = (await readdir(target)).filter(
    (name) => name.startsWith(`${basename(prefix)}.data-`) && !files.includes(name),
  );
  for (const name of old) await rm(join(target, name));
}

/**
 * Sets the variables of a session to what a checkpoint holds.
 *
 * @throws DataError when there is no such checkpoint, it is damaged, or lacks a variable or has it in another shape
 *   or dtype; each such variable is named.
 */
export async function restoreCheckpoint(session: Session, saver: Saver, prefix: string): Promise<void> {
  {
    using reader = new CheckpointReader(prefix);
    checkFits(prefix, saver.variables, reader.entries());
  }
  using filename = scalar('string', prefix);
  try {
    await session.run(makeStep({ feeds: [saver.filename], targets: [saver.restore] }), [filename]);
  } catch (error) {
    throw error instanceof TensorflowError ? checkpointProblem(prefix, error) : error;
  }
}

/** What the file `checkpoint` beside checkpoints says, which tells TensorFlow which of them is the latest. */
export interface CheckpointState {
  /** Relative to the file's folder, or absolute. */
  readonly latest: string;
  /** The checkpoints that are kept, the oldest first. */
  readonly all: readonly string[];
}

/**
 * Writes the file `checkpoint` as TensorFlow does, whole or not at all.
 *
 * @throws UserError when it cannot be written.
 */
export async function writeCheckpointState(
  directory: string,
  { latest, all }: CheckpointState,
): Promise<void> {
  const lines = [
    `model_checkpoint_path: ${quote(latest)}`,
    ...all.map((path) => `all_model_checkpoint_paths: ${quote(path)}`),
  ];
  await writeFileAtomic(join(directory, 'checkpoint'), `${lines.join('\n')}\n`);
}

/** A string of protobuf's text format. */
function quote(text: string): string {
  const escaped = Array.from(Buffer.from(text, 'utf8'), (byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte < 0x20 || byte > 0x7e ? `\\${byte.toString(8).padStart(3, '0')}` : String.fromCharCode(byte);
  });
  return `"${escaped.join('')}"`;
}
