import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';

/** A version of a model on disk. */
export interface VersionDirectory {
  readonly version: bigint;
  readonly directory: string;
}

const INT64_MAX = 2n ** 63n - 1n;

/**
 * The versions under a model's base path, newest first: every folder whose name is a number.
 * @throws UserError when there is no such folder or it cannot be read.
 */
export function listVersions(basePath: string): readonly VersionDirectory[] {
  return entries(basePath)
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && /^\d+$/.test(entry.name))
    .map(({ name }) => ({ version: BigInt(name), directory: join(basePath, name) }))
    .filter(({ version }) => version <= INT64_MAX)
    .sort((a, b) => (a.version === b.version ? 0 : a.version > b.version ? -1 : 1));
}

/**
 * The version with the highest number.
 * @throws UserError when there is none, saying what is there instead.
 */
export function newestVersion(basePath: string): VersionDirectory {
  const [newest] = listVersions(basePath);
  if (newest !== undefined) return newest;
  const found = entries(basePath)
    .map(({ name }) => name)
    .sort();
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

function entries(basePath: string): ReturnType<typeof readEntries> {
  try {
    return readEntries(basePath);
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

const readEntries = (basePath: string) => readdirSync(basePath, { withFileTypes: true });
