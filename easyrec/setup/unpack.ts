import { createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { NativeError } from '../errors.js';

const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
const ROOT = 'tensorflow/';
const INCLUDE = `${ROOT}include/`;

/** The headers of the C API; the ones they include come along. */
const C_HEADERS = [
  'c_api.h',
  'kernels.h',
  'ops.h',
  'tf_buffer.h',
  'tf_status.h',
  'tf_tensor.h',
  'tf_tstring.h',
].map((name) => `${INCLUDE}tensorflow/c/${name}`);

/** Files written at the same time: inflating is the work, and Node's pool spreads it over the cores. */
const CONCURRENT_FILES = 4;

/**
 * Unpacks from a TensorFlow wheel what running and building against its C API takes: both libraries into `directory`,
 * and the C API's headers (some twenty files) into `directory`/include. The files are on the disk when it returns.
 * @throws NativeError when the wheel has no such files
 */
export async function unpackLibraries(wheel: string, directory: string): Promise<void> {
  await withZip(wheel, async (zip, entries) => {
    const libraries = LIBRARIES.map((name) => find(entries, ROOT + name, wheel));
    const headers = await cHeaders(zip, entries, wheel);
    await Promise.all(libraries.map((entry) => writeEntry(zip, entry, target(entry, directory))));
    for (const entry of headers) await writeEntry(zip, entry, target(entry, directory));
  });
}

/**
 * Unpacks all headers of a TensorFlow wheel, which ops on the C++ API need, into `directory`: over 10,000 files, some
 * 250 MB.
 */
export async function unpackAllHeaders(wheel: string, directory: string): Promise<void> {
  await withZip(wheel, async (zip, entries) => {
    const queue = [...entries.values()].filter(
      (entry) => entry.fileName.startsWith(INCLUDE) && !entry.fileName.endsWith('/'),
    );
    const worker = async (): Promise<void> => {
      for (let entry = queue.pop(); entry; entry = queue.pop()) {
        await writeEntry(zip, entry, join(directory, entry.fileName.slice(INCLUDE.length)), { sync: false });
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_FILES }, worker));
  });
}

async function withZip(
  wheel: string,
  body: (zip: ZipFile, entries: ReadonlyMap<string, Entry>) => Promise<void>,
): Promise<void> {
  const zip = await openPromise(wheel, { lazyEntries: true, autoClose: false });
  try {
    const entries = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
    await body(zip, entries);
  } finally {
    zip.close();
  }
}

function find(entries: ReadonlyMap<string, Entry>, name: string, wheel: string): Entry {
  const entry = entries.get(name);
  if (!entry) throw new NativeError(`${wheel}: expected a TensorFlow wheel, but it has no ${name}`);
  return entry;
}

async function cHeaders(zip: ZipFile, entries: ReadonlyMap<string, Entry>, wheel: string): Promise<Entry[]> {
  const headers = new Map(C_HEADERS.map((name) => [name, find(entries, name, wheel)]));
  // A Map visits what is added to it while it is walked.
  for (const entry of headers.values()) {
    const source = await text(await zip.openReadStreamPromise(entry));
    for (const [, included] of source.matchAll(/^\s*#\s*include\s*"([^"]+)"/gm)) {
      const name = `${INCLUDE}${String(included)}`;
      const found = entries.get(name);
      if (found) headers.set(name, found);
    }
  }
  return [...headers.values()];
}

function target(entry: Entry, directory: string): string {
  return join(directory, entry.fileName.slice(ROOT.length));
}

async function writeEntry(zip: ZipFile, entry: Entry, file: string, { sync = true } = {}): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(file));
  if (!sync) return;
  const handle = await open(file);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
