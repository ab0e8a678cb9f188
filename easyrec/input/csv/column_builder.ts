import { isUtf8 } from 'node:buffer';
import { ConfigError, DataError } from '../../errors.js';
import type { BufferColumn, FieldType } from '../batch.js';
import type { InputField } from '../reader.js';
import { parseDouble, parseFloat32, parseInt64, parseInteger, trimmedText } from './number_text.js';

/** Collects one column of a batch from field texts. */
export interface ColumnBuilder {
  /** What a field must hold, for messages. */
  readonly expected: string;
  /**
   * Sets row `row` from `bytes[start .. end)`, quotes already removed; false if the text does not fit.
   * Rows come in order; a row that was refused, or whose other columns were, is set again by its successor.
   */
  put(row: number, bytes: Uint8Array, start: number, end: number): boolean;
  /** Hands over the first `rows` rows in buffers of their own, and begins anew. */
  finish(rows: number): BufferColumn;
}

class IntegerBuilder implements ColumnBuilder {
  readonly expected = 'a whole number from -2147483648 to 2147483647 (int32)';
  private values: Int32Array;

  constructor(
    private readonly capacity: number,
    private readonly empty: number,
  ) {
    this.values = new Int32Array(capacity);
  }

  put(row: number, bytes: Uint8Array, start: number, end: number): boolean {
    const value = start === end ? this.empty : parseInteger(bytes, start, end);
    this.values[row] = value;
    // The array keeps the low 32 bits: any other value, and NaN, differs from what it kept.
    return this.values[row] === value;
  }

  finish(rows: number): BufferColumn {
    const values = this.values.subarray(0, rows);
    this.values = new Int32Array(this.capacity);
    return { dtype: 'int32', values };
  }
}

/** Longest text, sign included, whose value a double holds exactly. */
const EXACT_INTEGER_TEXT = 15;

class LongBuilder implements ColumnBuilder {
  readonly expected = 'a whole number from -9223372036854775808 to 9223372036854775807 (int64)';
  private values: BigInt64Array;
  /** Low and high halves of `values`, set without creating a BigInt; little-endian, as TensorFlow requires anyway. */
  private halves: Int32Array;

  constructor(
    private readonly capacity: number,
    private readonly empty: bigint,
  ) {
    this.values = new BigInt64Array(capacity);
    this.halves = new Int32Array(this.values.buffer);
  }

  put(row: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (start === end) {
      this.values[row] = this.empty;
      return true;
    }
    if (end - start <= EXACT_INTEGER_TEXT) {
      const value = parseInteger(bytes, start, end);
      this.halves[2 * row] = value;
      this.halves[2 * row + 1] = Math.floor(value / 0x1_0000_0000);
      return !Number.isNaN(value);
    }
    const value = parseInt64(bytes, start, end);
    this.values[row] = value ?? 0n;
    return value !== undefined;
  }

  finish(rows: number): BufferColumn {
    const values = this.values.subarray(0, rows);
    this.values = new BigInt64Array(this.capacity);
    this.halves = new Int32Array(this.values.buffer);
    return { dtype: 'int64', values };
  }
}

class FloatBuilder implements ColumnBuilder {
  readonly expected = 'a number (float32)';
  private values: Float32Array;

  constructor(
    private readonly capacity: number,
    private readonly empty: number,
  ) {
    this.values = new Float32Array(capacity);
  }

  put(row: number, bytes: Uint8Array, start: number, end: number): boolean {
    const value = start === end ? this.empty : parseFloat32(bytes, start, end);
    if (value === undefined) return false;
    this.values[row] = value;
    return true;
  }

  finish(rows: number): BufferColumn {
    const values = this.values.subarray(0, rows);
    this.values = new Float32Array(this.capacity);
    return { dtype: 'float32', values };
  }
}

class DoubleBuilder implements ColumnBuilder {
  readonly expected = 'a number (float64)';
  private values: Float64Array;

  constructor(
    private readonly capacity: number,
    private readonly empty: number,
  ) {
    this.values = new Float64Array(capacity);
  }

  put(row: number, bytes: Uint8Array, start: number, end: number): boolean {
    const value = start === end ? this.empty : parseDouble(bytes, start, end);
    if (value === undefined) return false;
    this.values[row] = value;
    return true;
  }

  finish(rows: number): BufferColumn {
    const values = this.values.subarray(0, rows);
    this.values = new Float64Array(this.capacity);
    return { dtype: 'float64', values };
  }
}

/** The truth value that a text spells, undefined if it spells none. */
function parseBool(text: string): boolean | undefined {
  if (/^(true|1)$/i.test(text)) return true;
  return /^(false|0)$/i.test(text) ? false : undefined;
}

/** EasyRec's CSV reader refuses BOOL fields; here they hold true, false, 1 or 0. */
class BoolBuilder implements ColumnBuilder {
  readonly expected = 'true, false, 1 or 0 (bool)';
  private values: Uint8Array;

  constructor(
    private readonly capacity: number,
    private readonly empty: boolean,
  ) {
    this.values = new Uint8Array(capacity);
  }

  put(row: number, bytes: Uint8Array, start: number, end: number): boolean {
    const value = start === end ? this.empty : parseBool(trimmedText(bytes, start, end));
    this.values[row] = value === true ? 1 : 0;
    return value !== undefined;
  }

