import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CliResult } from './cli.js';

/**
 * Checks that a command refused what the user gave it: exit code 2, nothing on standard output, and one error whose
 * text has all of `parts`, without a stack trace.
 */
export function checkRefused({ code, stdout, stderr }: CliResult, ...parts: readonly string[]): void {
  const shown = `exit code ${code}\n${stderr}`;
  assert.equal(code, 2, shown);
  assert.equal(stdout, '', shown);
  assert.equal(stderr.match(/^error: /gm)?.length, 1, shown);
  assert.doesNotMatch(stderr, /^\s+at .+:\d+/m, shown);
  assert.doesNotMatch(stderr, /node:internal|UnhandledPromiseRejection|not a mistake of yours/, shown);
  const error = stderr.slice(stderr.search(/^error: /m));
  for (const part of parts) assert.ok(error.includes(part), `expected ${part} in: ${shown}`);
}

/** All files below a folder, hidden ones included, sorted; folders end in a slash. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
      return entry.isDirectory() ? `${path}/` : path;
    })
    .sort();
}
