import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readBundleIndex, shardFile } from '../../tf/index.js';

/** The files of a version's folder, as they are at one moment. */
export interface VersionFiles {
  /** Another one whenever a file was added, removed, written to or replaced. */
  readonly fingerprint: string;
  /** When a file changed last, in milliseconds since 1970, by the clock of the file system. */
  readonly changedMs: number;
  /** Why the folder holds no whole SavedModel; absent where it holds one, as far as can be told without loading it. */
  readonly lack?: string;
}

/** Looks at a version's folder without loading anything; a folder that vanishes meanwhile lacks something too. */
export async function inspectVersion(directory: string): Promise<VersionFiles> {
  try {
    const names = (await readdir(directory, { recursive: true, encoding: 'utf8' })).sort();
    const stats = await Promise.all(names.map((name) => stat(join(directory, name))));
    const sizes = new Map<string, number>();
    const parts: string[] = [];
    let changedMs = 0;
    names.forEach((name, i) => {
      const file = stats[i];
      if (file === undefined) return;
      // Times of change, not of modification: copies often carry the latter over.
      parts.push(`${name}:${file.ino}:${file.size}:${file.ctimeMs}`);
      changedMs = Math.max(changedMs, file.ctimeMs);
      if (file.isFile()) sizes.set(name, file.size);
    });
    const lack = (await lackOfGraph(directory, sizes)) ?? lackOfVariables(directory, sizes);
    return { fingerprint: parts.join('\n'), changedMs, ...(lack !== undefined && { lack }) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { fingerprint: reason, changedMs: 0, lack: `its folder cannot be read: ${reason}` };
  }
}

async function lackOfGraph(
  directory: string,
  sizes: ReadonlyMap<string, number>,
): Promise<string | undefined> {
  if (sizes.has('saved_model.pbtxt')) return undefined;
  const size = sizes.get('saved_model.pb');
  if (size === undefined) return 'saved_model.pb is not there';
  const file = await open(join(directory, 'saved_model.pb'));
  try {
    return (await endsWithField(file, size)) ? undefined : `saved_model.pb breaks off after ${size} bytes`;
  } finally {
    await file.close();
  }
}

/** Whether the file ends where one of the message's own fields ends; skips from field to field. */
async function endsWithField(file: FileHandle, size: number): Promise<boolean> {
  const buffer = new Uint8Array(20);
  let position = 0;
  while (position < size) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    // Both fields of the message, the version of its schema and its graphs, begin with two numbers.
    const tag = readVarint(buffer, 0, bytesRead);
    const value = tag && readVarint(buffer, tag.end, bytesRead);
    if (tag === undefined || value === undefined) return false;
    position += value.end + (tag.value % 8 === 2 ? value.value : 0);
  }
  return size > 0 && position === size;
}

function readVarint(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let i = start; i < Math.min(end, start + 10); i++) {
    const byte = bytes[i] ?? 0;
    value += (byte % 128) * 2 ** (7 * (i - start));
    if (byte < 128) return { value, end: i + 1 };
  }
  return undefined;
}

/** The index of the variables tells how long their data files are to be. */
function lackOfVariables(directory: string, sizes: ReadonlyMap<string, number>): string | undefined {
  const isIndexThere = sizes.has(join('variables', 'variables.index'));
  const isDataThere = [...sizes.keys()].some((name) => name.startsWith(join('variables', 'variables.data-')));
  if (!isIndexThere) return isDataThere ? 'variables/variables.index is not there' : undefined;
  const prefix = join(directory, 'variables', 'variables');
  let index: ReturnType<typeof readBundleIndex>;
  try {
    index = readBundleIndex(prefix);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const wanted = Array.from({ length: index.shards }, () => 0);
  for (const { slices } of index.entries.values()) {
    for (const { span } of slices) {
      wanted[span.shard] = Math.max(wanted[span.shard] ?? 0, span.offset + span.size);
    }
  }
  for (const [shard, bytes] of wanted.entries()) {
    const name = shardFile(join('variables', 'variables'), shard, index.shards);
    const there = sizes.get(name);
    if (there === undefined) return `${name} is not there`;
    if (there < bytes) return `${name} has ${there} of ${bytes} bytes`;
  }
  return undefined;
}
