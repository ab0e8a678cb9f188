import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { hasCode } from './has_code.js';

/** Half of what is kept: when a file is that full, it takes the place of the one before. */
const MAX_FILE_BYTES = 1024 * 1024;

/** A worker that prints more than this in a tenth of a second waits for the rest of it. */
const MAX_BYTES_PER_SLICE = 512 * 1024;
const SLICE_MS = 100;

/** A line that is longer is cut into several. */
const MAX_LINE_BYTES = 16 * 1024;

const NEWLINE = 0x0a;

/** What the workers of a function print, the last 1 to 2 MiB of it, in two files. */
export class FunctionLog {
  readonly #path: string;
  #fd: number;
  #bytes: number;

  /** @param path of the newer file; the older one's ends in `.1`. */
  constructor(path: string) {
    this.#path = path;
    this.#fd = openSync(path, 'a', 0o600);
    this.#bytes = fstatSync(this.#fd).size;
  }

  /** Adds a line of the gateway's own. */
  note(text: string): void {
    this.#write(Buffer.from(`[gateway ${new Date().toISOString()}] ${text.trimEnd()}\n`));
  }

  /** Adds whole lines of a stream, as they come, until it ends; who prints too fast is made to wait. */
  capture(stream: Readable): void {
    let rest: Buffer = Buffer.alloc(0);
    let sliceBytes = 0;
    let sliceStart = 0;
    stream.on('data', (chunk: Buffer) => {
      const now = performance.now();
      if (now - sliceStart >= SLICE_MS) [sliceStart, sliceBytes] = [now, 0];
      sliceBytes += chunk.length;
      if (sliceBytes > MAX_BYTES_PER_SLICE) {
        stream.pause();
        setTimeout(() => stream.resume(), SLICE_MS);
      }
      const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const end = all.lastIndexOf(NEWLINE) + 1;
      if (end > 0) this.#write(all.subarray(0, end));
      rest = all.subarray(end);
      if (rest.length >= MAX_LINE_BYTES) {
        this.#write(Buffer.concat([rest, Buffer.from('\n')]));
        rest = Buffer.alloc(0);
      }
    });
    stream.on('close', () => {
      if (rest.length > 0) this.#write(Buffer.concat([rest, Buffer.from('\n')]));
    });
  }

  /** All that is kept, oldest first; bytes that are no UTF-8 are replaced. */
  async read(): Promise<string> {
    const older = await readOrEmpty(`${this.#path}.1`);
    return Buffer.concat([older, await readOrEmpty(this.#path)]).toString('utf8');
  }

  /** Ends it; what comes later is dropped. */
  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #write(bytes: Buffer): void {
    if (this.#fd < 0) return;
    try {
      if (this.#bytes + bytes.length > MAX_FILE_BYTES && this.#bytes > 0) this.#rotate();
      writeSync(this.#fd, bytes);
      this.#bytes += bytes.length;
    } catch (error) {
      // A full disk, or a folder that somebody has removed, costs lines of the log; it is not to cost calls.
      if (!isSystemError(error)) throw error;
    }
  }

  #rotate(): void {
    // First of all: where there is no room for another file, the log goes on in this one as soon as there is.
    const next = `${this.#path}.next`;
    const fd = openSync(next, 'w', 0o600);
    closeSync(this.#fd);
    [this.#fd, this.#bytes] = [fd, 0];
    renameSync(this.#path, `${this.#path}.1`);
    renameSync(next, this.#path);
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

async function readOrEmpty(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return Buffer.alloc(0);
    throw error;
  }
}
