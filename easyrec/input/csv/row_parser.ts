import { DataError, didYouMean } from '../../errors.js';
import type { BufferColumn } from '../batch.js';
import type { InputField } from '../reader.js';
import { columnBuilder, type ColumnBuilder } from './column_builder.js';
import type { CsvPlan } from './csv_plan.js';
import { BuilderPair, HashBuilder } from './hash_builder.js';

const QUOTE = 34;
const SHOWN_CHARACTERS = 40;
const CLOSING_QUOTE = 'a closing quote followed by the separator or the end of the line';
const NO_QUOTE = 'no quote in a field that does not begin with one';

/** A field's bytes as a message shows them: quoted, shortened, what is not UTF-8 as `�`. */
export function shown(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.subarray(0, 4 * SHOWN_CHARACTERS)).toString('utf8');
  const characters = Array.from(text);
  const short = characters.length > SHOWN_CHARACTERS || bytes.length > 4 * SHOWN_CHARACTERS;
  return JSON.stringify(short ? `${characters.slice(0, SHOWN_CHARACTERS).join('')}…` : text);
}

/** Which field each column of a file holds; null is a column that no field names. */
export type CsvLayout = readonly (InputField | null)[];

/** One column of a file, ready for parsing. */
export interface FileColumn {
  readonly label: string;
  /** Null where the column is not wanted: only its extent matters. */
  readonly builder: ColumnBuilder | null;
}

/**
 * Parses rows into column builders. A field that begins with a quote runs to its closing quote, two quotes standing for
 * one; a quote within any other field is an error, as in TensorFlow's decode_csv. A quoted field cannot hold a
 * line end: rows are split into lines first, as there.
 */
export class RowParser {
  /** Why the last row was refused. */
  problem = '';
  /** By field, for parsing; by column of the batch. */
  private readonly ofField = new Map<string, ColumnBuilder>();
  private readonly columns = new Map<string, ColumnBuilder>();
  private readonly separator: number;
  /** The last quoted field, its quotes removed. */
  private unquoted = Buffer.allocUnsafe(256);
  private unquotedLength = 0;

  /** Batches have up to `batchSize` rows. */
  constructor({ options, separator }: CsvPlan, batchSize: number) {
    this.separator = separator;
    const { fields, hashed = [] } = options;
    const add = (column: string, field: string, builder: ColumnBuilder): void => {
      const other = this.ofField.get(field);
      this.ofField.set(field, other === undefined ? builder : new BuilderPair(other, builder));
      this.columns.set(column, builder);
    };
    for (const field of fields) {
      if (field.wanted) add(field.name, field.name, columnBuilder(field, batchSize));
    }
    for (const { name, field: source, buckets } of hashed) {
      const field = fields.find((candidate) => candidate.name === source);
      if (field !== undefined) add(name, source, new HashBuilder(field, buckets, batchSize));
    }
  }

  /** The columns of a file, from its layout. */
  columnsOf(layout: CsvLayout): readonly FileColumn[] {
    return layout.map((field, i) => ({
      label: field === null ? `column ${i + 1}` : `column ${JSON.stringify(field.name)} (field ${i + 1})`,
      builder: field === null ? null : (this.ofField.get(field.name) ?? null),
    }));
  }

  /**
   * The layout that a header line gives.
   * @throws DataError when an input field is not in the header, or is there twice.
   */
  layoutOf(header: Uint8Array, fields: readonly InputField[], file: string): CsvLayout {
    const names = this.split(header).map((name) => Buffer.from(name).toString('utf8'));
    const at = { file, line: 1 };
    for (const { name } of fields) {
      const count = names.filter((candidate) => candidate === name).length;
      if (count === 1) continue;
      const what =
        count === 0 ? `not in the header${didYouMean(name, names)}` : `in the header ${count} times`;
      throw new DataError(`input field ${JSON.stringify(name)} is ${what}`, { at });
    }
    return names.map((name) => fields.find((field) => field.name === name) ?? null);
  }

  /** Sets row `row` of all builders from `bytes[start .. end)`; false, with `problem` set, if it does not fit. */
  parse(columns: readonly FileColumn[], row: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { separator } = this;
    const last = columns.length - 1;
    let p = start;
    for (let c = 0; c <= last; c++) {
      const { builder } = columns[c] as FileColumn;
      let next = p;
      if (p < end && bytes[p] === QUOTE) {
        next = this.scanQuoted(bytes, p, end);
        if (next < 0) return this.refuse(columns[c], CLOSING_QUOTE, bytes.subarray(p, end));
        const length = this.unquotedLength;
        if (builder !== null && !builder.put(row, this.unquoted, 0, length)) {
          return this.refuse(columns[c], builder.expected, this.unquoted.subarray(0, length));
        }
      } else {
        for (; next < end; next++) {
          const byte = bytes[next];
          if (byte === separator) break;
          if (byte === QUOTE) {
            return this.refuse(columns[c], NO_QUOTE, bytes.subarray(p, end));
          }
        }
        if (builder !== null && !builder.put(row, bytes, p, next)) {
          return this.refuse(columns[c], builder.expected, bytes.subarray(p, next));
        }
      }
      if ((next === end) !== (c === last) || start === end) {
        return this.refuseCount(columns.length, bytes.subarray(start, end));
      }
      p = next + 1;
    }
    return true;
  }

  /** Hands over the first `rows` rows. */
  finish(rows: number): Map<string, BufferColumn> {
    return new Map(Array.from(this.columns, ([name, builder]) => [name, builder.finish(rows)]));
  }

  /** Reads a quoted field that begins at `start` into `unquoted`; returns where its separator or the row's end is, or -1. */
  private scanQuoted(bytes: Uint8Array, start: number, end: number): number {
    if (this.unquoted.length < end - start) this.unquoted = Buffer.allocUnsafe(2 * (end - start));
    const { unquoted } = this;
    let length = 0;
    for (let p = start + 1; p < end; p++) {
      const byte = bytes[p] as number;
      if (byte !== QUOTE) {
        unquoted[length++] = byte;
      } else if (p + 1 < end && bytes[p + 1] === QUOTE) {
        unquoted[length++] = QUOTE;
        p++;
      } else {
        this.unquotedLength = length;
        return p + 1 === end || bytes[p + 1] === this.separator ? p + 1 : -1;
      }
    }
    return -1;
  }

  /** All fields of a row; a field with misplaced quotes is given as it stands. */
  private split(row: Uint8Array): Uint8Array[] {
    const fields: Uint8Array[] = [];
    if (row.length === 0) return fields;
    for (let p = 0; p <= row.length;) {
      let next = row[p] === QUOTE ? this.scanQuoted(row, p, row.length) : -1;
      const quoted = next >= 0;
      if (!quoted) {
        next = row.indexOf(this.separator, p);
        if (next < 0) next = row.length;
      }
      fields.push(
        quoted ? Uint8Array.from(this.unquoted.subarray(0, this.unquotedLength)) : row.subarray(p, next),
      );
      p = next + 1;
    }
    return fields;
  }

  private refuse(column: FileColumn | undefined, expected: string, received: Uint8Array): false {
    this.problem = `${column?.label ?? 'row'}: expected ${expected}, received ${shown(received)}`;
    return false;
  }

  private refuseCount(expected: number, row: Uint8Array): false {
    const separator = JSON.stringify(String.fromCharCode(this.separator));
    const received = row.length === 0 ? 'an empty line' : `${this.split(row).length}: ${shown(row)}`;
    this.problem = `expected ${expected} fields separated by ${separator}, received ${received}`;
    return false;
  }
}
