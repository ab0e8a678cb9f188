import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { findVersions } from './versions/version_directories.js';

/** A version of a model on disk. */
export interface VersionDirectory {
  readonly version: bigint;
  readonly directory: string;
}

/**
 * The version with the highest number.
 * @throws UserError when there is none, saying what is there instead.
 */
export async function newestVersion(basePath: string): Promise<VersionDirectory> {
  const [newest] = await versionsIn(basePath);
  if (newest !== undefined) return newest;
  const found = (await readdir(basePath)).sort();
  if (found.includes('saved_model.pb')) {
    throw new UserError(
      `model_base_path ${basePath}: expected folders named by version number, received a SavedModel itself;` +
        ` move it into ${join(basePath, '1')}, or name the folder above it if its own name is a number`,
    );
  }
  const listed = found.slice(0, 10).join(', ') || 'nothing';
  throw new UserError(
    `model_base_path ${basePath}: expected folders named by version number (such as ${join(basePath, '1')}), found ${listed}`,
  );
}

/** @throws UserError when there is no such folder or it cannot be read. */
async function versionsIn(basePath: string): Promise<readonly VersionDirectory[]> {
  try {
    return (await findVersions(basePath)).versions;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const reason =
      code === 'ENOENT'
        ? 'does not exist'
        : code === 'ENOTDIR'
          ? 'is not a folder'
          : `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new UserError(`model_base_path ${basePath} ${reason}`, { cause });
  }
}
