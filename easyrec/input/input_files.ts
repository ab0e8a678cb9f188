import { existsSync, statSync } from 'node:fs';
import { globSync, isDynamicPattern } from 'tinyglobby';
import { DataError, type SourceLocation } from '../errors.js';

/** Files of one path or glob, sorted by name; a path that exists as it is written is not taken for a glob. */
function filesOf(pattern: string, at: SourceLocation | undefined): string[] {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(pattern)) {
    throw new DataError(`input ${JSON.stringify(pattern)}: expected a local path, received a URL`, { at });
  }
  if (existsSync(pattern)) {
    if (!statSync(pattern).isDirectory()) return [pattern];
    throw new DataError(
      `input ${JSON.stringify(pattern)}: expected files, received a directory; name them, as in ${JSON.stringify(`${pattern.replace(/\/$/, '')}/*`)}`,
      { at },
    );
  }
  if (!isDynamicPattern(pattern)) {
    throw new DataError(`input ${JSON.stringify(pattern)}: no such file`, { at });
  }
  const found = globSync(pattern, { absolute: pattern.startsWith('/'), expandDirectories: false });
  return found.sort();
}

/**
 * The files that comma separated paths and globs name, in that order, each glob's by name; `_SUCCESS` markers left out.
 * @throws DataError for a path that does not exist, a glob that matches nothing, a directory, a tar archive.
 */
export function resolveInputFiles(files: string, at?: SourceLocation): string[] {
  const patterns = files
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '');
  if (patterns.length === 0) throw new DataError('no input file is named', { at });
  const resolved = patterns.flatMap((pattern) => {
    const found = filesOf(pattern, at).filter((file) => !file.endsWith('_SUCCESS'));
    if (found.length === 0) throw new DataError(`input ${JSON.stringify(pattern)}: no file matches`, { at });
    return found;
  });
  const archive = resolved.find((file) => /\.(tar\.gz|tgz|tar|zip)$/i.test(file));
  if (archive !== undefined) {
    throw new DataError(
      `input ${JSON.stringify(archive)}: expected text or gzip (.gz) of text, received an archive; unpack it first`,
      { at },
    );
  }
  return resolved;
}

/** The size of files on disk in bytes; what is no plain file counts 0, and so does one that is gone. */
export function totalSize(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
}