  finish(rows: number): BufferColumn {
    const values = this.values.subarray(0, rows);
    this.values = new Uint8Array(this.capacity);
    return { dtype: 'bool', values };
  }
}

const FIRST_BYTES_PER_ROW = 8;
const MAX_COLUMN_BYTES = 2 ** 31 - 1;

/** Why a batch cannot be built: the texts of one of its columns are too long together. */
export function columnTooLarge(): DataError {
  return new DataError(
    `expected at most ${MAX_COLUMN_BYTES} bytes of text in one column of a batch, received more; lower batch_size`,
  );
}

class StringBuilder implements ColumnBuilder {
  readonly expected = 'UTF-8 text (string)';
  private bytes: Uint8Array;
  private offsets: Int32Array;

  constructor(
    private readonly capacity: number,
    private readonly empty: Uint8Array,
  ) {
    this.bytes = new Uint8Array(capacity * FIRST_BYTES_PER_ROW);
    this.offsets = new Int32Array(capacity + 1);
  }

  put(row: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (start === end) return this.copy(row, this.empty, 0, this.empty.length);
    return this.copy(row, bytes, start, end);
  }

  finish(rows: number): BufferColumn {
    const size = this.offsets[rows] as number;
    const bytes = this.bytes.subarray(0, size);
    const offsets = this.offsets.subarray(0, rows + 1);
    // The next batch is about as large; an eighth more spares it the growing.
    this.bytes = new Uint8Array(Math.max(size + (size >> 3), this.capacity));
    this.offsets = new Int32Array(this.capacity + 1);
    return { dtype: 'string', bytes, offsets };
  }

  private copy(row: number, source: Uint8Array, start: number, end: number): boolean {
    const from = this.offsets[row] as number;
    const to = from + end - start;
    if (to > this.bytes.length) this.grow(from, to);
    const { bytes } = this;
    let seen = 0;
    for (let i = start, p = from; i < end; i++, p++) {
      const byte = source[i] as number;
      seen |= byte;
      bytes[p] = byte;
    }
    this.offsets[row + 1] = to;
    return seen < 0x80 || isUtf8(bytes.subarray(from, to));
  }

  private grow(used: number, needed: number): void {
    if (needed > MAX_COLUMN_BYTES) {
      throw columnTooLarge();
    }
    const grown = new Uint8Array(Math.min(MAX_COLUMN_BYTES, Math.max(needed, 2 * this.bytes.length)));
    grown.set(this.bytes.subarray(0, used));
    this.bytes = grown;
  }
}

/** Texts that each spell a number, kept as they are. */
class NumericTextBuilder implements ColumnBuilder {
  readonly expected = 'a number (string)';

  constructor(
    private readonly texts: StringBuilder,
    private readonly empty: Uint8Array,
  ) {}

  put(row: number, bytes: Uint8Array, start: number, end: number): boolean {
    const [text, from, to] = start === end ? [this.empty, 0, this.empty.length] : [bytes, start, end];
    return parseFloat32(text, from, to) !== undefined && this.texts.put(row, text, from, to);
  }

  finish(rows: number): BufferColumn {
    return this.texts.finish(rows);
  }
}

type BuilderFactory = (rows: number, defaultText: Uint8Array) => ColumnBuilder | undefined;

const BUILDERS: { readonly [T in FieldType]: BuilderFactory } = {
  int32: (rows, text) => {
    const value = text.length === 0 ? 0 : parseInteger(text, 0, text.length);
    return (value | 0) === value ? new IntegerBuilder(rows, value) : undefined;
  },
  int64: (rows, text) => {
    const value = text.length === 0 ? 0n : parseInt64(text, 0, text.length);
    return value === undefined ? undefined : new LongBuilder(rows, value);
  },
  float32: (rows, text) => {
    const value = text.length === 0 ? 0 : parseFloat32(text, 0, text.length);
    return value === undefined ? undefined : new FloatBuilder(rows, value);
  },
  float64: (rows, text) => {
    const value = text.length === 0 ? 0 : parseDouble(text, 0, text.length);
    return value === undefined ? undefined : new DoubleBuilder(rows, value);
  },
  bool: (rows, text) => {
    const value = text.length === 0 ? false : parseBool(trimmedText(text, 0, text.length));
    return value === undefined ? undefined : new BoolBuilder(rows, value);
  },
  string: (rows, text) => new StringBuilder(rows, text),
};

/**
 * A builder for batches of up to `rows` rows of a field.
 * @throws ConfigError when the field's default value does not fit its type.
 */
export function columnBuilder(field: InputField, rows: number): ColumnBuilder {
  const defaultText = Buffer.from(field.defaultText, 'utf8');
  if (field.type === 'string' && field.numeric === true) {
    return new NumericTextBuilder(new StringBuilder(rows, defaultText), defaultText);
  }
  const builder = BUILDERS[field.type](rows, defaultText);
  if (builder !== undefined) return builder;
  throw new ConfigError(
    `default_val of input field ${JSON.stringify(field.name)}: expected a value of type ${field.type}, received ${JSON.stringify(field.defaultText)}`,
    { at: field.at },
  );
}
