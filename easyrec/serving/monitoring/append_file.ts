import { type FileHandle, open } from 'node:fs/promises';
import type { Log } from '../../log.js';

/** How much waits, and how long. */
export interface AppendFileOptions {
  /** What exceeds this while the disk is slow is dropped; default 16 MiB. */
  readonly maxPendingBytes?: number;
  /** Written at the latest after so many milliseconds; default 1000. */
  readonly flushIntervalMs?: number;
}

const DEFAULT_MAX_PENDING_BYTES = 16 * 1024 * 1024;
const DEFAULT_FLUSH_INTERVAL_MS = 1000;
const FLUSH_BYTES = 64 * 1024;
const WARNING_INTERVAL_MS = 60_000;

/**
 * A file to which whole records are added, off the way of requests: they wait in memory, up to a limit, and a disk that
 * is full or slow costs records and a warning, never a request. The file is opened with the first record.
 */
export class AppendFile {
  readonly path: string;
  readonly #log: Log;
  readonly #maxPendingBytes: number;
  readonly #flushIntervalMs: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #file: FileHandle | undefined;
  #dropped = 0;
  #warnedAt = -Infinity;
  #closed = false;

  constructor(path: string, log: Log, options: AppendFileOptions = {}) {
    this.path = path;
    this.#log = log;
    this.#maxPendingBytes = options.maxPendingBytes ?? DEFAULT_MAX_PENDING_BYTES;
    this.#flushIntervalMs = options.flushIntervalMs ?? DEFAULT_FLUSH_INTERVAL_MS;
  }

  /** Adds a record; false when it had to be dropped. */
  append(record: Uint8Array): boolean {
    if (this.#closed || this.#pendingBytes + record.length > this.#maxPendingBytes) {
      this.#drop(1, 'more is logged than the disk takes');
      return false;
    }
    this.#pending.push(record);
    this.#pendingBytes += record.length;
    if (this.#pendingBytes >= FLUSH_BYTES) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), this.#flushIntervalMs).unref();
    return true;
  }

  /** Writes what waits; resolves when it is in the file, or was dropped because it could not be written. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.length > 0) this.#writing ??= this.#writeAll();
    return this.#writing ?? Promise.resolve();
  }

  /** Writes what waits and closes the file; calling it again does nothing. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #writeAll(): Promise<void> {
    while (this.#pending.length > 0) {
      const records = this.#pending;
      this.#pending = [];
      this.#pendingBytes = 0;
      try {
        await this.#write(Buffer.concat(records));
      } catch (error) {
        this.#drop(records.length, error instanceof Error ? error.message : String(error));
      }
    }
    // At once, not when the promise settles: who adds a record in between would wait for writing that has ended.
    this.#writing = undefined;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#file ??= await open(this.path, 'a');
    const file = this.#file;
    const before = await file.stat();
    try {
      await file.appendFile(bytes);
    } catch (error) {
      // Readers of records stop for good at a broken one, so a half-written one must go; a device cannot be cut.
      if (before.isFile()) await file.truncate(before.size).catch(() => undefined);
      throw error;
    }
  }

  #drop(count: number, reason: string): void {
    this.#dropped += count;
    const now = performance.now();
    if (now - this.#warnedAt < WARNING_INTERVAL_MS) return;
    this.#warnedAt = now;
    this.#log.warn(`${this.path}: ${this.#dropped} records were lost so far: ${reason}`);
  }
}
