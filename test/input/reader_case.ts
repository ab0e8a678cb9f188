import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { Batch, Column, FieldType } from '../../easyrec/input/batch.js';
import { bufferColumn } from '../../easyrec/input/columns.js';
import { planCsv } from '../../easyrec/input/csv/csv_plan.js';
import { CsvReader } from '../../easyrec/input/csv/csv_reader.js';
import { NativeCsvInput } from '../../easyrec/input/native/native_csv_input.js';
import type { BatchReader, InputField, ReaderOptions } from '../../easyrec/input/reader.js';

/** A folder that is removed after the tests of the file that calls this. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'easyrec-test-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file and returns its path. */
export function writeIn(folder: string, name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Fields from `name:type`, all wanted; `name:type=default` gives a default value. */
export function fieldsOf(...specs: readonly string[]): InputField[] {
  return specs.map((spec) => {
    const [declared = '', defaultText = ''] = spec.split('=');
    const [name = '', type = 'string'] = declared.split(':');
    return { name, type: type as FieldType, defaultText, wanted: true };
  });
}

/** Options of one unshuffled pass over `files`, comma separated fields. */
export function optionsFor(files: string, changes: Partial<ReaderOptions> = {}): ReaderOptions {
  return {
    files,
    fields: fieldsOf('id:int32', 'name:string'),
    separator: ',',
    withHeader: false,
    batchSize: 4,
    epochs: 1,
    shuffle: null,
    position: 0,
    onBadRow: 'fail',
    prefetch: 2,
    ...changes,
  };
}

/** The plain reader on this thread; with EASYREC_TEST_READER=native, the native one, which must be no different. */
export function openCsv(options: ReaderOptions): BatchReader {
  const native = process.env['EASYREC_TEST_READER'] === 'native';
  return native ? new NativeCsvInput(options) : new CsvReader(planCsv(options));
}

/** The values of a column as JavaScript values. */
export function valuesOf(source: Column | undefined): unknown[] {
  if (source === undefined) return [];
  const column = bufferColumn(source);
  if (column.dtype !== 'string') return Array.from<unknown>(column.values);
  const texts: string[] = [];
  for (let i = 0; i + 1 < column.offsets.length; i++) {
    texts.push(Buffer.from(column.bytes.subarray(column.offsets[i], column.offsets[i + 1])).toString('utf8'));
  }
  return texts;
}

/** The rows of a batch, each a list of its columns' values. */
export function rowsOf(batch: Batch): unknown[][] {
  const columns = [...batch.columns.values()].map(valuesOf);
  return Array.from({ length: batch.rows }, (_, row) => columns.map((column) => column[row]));
}

/** All batches, each as its rows. */
export async function readAll(reader: AsyncIterable<Batch>): Promise<unknown[][][]> {
  const batches: unknown[][][] = [];
  for await (const batch of reader) batches.push(rowsOf(batch));
  return batches;
}
