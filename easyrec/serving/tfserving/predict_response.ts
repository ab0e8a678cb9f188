import type { DType } from '../../tf/index.js';
import type { ServableTensor } from '../servable.js';
import { invalidArgument } from '../status.js';
import { cppDtypeName, isJsonDtype } from './dtype_names.js';
import { formatFloat } from './json_format.js';
import { JsonWriter } from './json_writer.js';
import type { PredictFormat } from './predict_request.js';

/**
 * The body of the answer to a `:predict` request.
 * @param outputs keyed by output alias; written in the order of their names.
 * @throws ServingError when the outputs cannot be laid out in rows, or have a dtype that JSON cannot carry.
 */
export function writePredictResponse(
  outputs: ReadonlyMap<string, ServableTensor>,
  format: PredictFormat,
): Buffer {
  if (outputs.size === 0) throw invalidArgument('Cannot convert empty tensor map to JSON');
  const sorted = [...outputs]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, t]) => new OutputCursor(name, t));
  const writer = new JsonWriter();
  writer.startObject();
  if (format === 'row') writeRows(writer, sorted);
  else writeColumns(writer, sorted);
  writer.endObject();
  return writer.toBytes();
}

/**
 * Refuses a dtype that JSON cannot carry.
 * @throws ServingError
 */
export function checkWritable(dtype: DType): void {
  if (isJsonDtype(dtype)) return;
  throw invalidArgument(`Failed to write JSON value for tensor type: ${cppDtypeName(dtype)}`);
}

function writeRows(writer: JsonWriter, outputs: readonly OutputCursor[]): void {
  const rows = batchSize(outputs);
  writer.key('predictions');
  writer.startArray();
  for (let row = 0; row < rows; row++) {
    if (outputs.length > 1) writer.startObject();
    writer.singleLineArrays = true;
    for (const output of outputs) {
      if (outputs.length > 1) writer.key(output.name);
      output.writeFrom(1, writer);
    }
    writer.singleLineArrays = false;
    if (outputs.length > 1) writer.endObject();
  }
  writer.endArray();
}

function writeColumns(writer: JsonWriter, outputs: readonly OutputCursor[]): void {
  writer.key('outputs');
  if (outputs.length > 1) writer.startObject();
  for (const output of outputs) {
    if (outputs.length > 1) writer.key(output.name);
    output.writeFrom(0, writer);
  }
  if (outputs.length > 1) writer.endObject();
}

/** The first dimension, which all outputs must share. */
function batchSize(outputs: readonly OutputCursor[]): number {
  let size: number | undefined;
  for (const { name, tensor } of outputs) {
    const [rows] = tensor.shape;
    if (rows === undefined) throw invalidArgument(`Tensor name: ${name} has no shape information `);
    if (size !== undefined && rows !== size) {
      throw invalidArgument(`Tensor name: ${name} has inconsistent batch size: ${rows} expecting: ${size}`);
    }
    size = rows;
  }
  return size ?? 0;
}

/** Writes a tensor's values one after the other, from where the last call ended. */
class OutputCursor {
  #next = 0;

  constructor(
    readonly name: string,
    readonly tensor: ServableTensor,
  ) {}

  /** Writes dimensions `dimension` and up of the tensor as nested lists. */
  writeFrom(dimension: number, writer: JsonWriter): void {
    const size = this.tensor.shape[dimension];
    if (size === undefined) {
      this.#writeValue(writer, this.#next++);
      return;
    }
    writer.startArray();
    for (let i = 0; i < size; i++) this.writeFrom(dimension + 1, writer);
    writer.endArray();
  }

  #writeValue(writer: JsonWriter, index: number): void {
    const { tensor, name } = this;
    checkWritable(tensor.dtype);
    const value = tensor.values[index];
    if (value instanceof Uint8Array) {
      if (name.endsWith('_bytes')) writeBase64(writer, value);
      else writer.string(value);
    } else if (tensor.dtype === 'float32' || tensor.dtype === 'float64') {
      writer.raw(formatFloat(Number(value), tensor.dtype));
    } else if (tensor.dtype === 'bool') {
      writer.raw(value === 0 ? 'false' : 'true');
    } else {
      writer.raw(String(value));
    }
  }
}

function writeBase64(writer: JsonWriter, bytes: Uint8Array): void {
  writer.startObject();
  writer.key('b64');
  writer.string(Buffer.from(bytes).toString('base64'));
  writer.endObject();
}
