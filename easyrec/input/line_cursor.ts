import { DataError, type SourceLocation } from '../errors.js';
import { openByteSource, type ByteSource } from './byte_source.js';
import type { RowCursor } from './row_cursor.js';

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const FIRST_BUFFER_BYTES = 1 << 18;
const MAX_LINE_BYTES = 1 << 26;

/** Receives the first line of each file; the bytes are valid during the call only. */
export type HeaderHandler = (file: number, header: Uint8Array) => void;

/** Why a file cannot be read on: one of its lines has no end. */
export function longLine(at: SourceLocation): DataError {
  return new DataError(`expected lines of text, received one of more than ${MAX_LINE_BYTES} bytes`, { at });
}

/** Removes every `\r` of `buffer[from .. to)`, as TensorFlow's line reader does; returns the new end. */
function removeCarriageReturns(buffer: Buffer, from: number, to: number): number {
  let out = buffer.subarray(from, to).indexOf(CARRIAGE_RETURN);
  if (out < 0) return to;
  out += from;
  for (let i = out; i < to; i++) {
    const byte = buffer[i] as number;
    if (byte !== CARRIAGE_RETURN) buffer[out++] = byte;
  }
  return out;
}

/** The lines of files, one file after the other. */
export class LineCursor implements RowCursor {
  buffer = Buffer.allocUnsafe(FIRST_BUFFER_BYTES);
  start = 0;
  end = 0;
  file = 0;
  line = 0;
  /** Lines not yet given begin here; up to `scanned` there is no line end, and `filled` bytes are valid. */
  private begin = 0;
  private scanned = 0;
  private filled = 0;
  private source: ByteSource | null = null;
  private nextFile = 0;
  private atFileEnd = false;
  private headerPending = false;
  /** Bytes on disk of the files before, and of what was read of the current one; the latter's bytes in the buffer. */
  private bytesBefore = 0;
  private bytesOfFile = 0;
  private unpackedOfFile = 0;

  /** `order` lists the indices of the `paths` to read; with `onHeader`, first lines are not rows. */
  constructor(
    private readonly paths: readonly string[],
    private readonly order: readonly number[],
    private readonly onHeader: HeaderHandler | null,
  ) {}

  get consumedBytes(): number {
    const waiting = this.unpackedOfFile === 0 ? 0 : (this.filled - this.begin) / this.unpackedOfFile;
    return this.bytesBefore + this.bytesOfFile * (1 - Math.min(waiting, 1));
  }

  advance(): boolean {
    do {
      const { buffer, filled } = this;
      let p = this.scanned;
      while (p < filled && buffer[p] !== NEWLINE) p++;
      if (p === filled && !(this.atFileEnd && p > this.begin)) {
        this.scanned = p;
        return false;
      }
      this.start = this.begin;
      this.end = p;
      this.begin = this.scanned = Math.min(p + 1, filled);
      if (this.line++ === 0) this.skipByteOrderMark();
    } while (this.takeHeader());
    return true;
  }

  async load(): Promise<boolean> {
    for (;;) {
      const source = this.source ?? (await this.openNext());
      if (source === null) return false;
      this.makeRoom();
      const count = await source.read(this.buffer.subarray(this.filled));
      if (count > 0) {
        this.bytesOfFile = source.consumedBytes;
        this.unpackedOfFile += count;
        this.filled = removeCarriageReturns(this.buffer, this.filled, this.filled + count);
        return true;
      }
      this.atFileEnd = true;
      await this.closeSource();
      // A last line without line end is still there to give.
      if (this.filled > this.begin) return true;
    }
  }

  close(): Promise<void> {
    this.nextFile = this.order.length;
    return this.closeSource();
  }

  private takeHeader(): boolean {
    if (!this.headerPending) return false;
    this.headerPending = false;
    this.onHeader?.(this.file, this.buffer.subarray(this.start, this.end));
    return true;
  }

  private async openNext(): Promise<ByteSource | null> {
    const file = this.order[this.nextFile];
    if (file === undefined) return null;
    this.nextFile++;
    this.file = file;
    this.line = 0;
    this.begin = this.scanned = this.filled = 0;
    this.bytesBefore += this.bytesOfFile;
    this.bytesOfFile = this.unpackedOfFile = 0;
    this.atFileEnd = false;
    this.headerPending = this.onHeader !== null;
    this.source = await openByteSource(this.paths[file] ?? '');
    return this.source;
  }

  private async closeSource(): Promise<void> {
    const source = this.source;
    this.source = null;
    await source?.close();
  }

  /** Moves the unfinished line to the front; a line as long as the buffer doubles it. */
  private makeRoom(): void {
    const kept = this.filled - this.begin;
    let target = this.buffer;
    if (kept === this.buffer.length) {
      if (kept >= MAX_LINE_BYTES) {
        throw longLine({ file: this.paths[this.file] ?? '', line: this.line + 1 });
      }
      target = Buffer.allocUnsafe(kept * 2);
    }
    this.buffer.copy(target, 0, this.begin, this.filled);
    this.buffer = target;
    this.scanned -= this.begin;
    this.begin = 0;
    this.filled = kept;
  }

  private skipByteOrderMark(): void {
    const { buffer, start } = this;
    const marked = buffer[start] === 0xef && buffer[start + 1] === 0xbb && buffer[start + 2] === 0xbf;
    if (marked && this.end - start >= 3) this.start = start + 3;
  }
}
