import { DataError } from '../errors.js';
import type { Batch, Column, StringColumn } from '../input/batch.js';
import type { Graph, Output, Tensor } from '../tf/index.js';
import { ops, stringTensor, tensor } from '../tf/index.js';
import type { PlannedColumn } from './input_plan.js';

/** Adds a placeholder `[B]` for each column. */
export function placeholders(
  graph: Graph,
  columns: readonly PlannedColumn[],
  nameOf: (column: PlannedColumn) => string = ({ index }) => `input_${index}`,
): ReadonlyMap<string, Output> {
  return new Map(
    columns.map((column) => [column.name, ops.placeholder(graph, column.type, [-1], nameOf(column))]),
  );
}

/** One column as a tensor `[B]`. */
export function columnTensor(column: Column, rows: number): Tensor {
  if (column.dtype === 'string') return stringTensor([rows], column.bytes, column.offsets);
  return tensor(column.dtype, [rows], column.values);
}

/** The columns of a batch as tensors, in the order asked for. */
export function batchTensors(batch: Batch, columns: readonly PlannedColumn[]): Tensor[] {
  return columns.map(({ name }) => columnTensor(columnOf(batch, name), batch.rows));
}

/** A label column as numbers. */
export function labelValues(batch: Batch, name: string): Float32Array {
  const column = columnOf(batch, name);
  if (column.dtype === 'string') {
    return Float32Array.from(texts(column), (value) => {
      const number = value.trim() === '' ? NaN : Number(value);
      if (Number.isNaN(number))
        throw new DataError(`label "${name}": expected a number, received "${value}"`);
      return number;
    });
  }
  return column.dtype === 'float32'
    ? column.values
    : Float32Array.from(column.values as ArrayLike<number>, Number);
}

/** A column as JavaScript values, `[B]`. */
export function columnValues(batch: Batch, name: string): ArrayLike<string | number | bigint> {
  const column = columnOf(batch, name);
  return column.dtype === 'string' ? texts(column) : column.values;
}

function texts({ bytes, offsets }: StringColumn): string[] {
  const text = new TextDecoder();
  const rows = Math.max(offsets.length - 1, 0);
  return Array.from({ length: rows }, (_, i) => text.decode(bytes.subarray(offsets[i], offsets[i + 1])));
}

function columnOf(batch: Batch, name: string): Column {
  const column = batch.columns.get(name);
  if (column === undefined) throw new DataError(`column "${name}": missing from a batch`);
  return column;
}
