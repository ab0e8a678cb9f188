import type { DType, SignatureTensor } from '../../tf/index.js';
import { DEFAULT_SIGNATURE, type ServableTensor } from '../servable.js';
import { invalidArgument, ServingError } from '../status.js';
import { isNamedObject } from './base64.js';
import { debugJson } from './json_format.js';
import { parseJson } from './json_parse.js';
import { isArray, JsonObject, type JsonValue } from './json_value.js';
import { denseShape, TensorBuilder } from './tensor_builder.js';

/** How a request and its answer are laid out: one entry a row (`instances`), or one a tensor (`inputs`). */
export type PredictFormat = 'row' | 'columnar';

/** A request whose tensors or examples have not been read yet. */
export interface PredictDocument {
  readonly signatureName: string;
  readonly document: JsonObject;
}

/** The tensors of a predict request. */
export interface PredictInputs {
  readonly format: PredictFormat;
  /** Keyed by input alias. */
  readonly inputs: ReadonlyMap<string, ServableTensor>;
}

type InputInfos = ReadonlyMap<string, SignatureTensor>;

interface Wanted {
  readonly infos: InputInfos;
  readonly optional: ReadonlySet<string>;
}

/**
 * Reads the body of a `:predict`, `:classify` or `:regress` request as far as it can be read without knowing the model.
 * @throws ServingError with TensorFlow Serving's texts.
 */
export function readPredictDocument(body: Uint8Array): PredictDocument {
  if (body.length === 0) throw invalidArgument('JSON Parse error: The document is empty');
  const document = parseJson(body);
  if (!(document instanceof JsonObject)) throw formatError(document, 'Is not object');
  return { document, signatureName: readSignatureName(document) };
}

/**
 * Reads the tensors of a `:predict` request.
 * @param infos the inputs of the signature.
 * @param optional those that may be left out
 * @throws ServingError with TensorFlow Serving's texts.
 */
export function readPredictInputs(
  { document, signatureName }: PredictDocument,
  infos: InputInfos,
  optional: ReadonlySet<string> = new Set(),
): PredictInputs {
  if (infos.size === 0) throw invalidArgument(`Failed to get input map for signature: ${signatureName}`);
  const instances = document.find('instances');
  const inputs = document.find('inputs');
  if (instances !== undefined) {
    if (inputs !== undefined) {
      throw formatError(
        document,
        "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ",
      );
    }
    if (!isArray(instances)) throw formatError(document, "Expecting 'instances' to be an list/array");
    if (instances.length === 0) throw formatError(document, "No values in 'instances' array");
    return { format: 'row', inputs: readInstances(instances, { infos, optional }) };
  }
  if (inputs === undefined) throw invalidArgument("Missing 'inputs' or 'instances' key");
  return { format: 'columnar', inputs: readInputs(inputs, { infos, optional }) };
}

/** An error text that begins with the value it is about. */
export function formatError(value: JsonValue, text: string): ServingError {
  return invalidArgument(`JSON Value: ${debugJson(value)} ${text}`);
}

function readSignatureName(document: JsonObject): string {
  const name = document.find('signature_name');
  if (name === undefined) return DEFAULT_SIGNATURE;
  if (!(name instanceof Uint8Array)) {
    throw formatError(document, "not formatted correctly. 'signature_name' key must be a string value.");
  }
  return Buffer.from(name).toString('utf8') || DEFAULT_SIGNATURE;
}

/** One input's values over all rows; the first row decides on shape and number. */
interface RowColumn {
  readonly builder: TensorBuilder;
  readonly shape: readonly number[];
  readonly count: number;
}

function readInstances(instances: readonly JsonValue[], wanted: Wanted): Map<string, ServableTensor> {
  const { infos } = wanted;
  const [first = null] = instances;
  if (!(first instanceof JsonObject) && infos.size > 1) {
    throw invalidArgument(
      'instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map',
    );
  }
  const columns = new Map<string, RowColumn>();
  const addRow = isNamedObject(first) ? addNamedRow : addPlainRow;
  instances.forEach((row, index) => addRow(row, index, wanted, columns));
  const tensors = new Map<string, ServableTensor>();
  for (const [name, { builder, shape }] of columns) {
    tensors.set(name, builder.build(name, [instances.length, ...shape]));
  }
  return tensors;
}

