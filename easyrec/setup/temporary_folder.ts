import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Runs `body` with an empty folder `name` in `parent` (made if need be) and removes it afterwards. What is finished in
 * it can be renamed to its place in `parent`: both are on one file system. A killed process leaves its folder behind
 * and the next one clears it away, so no two may use one name at the same time: call this under a lock.
 */
export async function withTemporaryFolder<T>(
  parent: string,
  name: string,
  body: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(parent, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
