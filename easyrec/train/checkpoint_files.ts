import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isPartialName, writeFileAtomic } from '../atomic_files.js';
import { DataError } from '../errors.js';
import { writeCheckpointState } from '../tf/index.js';

/** A checkpoint in a model's folder. */
export interface CheckpointFile {
  readonly step: number;
  /** The files' names up to `.index`. */
  readonly prefix: string;
}

const NAME = /^model\.ckpt-(\d+)\.(?:index|meta)$/;
const DATA = /\.data-\d{5}-of-(\d{5})$/;

/** `<directory>/model.ckpt-<step>`. */
export function checkpointPrefix(directory: string, step: number): string {
  return join(directory, `model.ckpt-${step}`);
}

/** The step in a checkpoint's name; undefined for a name that has none. */
export function stepOfCheckpoint(prefix: string): number | undefined {
  const step = /-(\d+)$/.exec(basename(prefix))?.[1];
  return step === undefined ? undefined : Number(step);
}

/** Whether a model's folder has been trained in before: it holds `model.ckpt-*.index` (or `.meta`, as Python adds). */
export function hasCheckpoints(directory: string): boolean {
  return names(directory).some((name) => NAME.test(name));
}

/** The complete checkpoints `model.ckpt-<step>` of a folder, the oldest first; none when there is no such folder. */
export function listCheckpoints(directory: string): CheckpointFile[] {
  const files = names(directory);
  const known = new Set(files);
  return files
    .flatMap((name) => {
      const step = name.endsWith('.index') ? NAME.exec(name)?.[1] : undefined;
      if (step === undefined) return [];
      const prefix = join(directory, name.slice(0, -'.index'.length));
      return isComplete(basename(prefix), known) ? [{ step: Number(step), prefix }] : [];
    })
    .sort((a, b) => a.step - b.step);
}

/** The complete checkpoint of the highest step, whatever the file `checkpoint` says; undefined when there is none. */
export function latestCheckpoint(directory: string): CheckpointFile | undefined {
  return listCheckpoints(directory).at(-1);
}

/**
 * The prefix that a user's path means: that of a checkpoint, or a folder's latest.
 *
 * @param path A folder, a prefix, or one of a checkpoint's files.
 * @throws DataError when there is no checkpoint.
 */
export function resolveCheckpoint(path: string): string {
  if (existsSync(path) && statSync(path).isDirectory()) {
    const latest = latestCheckpoint(path);
    if (latest !== undefined) return latest.prefix;
    throw new DataError(
      `checkpoint: expected a folder with model.ckpt-<step>.index and its data, received ${path}, which has none`,
    );
  }
  const prefix = path.replace(/\.(?:index|meta|data-\d{5}-of-\d{5})$/, '');
  const known = new Set(names(dirname(prefix)));
  if (isComplete(basename(prefix), known)) return prefix;
  const others = listCheckpoints(dirname(prefix)).map((each) => basename(each.prefix));
  const found = others.length === 0 ? '' : `; ${dirname(prefix)} has ${others.join(', ')}`;
  const missing = known.has(`${basename(prefix)}.index`)
    ? 'its data is incomplete'
    : 'there is no such checkpoint';
  throw new DataError(
    `checkpoint: expected a folder, or files ${prefix}.index and ${prefix}.data-*, received ${path}: ${missing}${found}`,
  );
}

/**
 * Removes all but the newest checkpoints of a folder, with the files beside them, and writes the file `checkpoint`
 * that names what is left.
 *
 * @param keep How many to keep; 0 or less for all.
 * @returns The checkpoints that were removed.
 */
export async function pruneCheckpoints(directory: string, keep: number): Promise<CheckpointFile[]> {
  const all = listCheckpoints(directory);
  const removed = keep > 0 ? all.slice(0, -keep) : [];
  const kept = all.slice(removed.length);
  const latest = kept.at(-1);
  // The list first: it must never name a checkpoint that is gone.
  if (latest !== undefined) {
    const paths = kept.map(({ prefix }) => basename(prefix));
    await writeCheckpointState(directory, { latest: basename(latest.prefix), all: paths });
  }
  for (const { prefix } of removed) removeCheckpoint(prefix);
  return removed;
}

/** Removes a checkpoint and the files beside it that belong to it; the index first, so that what is left is none. */
export function removeCheckpoint(prefix: string): void {
  rmSync(`${prefix}.index`, { force: true });
  for (const name of names(dirname(prefix))) {
    if (name.startsWith(`${basename(prefix)}.`)) rmSync(join(dirname(prefix), name), { force: true });
  }
}

/** Removes what killed writers left in a folder; to be called only while nothing else writes there. */
export function removeUnfinished(directory: string): void {
  const files = names(directory);
  const known = new Set(files);
  for (const name of files) {
    const owner = /^(model\.ckpt-\d+)\.(?:data-\d{5}-of-\d{5}|touched|[a-z_]+\.json)$/.exec(name)?.[1];
    const isOrphan = owner !== undefined && !known.has(`${owner}.index`);
    if (isOrphan || isPartialName(name)) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

/**
 * Writes a value beside a checkpoint, to be pruned with it: `<prefix>.<part>.json`. Write it before the checkpoint
 * itself, so that a complete checkpoint has it.
 */
export async function writeCheckpointPart(prefix: string, part: string, value: unknown): Promise<void> {
  await writeFileAtomic(`${prefix}.${part}.json`, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * What `writeCheckpointPart` wrote; undefined when the checkpoint has no such part, as Python's have none.
 *
 * @throws DataError when the file is damaged.
 */
export async function readCheckpointPart(prefix: string, part: string): Promise<unknown> {
  const file = `${prefix}.${part}.json`;
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`${file}: damaged: ${reason}; remove it, or use another checkpoint`, {
      cause: error,
    });
  }
}

function isComplete(name: string, known: ReadonlySet<string>): boolean {
  if (!known.has(`${name}.index`)) return false;
  for (const file of known) {
    const count = file.startsWith(`${name}.data-`) ? DATA.exec(file)?.[1] : undefined;
    if (count === undefined) continue;
    const shards = Array.from({ length: Number(count) }, (_, i) => String(i).padStart(5, '0'));
    if (shards.every((shard) => known.has(`${name}.data-${shard}-of-${count}`))) return true;
  }
  return false;
}

function names(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
