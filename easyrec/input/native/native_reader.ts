import { Tensor } from '../../tf/index.js';
import type { Handle } from '../../tf/native.js';
import { BadRows } from '../bad_rows.js';
import type { DataError } from '../../errors.js';
import type { Batch, TensorColumn } from '../batch.js';
import { batchesOf, type BatchReader, type ReaderStats } from '../reader.js';
import { readerLibrary, type ReaderLibrary } from './library.js';
import { planBytes, type NativePlan } from './plan_bytes.js';
import { decodeReport, PROBLEMS, type ReportedProblem, type ReportedRow } from './report.js';

/** How long a thread of libuv's pool waits at a stretch: `process.exit()` waits for it. */
const WAIT_MS = 100;
const MESSAGE_BYTES = 256;
/** Rows, position, rows skipped, fraction, bytes of the report. */
const SUMMARY_VALUES = 5;

/** Says what the C++ side found wrong. */
export interface ProblemWords {
  /** Why a row does not fit. */
  ofRow(row: ReportedRow): DataError;
  /** Why reading ended; `firstBad` is the message of the first bad row. */
  ofProblem(problem: ReportedProblem, firstBad: string | undefined): Error;
}

/**
 * A reader in C++ (ops/reader), whose batches are tensors. Threads of its own read ahead; a `next` for a batch that is
 * ready takes some ten microseconds.
 */
export class NativeReader implements BatchReader {
  private readonly library: ReaderLibrary;
  private readonly handle: Handle<'easyrec_reader'>;
  private readonly columns: readonly string[];
  private readonly tensors: BigInt64Array;
  private readonly summary = new Float64Array(SUMMARY_VALUES);
  private readonly badRows: BadRows;
  private latest: ReaderStats;
  /** How it ended, once it has: every later `next` says the same. */
  private outcome: 'end' | Error | null = null;
  private last: Promise<unknown> = Promise.resolve();
  private closing: Promise<void> | null = null;

  constructor(
    plan: NativePlan,
    private readonly words: ProblemWords,
  ) {
    const { fields, hashed = [], position, epochs, onBadRow } = plan.options;
    this.library = readerLibrary();
    const made = [...fields.filter(({ wanted }) => wanted), ...hashed];
    this.columns = made.map(({ name }) => name);
    this.tensors = new BigInt64Array(Math.max(this.columns.length, 1));
    this.badRows = new BadRows(onBadRow);
    this.latest = { position, rowsSkipped: 0, firstSkipped: [], fraction: epochs === 0 ? null : 0 };
    const bytes = planBytes(plan);
    const message = new Uint8Array(MESSAGE_BYTES);
    const handle = this.library.open(bytes, bytes.length, message, message.length);
    if (handle === null) {
      throw new Error(
        `the native reader cannot start: ${Buffer.from(message).toString().replace(/\0.*/s, '')}`,
      );
    }
    this.handle = handle;
  }

  get stats(): ReaderStats {
    return this.latest;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Batch, void, void> {
    return batchesOf(this);
  }

  next(): Promise<Batch | null> {
    const batch = this.last.then(() => this.take());
    this.last = batch.catch(() => undefined);
    return batch;
  }

  close(): Promise<void> {
    this.closing ??= this.free();
    return this.closing;
  }

  private async free(): Promise<void> {
    this.outcome = new Error('the reader is closed');
    this.library.stop(this.handle);
    await this.last;
    await new Promise<void>((resolve) => this.library.close.async(this.handle, () => resolve()));
  }

  private async take(): Promise<Batch | null> {
    while (this.outcome === null) {
      if (this.library.next(this.handle, this.summary, this.tensors) === 1) return this.deliver();
      await new Promise<void>((resolve) => this.library.wait.async(this.handle, WAIT_MS, () => resolve()));
    }
    if (this.outcome === 'end') return null;
    throw this.outcome;
  }

  private deliver(): Batch | null {
    const [rows = 0, position = 0, rowsSkipped = 0, fraction = 0, reportBytes = 0] = this.summary;
    const columns = new Map<string, TensorColumn>();
    if (rows > 0) {
      this.columns.forEach((name, i) => {
        const tensor = new Tensor(this.tensors[i] as Handle<'TF_Tensor'>, false);
        columns.set(name, { dtype: 'tensor', tensor });
      });
    }
    try {
      this.takeReport(reportBytes, rowsSkipped);
    } catch (error) {
      this.outcome = error instanceof Error ? error : new Error(String(error));
      throw this.outcome;
    }
    const known = this.latest.fraction === null ? null : fraction;
    this.latest = { position, rowsSkipped, firstSkipped: this.badRows.first, fraction: known };
    if (rows > 0) return { rows, columns };
    this.outcome = 'end';
    return null;
  }

  /** Counts bad rows as the plain reader does, which throws where they are too many. */
  private takeReport(bytes: number, rowsSkipped: number): void {
    if (bytes > 0) {
      const buffer = new Uint8Array(bytes);
      this.library.report(this.handle, buffer);
      const { badRows, problem } = decodeReport(buffer);
      for (const row of badRows) this.badRows.add(this.words.ofRow(row));
      this.badRows.addCounted(rowsSkipped - this.badRows.count);
      if (problem.kind !== PROBLEMS.none) throw this.words.ofProblem(problem, this.badRows.first[0]);
      return;
    }
    this.badRows.addCounted(rowsSkipped - this.badRows.count);
  }
}
