import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeError } from '../errors.js';
import { type Log, SILENT_LOG } from '../log.js';

/** What a downloaded file must be. */
export interface ExpectedFile {
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export type Progress = (doneBytes: number, totalBytes: number) => void;

export interface DownloadOptions {
  readonly log?: Log;
  readonly onProgress?: Progress | undefined;
  /** Tries without a single byte in between before it gives up. Default: 4. */
  readonly attempts?: number;
  /** The pause before the second try; it doubles with each further one. Default: 500. */
  readonly pauseMs?: number;
  /** A connection that delivers nothing for this long is given up. Default: 30,000. */
  readonly idleMs?: number;
}

/** The server or the way to it failed; another way to get the file may work. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
}

/**
 * Downloads `url` to `file` by way of `file`.part: a partial file of an earlier, broken download is continued (HTTP
 * Range). `file` appears only when its size and SHA-256 are as expected.
 * @throws TransferError when the server cannot be reached or refuses; what has arrived is kept for the next time
 * @throws NativeError when the server's file is another one; nothing is kept
 */
export async function download(
  url: string,
  file: string,
  expected: ExpectedFile,
  options: DownloadOptions = {},
): Promise<void> {
  const { log = SILENT_LOG, attempts = 4, pauseMs = 500 } = options;
  const part = `${file}.part`;
  let resumed = sizeOf(part) > 0;
  for (;;) {
    for (let failures = 0; sizeOf(part) !== expected.bytes;) {
      const before = sizeOf(part);
      try {
        await transfer(url, part, expected, options);
      } catch (error) {
        if (!(error instanceof TransferError)) throw error;
        failures = sizeOf(part) > before ? 1 : failures + 1;
        if (failures >= attempts) throw error;
        log.info(`${error.message}; trying again from byte ${sizeOf(part)}`);
        await sleep(pauseMs * 2 ** (failures - 1));
      }
    }
    const problem = await mismatch(part, expected);
    if (problem === undefined) break;
    await rm(part, { force: true });
    // What an earlier run left may be of another file or damaged; one clean download decides.
    if (!resumed) throw new NativeError(`${url}: ${problem}`);
    log.info(`the partial download did not fit (${problem}); starting again`);
    resumed = false;
  }
  await syncFile(part);
  await rename(part, file);
}

/** What is wrong with a file, expected and received values included; undefined when it is as expected. */
export async function mismatch(file: string, expected: ExpectedFile): Promise<string | undefined> {
  const bytes = sizeOf(file);
  if (bytes !== expected.bytes) return `expected ${expected.bytes} bytes, received ${bytes}`;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  const sha256 = hash.digest('hex');
  if (sha256 !== expected.sha256) return `expected SHA-256 ${expected.sha256}, received ${sha256}`;
  return undefined;
}

/** One connection: appends to `part` what is missing of it, as far as the connection goes. */
async function transfer(
  url: string,
  part: string,
  expected: ExpectedFile,
  { onProgress, idleMs = 30_000 }: DownloadOptions,
): Promise<void> {
  const start = sizeOf(part) > expected.bytes ? 0 : sizeOf(part);
  const abort = new AbortController();
  const idle = setTimeout(() => abort.abort(new Error(`nothing arrived for ${idleMs / 1000} s`)), idleMs);
  try {
    const response = await request(url, start, abort.signal);
    if (response.status === 416) {
      await rm(part, { force: true });
      throw new TransferError(`${url}: the server cannot continue at byte ${start}`);
    }
    if (!response.ok || !response.body) throw new TransferError(`${url}: HTTP status ${response.status}`);
    const offset = response.status === 206 ? start : 0;
    checkTotal(url, response, offset, expected);
    let done = offset;
    const counter = new Transform({
      transform(chunk: Buffer, _encoding, callback) {
        idle.refresh();
        done += chunk.length;
        onProgress?.(done, expected.bytes);
        callback(null, chunk);
      },
    });
    await pipeline(
      Readable.fromWeb(response.body),
      counter,
      createWriteStream(part, offset === 0 ? { flags: 'w' } : { flags: 'r+', start: offset }),
      { signal: abort.signal },
    );
  } catch (error) {
    if (error instanceof NativeError || error instanceof TransferError || isDiskError(error)) throw error;
    throw new TransferError(`${url}: ${reason(abort.signal.aborted ? abort.signal.reason : error)}`, {
      cause: error,
    });
  } finally {
    clearTimeout(idle);
  }
}

async function request(url: string, start: number, signal: AbortSignal): Promise<Response> {
  // identity: the length of a compressed body says nothing about the file's.
  const headers = { 'accept-encoding': 'identity', ...(start > 0 ? { range: `bytes=${start}-` } : {}) };
  return await fetch(url, { headers, signal });
}

/** Says before the first byte that the server's file has another size, where the server tells it. */
function checkTotal(url: string, response: Response, offset: number, expected: ExpectedFile): void {
  const length = response.headers.get('content-length');
  if (length === null) return;
  const total = offset + Number(length);
  if (total !== expected.bytes) {
    throw new NativeError(`${url}: expected a file of ${expected.bytes} bytes, received one of ${total}`);
  }
}

/** The last cause tells: `fetch failed` itself says nothing. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reason(error.cause) : error.message || error.name;
}

function isDiskError(error: unknown): boolean {
  return (
    error instanceof Error && 'syscall' in error && (error.syscall === 'write' || error.syscall === 'open')
  );
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
