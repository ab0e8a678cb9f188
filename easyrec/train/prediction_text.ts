import type { Column } from '../input/batch.js';
import { bufferColumn } from '../input/columns.js';
import type { Tensor } from '../tf/index.js';

/** The shortest decimal text that reads back as the same float32. */
export function float32Text(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  for (const digits of [6, 7, 8]) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}

/** Row by row, an output of a model as text: numbers as they are, more than one a row as a JSON list. */
export function outputTexts(tensor: Tensor, rows: number): readonly string[] {
  const cells = elementTexts(tensor);
  const width = rows === 0 ? 0 : cells.length / rows;
  if (width === 1) return cells;
  return Array.from({ length: rows }, (_, i) => `[${cells.slice(i * width, (i + 1) * width).join(', ')}]`);
}

function elementTexts(tensor: Tensor): readonly string[] {
  if (tensor.dtype === 'string') return tensor.strings();
  const numbers = tensor.numbers();
  if (tensor.dtype === 'float32') return Array.from(numbers as Float32Array, float32Text);
  return Array.from(numbers as ArrayLike<number | bigint>, String);
}

/** A column of the input as text. */
export function columnTexts(source: Column, rows: number): readonly string[] {
  const column = bufferColumn(source);
  if (column.dtype === 'string') {
    const decoder = new TextDecoder();
    const { bytes, offsets } = column;
    return Array.from({ length: rows }, (_, i) => decoder.decode(bytes.subarray(offsets[i], offsets[i + 1])));
  }
  if (column.dtype === 'float32') return Array.from(column.values, float32Text);
  return Array.from(column.values as ArrayLike<number | bigint>, String);
}

/** A field of a separated file: quoted where it holds the separator, a quote or a line break. */
export function quoteField(text: string, separator: string): string {
  return text.includes(separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
