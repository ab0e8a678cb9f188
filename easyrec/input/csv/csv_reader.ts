import { DataError } from '../../errors.js';
import { BadRows } from '../bad_rows.js';
import type { Batch } from '../batch.js';
import { totalSize } from '../input_files.js';
import { batchesOf, type BatchReader, type ReaderStats } from '../reader.js';
import type { RowCursor } from '../row_cursor.js';
import { openPass } from '../row_pass.js';
import type { CsvPlan } from './csv_plan.js';
import { noRowsError } from './no_rows.js';
import { RowParser, type FileColumn } from './row_parser.js';

/** Reads CSV files on the calling thread, one `next` at a time. */
export class CsvReader implements BatchReader {
  private readonly parser: RowParser;
  /** By file: with headers, known once the file was opened. */
  private readonly columns: (readonly FileColumn[])[];
  private readonly badRows: BadRows;
  private readonly lastPass: number;
  private rows: RowCursor;
  private pass = 0;
  private usableInPass = 0;
  private badBeforePass = 0;
  /** Rows set in the builders for the next batch. */
  private pending = 0;
  private position = 0;
  /** Of the files of one pass. */
  private readonly totalBytes: number;
  private fraction = 0;
  private state: 'new' | 'reading' | 'over' = 'new';
  /** Why no more batches can be had. */
  private failure: Error | null = null;

  constructor(private readonly plan: CsvPlan) {
    const { fields, batchSize, withHeader, onBadRow, epochs } = plan.options;
    this.parser = new RowParser(plan, batchSize);
    const columns = withHeader ? [] : this.parser.columnsOf(fields);
    this.columns = plan.paths.map(() => columns);
    this.badRows = new BadRows(onBadRow);
    this.lastPass = epochs === 0 ? Infinity : epochs - 1;
    this.totalBytes = totalSize(plan.paths);
    this.rows = this.openRows();
  }

  get stats(): ReaderStats {
    const { count, first } = this.badRows;
    const fraction = this.plan.options.epochs === 0 || this.totalBytes === 0 ? null : this.fraction;
    return { position: this.position, rowsSkipped: count, firstSkipped: first, fraction };
  }

  [Symbol.asyncIterator](): AsyncGenerator<Batch, void, void> {
    return batchesOf(this);
  }

  async next(): Promise<Batch | null> {
    if (this.failure === null) {
      try {
        await this.fill();
      } catch (error) {
        this.failure = error instanceof Error ? error : new Error(String(error));
        await this.rows.close();
      }
    }
    if (this.failure !== null) throw this.failure;
    this.measure();
    const rows = this.pending;
    if (rows === 0) return null;
    this.pending = 0;
    this.position += rows;
    return { rows, columns: this.parser.finish(rows) };
  }

  async close(): Promise<void> {
    this.state = 'over';
    this.failure = new Error('the reader is closed');
    await this.rows.close();
  }

  /** Takes rows until the batch is full or all passes are over. */
  private async fill(): Promise<void> {
    if (this.state === 'new') {
      this.state = 'reading';
      await this.resume();
    }
    const { batchSize } = this.plan.options;
    while (this.state === 'reading' && this.pending < batchSize) {
      if (this.rows.advance()) this.takeRow();
      else if (!(await this.rows.load())) this.beginPass(this.pass + 1);
    }
  }

  /** Passes over the rows that an earlier run delivered. Nothing is parsed unless bad rows may be among them. */
  private async resume(): Promise<void> {
    const { position, onBadRow } = this.plan.options;
    let remaining = position;
    while (remaining > 0 && this.state === 'reading') {
      if (this.rows.advance()) {
        if (onBadRow === 'fail') this.usableInPass++;
        else this.takeRow();
        remaining -= onBadRow === 'fail' ? 1 : this.pending;
        this.pending = 0;
      } else if (!(await this.rows.load())) {
        remaining -= this.leapOverPasses(remaining);
      }
    }
    this.position = position - remaining;
  }

  /** After a pass was read to its end: goes on to the pass in which the next `rows` rows end; returns the rows leapt over. */
  private leapOverPasses(rows: number): number {
    const perPass = this.usableInPass;
    const badPerPass = this.badRows.count - this.badBeforePass;
    this.beginPass(this.pass + 1);
    const passes = Math.min(Math.floor(rows / perPass), this.lastPass + 1 - this.pass);
    if (passes <= 0) return 0;
    this.badRows.addCounted(passes * badPerPass);
    this.usableInPass = perPass;
    this.beginPass(this.pass + passes);
    return passes * perPass;
  }

  /** Brings the share that is done up to date; what compressed files say of theirs may go back a little. */
  private measure(): void {
    const { epochs } = this.plan.options;
    const ofPass = this.state === 'over' ? 0 : Math.min(this.rows.consumedBytes / this.totalBytes, 1);
    this.fraction = Math.max(this.fraction, Math.min((this.pass + ofPass) / epochs, 1));
  }

  private beginPass(pass: number): void {
    if (this.usableInPass === 0) throw noRowsError(this.plan, this.badRows.first[0]);
    this.pass = pass;
    this.usableInPass = 0;
    this.badBeforePass = this.badRows.count;
    if (pass > this.lastPass) this.state = 'over';
    else this.rows = this.openRows();
  }

  private openRows(): RowCursor {
    const { options, paths } = this.plan;
    const takeHeader = (file: number, header: Uint8Array): void => {
      const layout = this.parser.layoutOf(header, options.fields, paths[file] ?? '');
      this.columns[file] = this.parser.columnsOf(layout);
    };
    return openPass(paths, this.pass, options.shuffle, options.withHeader ? takeHeader : null);
  }

  private takeRow(): void {
    const { rows } = this;
    const columns = this.columns[rows.file] ?? [];
    if (this.parser.parse(columns, this.pending, rows.buffer, rows.start, rows.end)) {
      this.pending++;
      this.usableInPass++;
    } else {
      const at = { file: this.plan.paths[rows.file] ?? '', line: rows.line };
      this.badRows.add(new DataError(this.parser.problem, { at }));
    }
  }
}
