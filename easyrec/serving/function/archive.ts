import { spawn } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { chmod, lstat, readdir, readlink } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { invalidArgument, ServingError } from '../status.js';
import { withStreams } from '../with_streams.js';
import { hasCode } from './has_code.js';

/** An archive may not unpack to more than this. */
const MAX_UNPACKED_BYTES = 16 * 1024 ** 3;
const MAX_ENTRIES = 200_000;

/**
 * Unpacks a .tar.gz into an empty folder.
 * @throws ServingError INVALID_ARGUMENT when it is none, or unpacks to more than 16 GiB.
 */
export async function unpackArchive(archive: AsyncIterable<Uint8Array>, folder: string): Promise<void> {
  // GNU tar takes no member out of the folder, and makes links only when all else is there.
  const options = ['--no-same-owner', '--no-same-permissions', '--directory', folder];
  const args = ['--extract', '--file', '-', ...options];
  const tar = withStreams('tar', spawn('tar', args, { stdio: ['pipe', 'ignore', 'pipe'] }));
  let errors = '';
  tar.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(0, 500)));
  const closed = once(tar, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const piped = pipeline(archive, createGunzip(), limit(MAX_UNPACKED_BYTES), tar.stdin).then(
    () => undefined,
    (error: unknown) => error,
  );
  const [[code, signal], problem] = await Promise.all([closed, piped]);
  // tar may leave before its input ends, having read the archive's end or having failed.
  const isPipe = hasCode(problem, 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE');
  if (code === 0 && (problem === undefined || isPipe)) return;
  const ending = errors.trim() || `tar was ended by ${signal ?? 'itself'}`;
  const reason = problem instanceof Error && !isPipe ? problem.message : ending;
  if (/No space left|Disk quota|File too large|SIGXFSZ/.test(ending)) {
    throw new ServingError('RESOURCE_EXHAUSTED', `archive: the gateway's disk is full: ${ending}`);
  }
  throw invalidArgument(`archive: expected a .tar.gz of a function's folder: ${reason}`);
}

/**
 * Checks a folder that was unpacked, has nobody write its files any more, and hashes names and contents into `hash`.
 * @throws ServingError INVALID_ARGUMENT for devices and the like, and for links that lead out of it.
 */
export async function sealFolder(folder: string, hash: Hash): Promise<void> {
  const entries = (await readdir(folder, { recursive: true })).sort();
  if (entries.length > MAX_ENTRIES) {
    throw invalidArgument(`archive: expected at most ${MAX_ENTRIES} files, received ${entries.length}`);
  }
  for (const entry of entries) {
    const path = join(folder, entry);
    const stats = await lstat(path);
    const name = JSON.stringify(entry);
    if (stats.isDirectory()) hash.update(`folder ${name}\n`);
    else if (stats.isSymbolicLink())
      hash.update(`link ${name} ${JSON.stringify(await linkInside(folder, path))}\n`);
    else if (stats.isFile()) {
      const isExecutable = (stats.mode & 0o100) !== 0;
      hash.update(`file ${name} ${isExecutable ? 'x' : '-'} ${await hashFile(path)}\n`);
      await chmod(path, isExecutable ? 0o555 : 0o444);
    } else throw invalidArgument(`archive: ${entry} is neither a file nor a folder nor a link`);
  }
}

/** The hash of a text. */
export function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function linkInside(folder: string, path: string): Promise<string> {
  const target = await readlink(path);
  const inside = relative(folder, resolve(dirname(path), target));
  if (target.startsWith('/') || inside === '..' || inside.startsWith(`..${sep}`)) {
    throw invalidArgument(
      `archive: the link ${relative(folder, path)} leads out of the folder, to ${target}`,
    );
  }
  return target;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function limit(maxBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done): void {
      bytes += chunk.length;
      if (bytes > maxBytes) done(new Error(`it unpacks to more than ${maxBytes} bytes`));
      else done(null, chunk);
    },
  });
}
