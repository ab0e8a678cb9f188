import { DataError } from '../errors.js';
import type { Batch, BufferColumn, Column, StringColumn } from '../input/batch.js';
import { bufferColumn } from '../input/columns.js';
import type { Graph, Output, Tensor } from '../tf/index.js';
import { ops, stringTensor, tensor } from '../tf/index.js';
import type { PlannedColumn } from './input_plan.js';

/** EasyRec's name of a placeholder; one for ids, which EasyRec does not have, says of how many. */
function placeholderName({ index, idsOf }: PlannedColumn): string {
  return idsOf === undefined ? `input_${index}` : `input_${index}_ids_${idsOf.buckets}`;
}

/** Adds a placeholder `[B]` for each column. */
export function placeholders(
  graph: Graph,
  columns: readonly PlannedColumn[],
  nameOf: (column: PlannedColumn) => string = placeholderName,
): ReadonlyMap<string, Output> {
  return new Map(
    columns.map((column) => [column.name, ops.placeholder(graph, column.type, [-1], nameOf(column))]),
  );
}

/** One column as a tensor `[B]`; where the reader made one, that. */
export function columnTensor(column: Column, rows: number): Tensor {
  if (column.dtype === 'tensor') return column.tensor;
  if (column.dtype === 'string') return stringTensor([rows], column.bytes, column.offsets);
  return tensor(column.dtype, [rows], column.values);
}

/** The columns of a batch as tensors, in the order asked for. */
export function batchTensors(batch: Batch, columns: readonly Pick<PlannedColumn, 'name'>[]): Tensor[] {
  return columns.map(({ name }) => columnTensor(columnOf(batch, name), batch.rows));
}

/** A label column as numbers, which stay when the batch is freed. */
export function labelValues(batch: Batch, name: string): Float32Array {
  const column = valuesOf(batch, name);
  if (column.dtype === 'string') {
    return Float32Array.from(texts(column), (value) => {
      const number = value.trim() === '' ? NaN : Number(value);
      if (Number.isNaN(number))
        throw new DataError(`label "${name}": expected a number, received "${value}"`);
      return number;
    });
  }
  // The memory of a tensor ends with it, before metrics are done with the labels; a copy takes microseconds.
  return column.dtype === 'float32'
    ? column.values.slice()
    : Float32Array.from(column.values as ArrayLike<number>, Number);
}

/** A column as JavaScript values, `[B]`, valid until the batch is freed. */
export function columnValues(batch: Batch, name: string): ArrayLike<string | number | bigint> {
  const column = valuesOf(batch, name);
  return column.dtype === 'string' ? texts(column) : column.values;
}

function texts({ bytes, offsets }: StringColumn): string[] {
  const text = new TextDecoder();
  const rows = Math.max(offsets.length - 1, 0);
  return Array.from({ length: rows }, (_, i) => text.decode(bytes.subarray(offsets[i], offsets[i + 1])));
}

function valuesOf(batch: Batch, name: string): BufferColumn {
  return bufferColumn(columnOf(batch, name));
}

function columnOf(batch: Batch, name: string): Column {
  const column = batch.columns.get(name);
  if (column === undefined) throw new DataError(`column "${name}": missing from a batch`);
  return column;
}
