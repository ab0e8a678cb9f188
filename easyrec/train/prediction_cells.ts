import { DataError } from '../errors.js';
import type { Column, StringColumn } from '../input/batch.js';
import { bufferColumn } from '../input/columns.js';
import type { Tensor, TypedArray } from '../tf/index.js';
import { elementCount } from '../tf/index.js';
import { MAX_NUMBER_BYTES, writeFloat32, writeInteger, writeText } from './float_text.js';

/** One column of a file of predictions: a batch of its cells, to be written as UTF-8. */
export interface Cells {
  /** All cells together take no more bytes, before any is quoted. */
  readonly maxBytes: number;
  /** Which characters cells may have. Default: any. */
  readonly alphabet?: string;
  /** Writes the cell of a row at `at` and returns where it ends. */
  readonly write: (bytes: Uint8Array, at: number, row: number) => number;
}

/** Of numbers: digits, signs, points, exponents, nan, inf, NaN and Infinity. */
const NUMBER_ALPHABET = '0123456789-+.einfatyNI';
const LIST_ALPHABET = `${NUMBER_ALPHABET}[], `;

/**
 * An output of a model `[B, ...]`: its numbers, or where a row has not exactly one, JSON lists of them; texts as they
 * are. Valid until the tensor is disposed of.
 *
 * @param name of the output, for messages
 * @throws DataError when it has not one row for each of the input's
 */
export function outputCells(tensor: Tensor, name: string, rows: number): Cells {
  if (tensor.shape[0] !== rows) {
    throw new DataError(
      `output "${name}": expected ${rows} rows, as the input has, received the shape [${tensor.shape.join(', ')}]`,
    );
  }
  const width = elementCount(tensor.shape.slice(1));
  if (tensor.dtype !== 'string') return numberCells(tensor.numbers(), width, rows);
  const cells = stringCells(tensor.packedStrings());
  return width === 1 ? cells : listCells(cells, width, rows);
}

/** A column of the input, as text; valid until its batch is freed. */
export function columnCells(source: Column): Cells {
  const column = bufferColumn(source);
  return column.dtype === 'string'
    ? stringCells(column)
    : numberCells(column.values, 1, column.values.length);
}

function numberCells(values: TypedArray, width: number, rows: number): Cells {
  const maxBytes = values.length * MAX_NUMBER_BYTES;
  const cells = { maxBytes, alphabet: NUMBER_ALPHABET, write: numberWriter(values) };
  return width === 1 ? cells : { ...listCells(cells, width, rows), alphabet: LIST_ALPHABET };
}

function numberWriter(values: TypedArray): Cells['write'] {
  if (values instanceof Float32Array) return (bytes, at, i) => writeFloat32(bytes, at, values[i] ?? NaN);
  const mayBeLong =
    values instanceof Float64Array || values instanceof BigInt64Array || values instanceof BigUint64Array;
  return mayBeLong
    ? (bytes, at, i) => writeText(bytes, at, String(values[i]))
    : (bytes, at, i) => writeInteger(bytes, at, values[i] ?? 0);
}

function stringCells({ bytes: source, offsets }: Pick<StringColumn, 'bytes' | 'offsets'>): Cells {
  return {
    maxBytes: source.length,
    write: (bytes, at, row) => {
      const start = offsets[row] ?? 0;
      const end = offsets[row + 1] ?? start;
      // Faster than a call of `set` for a text of some ten bytes.
      for (let from = start; from < end; from++) bytes[at++] = source[from] ?? 0;
      return at;
    },
  };
}

/** Rows of `width` elements each, in brackets. */
function listCells(elements: Cells, width: number, rows: number): Cells {
  return {
    maxBytes: elements.maxBytes + 2 * rows * (width + 1),
    write: (bytes, at, row) => {
      at = writeText(bytes, at, '[');
      for (let i = row * width; i < (row + 1) * width; i++) {
        if (i > row * width) at = writeText(bytes, at, ', ');
        at = elements.write(bytes, at, i);
      }
      return writeText(bytes, at, ']');
    },
  };
}