function addNamedRow(
  row: JsonValue,
  index: number,
  { infos, optional }: Wanted,
  columns: Map<string, RowColumn>,
): void {
  const known = columns.size;
  if (!isNamedObject(row)) {
    throw invalidArgument(`Expecting object but got list at item ${index} of input list`);
  }
  for (const { key, value } of row.members) {
    try {
      addToColumn(value, key, infos, columns);
    } catch (error) {
      throw inElement(error, `${index} key: ${key}`);
    }
  }
  // What may be left out is left out of all rows, or of none.
  const isComplete =
    index === 0
      ? columns.size === infos.size || hasAllBut(columns, infos, optional)
      : new Set(row.members.map(({ key }) => key)).size === known;
  if (!isComplete) {
    throw invalidArgument(
      `Failed to process element: ${index} of 'instances' list. JSON object: ${debugJson(row)}` +
        ` keys must be equal to: ${[...infos.keys()].sort().join(',')}`,
    );
  }
}

function addPlainRow(
  row: JsonValue,
  index: number,
  { infos }: Wanted,
  columns: Map<string, RowColumn>,
): void {
  if (isNamedObject(row)) {
    throw invalidArgument(`Expecting value/list but got object at item ${index} of input list`);
  }
  const [name = ''] = infos.keys();
  try {
    addToColumn(row, name, infos, columns);
  } catch (error) {
    throw inElement(error, String(index));
  }
}

function hasAllBut(
  columns: ReadonlyMap<string, unknown>,
  infos: InputInfos,
  optional: ReadonlySet<string>,
): boolean {
  return [...infos.keys()].every((key) => columns.has(key) || optional.has(key));
}

/** The error that tells of which element it is; its code becomes INVALID_ARGUMENT, whatever it was. */
function inElement(error: unknown, element: string): unknown {
  if (!(error instanceof ServingError)) return error;
  return invalidArgument(
    `Failed to process element: ${element} of 'instances' list. Error: ${error.toString()}`,
  );
}

function addToColumn(
  value: JsonValue,
  name: string,
  infos: InputInfos,
  columns: Map<string, RowColumn>,
): void {
  const info = infos.get(name);
  if (info === undefined) throw invalidArgument(`JSON object: does not have named input: ${name}`);
  const known = columns.get(name);
  const builder = known?.builder ?? new TensorBuilder(info.dtype);
  const shape = denseShape(value);
  const before = builder.count;
  builder.add(value, shape);
  const count = builder.count - before;
  if (known === undefined) {
    columns.set(name, { builder, shape, count });
  } else if (known.count !== count) {
    throw invalidArgument(`Expecting tensor size: ${known.count} but got: ${count}`);
  } else if (!known.shape.every((size, i) => size === shape[i]) || known.shape.length !== shape.length) {
    throw invalidArgument(`Expecting shape [${known.shape.join()}] but got: [${shape.join()}]`);
  }
}

function readInputs(value: JsonValue, { infos, optional }: Wanted): Map<string, ServableTensor> {
  if (isNamedObject(value)) {
    return new Map(
      [...infos].flatMap(([name, { dtype }]) => {
        const item = value.find(name);
        if (item === undefined && optional.has(name)) return [];
        if (item === undefined) throw invalidArgument(`Missing named input: ${name} in 'inputs' object.`);
        return [[name, readTensor(item, name, dtype)]];
      }),
    );
  }
  const [only] = infos;
  if (only === undefined || infos.size > 1) {
    throw invalidArgument(
      'inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map',
    );
  }
  const [name, { dtype }] = only;
  return new Map([[name, readTensor(value, name, dtype)]]);
}

function readTensor(value: JsonValue, name: string, dtype: DType): ServableTensor {
  const builder = new TensorBuilder(dtype);
  const shape = denseShape(value);
  builder.add(value, shape);
  return builder.build(name, shape);
}
