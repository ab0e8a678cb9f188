import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from './errors.js';

/** The middle of every name under which something is written until it is complete. */
const PARTIAL = '.partial-';

/**
 * A name in the folder of `path` under which to write it until it is complete: hidden, on the same file system, and
 * unlike any other.
 */
export function partialPath(path: string): string {
  return join(dirname(path), `.${basename(path)}${PARTIAL}${randomBytes(6).toString('hex')}`);
}

/** Whether a file name is one that `partialPath` makes: left behind by a process that was killed. */
export function isPartialName(name: string): boolean {
  return name.startsWith('.') && /^\.partial-[0-9a-f]{12}$/.test(name.slice(name.lastIndexOf(PARTIAL)));
}

/** Removes what was being written under a partial name, if it came to be. */
export async function discardPartial(partial: string): Promise<void> {
  try {
    await rm(partial, { recursive: true, force: true });
  } catch (error) {
    // Its folder is no folder: then nothing was written there, and that is the error to tell of.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOTDIR')) throw error;
  }
}

/** Forces a file's content, or the names in a folder, onto the disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file so that a reader finds the old content or the new one, whole, whenever the writer is killed.
 *
 * @param mode who may read and write it, as far as the process's umask allows. Default: all.
 * @throws UserError when the disk is full or the folder cannot be written; nothing is left behind then.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  mode = 0o666,
): Promise<void> {
  const partial = partialPath(path);
  try {
    const handle = await open(partial, 'wx', mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, path);
    await syncPath(dirname(path));
  } catch (error) {
    await discardPartial(partial);
    throw writeProblem(path, error);
  }
}

const WRITE_CODES =
  'ENOSPC EDQUOT EFBIG EACCES EPERM EROFS ENOTDIR ENOENT EEXIST EISDIR EIO ENAMETOOLONG'.split(' ');

/** The error to throw for one that came up in writing `path`: a UserError where it is the user's to put right. */
export function writeProblem(path: string, error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const code = 'code' in error ? String(error.code) : '';
  // TensorFlow reports what the operating system said in its own words.
  const detail = 'detail' in error ? String(error.detail) : error.message;
  const isFull =
    ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code) ||
    /No space left on device|Disk quota exceeded|File too large/.test(detail);
  if (isFull) {
    // TensorFlow goes on about nodes and memory.
    const [told = ''] = detail.split('\n');
    return new UserError(
      `${path}: the disk is full or a quota is used up (${told}); free space or write elsewhere`,
      { cause: error },
    );
  }
  if (!WRITE_CODES.includes(code)) return error;
  return new UserError(`${path}: cannot be written: ${detail}`, { cause: error });
}
