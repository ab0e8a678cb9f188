import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { encodeEvent, type ScalarValue } from './event_proto.js';
import { frameRecord } from './tfrecord.js';

/** How an event file is named and stamped. */
export interface EventWriterOptions {
  /** Put at the end of the file name, for example `.v2`; default none. */
  readonly suffix?: string;
  /** Milliseconds since 1970; default the system clock. */
  readonly now?: () => number;
}

/** Written to the file at the latest when this many bytes wait ... */
const FLUSH_BYTES = 64 * 1024;
/** ... or this many milliseconds have passed since the last time. */
const FLUSH_INTERVAL_MS = 10_000;

/**
 * Writes scalars and graphs to `DIRECTORY/events.out.tfevents.<seconds>.<host><suffix>`, the form TensorBoard reads.
 * Records are buffered for up to 10 s; a write that fails (full disk) throws a UserError, leaves only
 * whole records in the file and keeps the rest, so that a later `flush` can succeed.
 */
export class EventWriter {
  readonly path: string;
  readonly #now: () => number;
  readonly #fd: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #lastFlush: number;
  #closed = false;

  constructor(directory: string, options: EventWriterOptions = {}) {
    this.#now = options.now ?? Date.now;
    this.#lastFlush = this.#now();
    const seconds = String(Math.floor(this.#lastFlush / 1000)).padStart(10, '0');
    this.path = join(directory, `events.out.tfevents.${seconds}.${hostname()}${options.suffix ?? ''}`);
    try {
      mkdirSync(directory, { recursive: true });
      this.#fd = openSync(this.path, 'a');
    } catch (cause) {
      throw new UserError(`cannot create the TensorBoard event file ${this.path}: ${reason(cause)}`, {
        cause,
      });
    }
    this.#append({ wallTime: this.#lastFlush / 1000, step: 0, fileVersion: 'brain.Event:2', scalars: [] });
  }

  /** Adds one number at a training step. */
  scalar(tag: string, value: number, step: number): void {
    this.scalars({ [tag]: value }, step);
  }

  /** Adds the graph that TensorBoard draws, a serialized GraphDef. */
  graph(graphDef: Uint8Array): void {
    this.#append({ wallTime: this.#now() / 1000, step: 0, graphDef, scalars: [] });
  }

  /** Adds several numbers, keyed by tag, as one event of a training step. */
  scalars(values: Readonly<Record<string, number>>, step: number): void {
    const scalars: ScalarValue[] = Object.entries(values).map(([tag, value]) => ({ tag, value }));
    const now = this.#now();
    this.#append({ wallTime: now / 1000, step, scalars });
    if (this.#pendingBytes >= FLUSH_BYTES || now - this.#lastFlush >= FLUSH_INTERVAL_MS) this.flush();
  }

  /**
   * Hands every buffered record to the operating system.
   * @throws UserError naming the file when it cannot be written; nothing is lost from the buffer.
   */
  flush(): void {
    if (this.#closed) throw new Error(`event file ${this.path} is closed`);
    this.#lastFlush = this.#now();
    if (this.#pendingBytes === 0) return;
    const records = Buffer.concat(this.#pending);
    const start = fstatSync(this.#fd).size;
    try {
      for (let done = 0; done < records.length;) done += writeSync(this.#fd, records, done);
    } catch (cause) {
      this.#dropPartialRecord(start);
      throw new UserError(
        `cannot write TensorBoard events to ${this.path}: ${reason(cause)} (${records.length} bytes not written)`,
        { cause },
      );
    }
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  /** Flushes and closes the file; calling it again does nothing. */
  close(): void {
    if (this.#closed) return;
    try {
      this.flush();
    } finally {
      this.#closed = true;
      closeSync(this.#fd);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #append(event: Parameters<typeof encodeEvent>[0]): void {
    if (this.#closed) throw new Error(`event file ${this.path} is closed`);
    const record = frameRecord(encodeEvent(event));
    this.#pending.push(record);
    this.#pendingBytes += record.length;
  }

  #dropPartialRecord(size: number): void {
    // Readers stop for good at a broken record, so a half-written one must go; a device cannot be cut, and need not be.
    if (fstatSync(this.#fd).isFile()) ftruncateSync(this.#fd, size);
  }
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC') return 'no space left on the disk';
  return error instanceof Error ? error.message : String(error);
}
