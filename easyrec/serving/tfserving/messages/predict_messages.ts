import type { ServableTensor } from '../../servable.js';
import { invalidArgument } from '../../status.js';
import { decodeModelSpec, type ModelSpecMessage, modelSpecField } from './model_spec.js';
import { decodeTensorProto, RepeatBudget, tensorProto } from './tensor_proto.js';
import { bytesField, joined, type Parts, readFields, tagOf, textField } from './wire.js';
import type { WireReader } from './wire_reader.js';

/** tensorflow.serving.PredictRequest. */
export interface PredictRequest {
  /** Absent where the message has none. */
  readonly model?: ModelSpecMessage;
  /** TensorProto messages by alias, to be decoded by `decodeTensors`. */
  readonly inputs: ReadonlyMap<string, Uint8Array>;
  /** Aliases of the outputs that are wanted; empty for all. */
  readonly outputFilter: readonly string[];
}

/** tensorflow.serving.PredictResponse. */
export interface PredictResponse {
  readonly model: ModelSpecMessage;
  /** Keyed by alias. */
  readonly outputs: ReadonlyMap<string, ServableTensor>;
}

const MODEL_SPEC = tagOf(1, 'bytes');
const INPUTS = tagOf(2, 'bytes');
const OUTPUT_FILTER = tagOf(3, 'bytes');
const KEY = tagOf(1, 'bytes');
const VALUE = tagOf(2, 'bytes');

/** What a map's value is where none was sent. An array made for each of them would take more time than the rest. */
const NOTHING = new Uint8Array();

/** @throws Error when the bytes are no message. */
export function decodePredictRequest(bytes: Uint8Array): PredictRequest {
  let model: ModelSpecMessage | undefined;
  const inputs = new Map<string, Uint8Array>();
  const outputFilter: string[] = [];
  readFields(bytes, (tag, reader) => {
    if (tag === MODEL_SPEC) model = decodeModelSpec(reader.nested());
    else if (tag === INPUTS) addEntry(inputs, reader.nested());
    else if (tag === OUTPUT_FILTER) outputFilter.push(reader.text());
    else return false;
    return true;
  });
  return { ...(model && { model }), inputs, outputFilter };
}

/**
 * The tensors of messages.
 * @throws ServingError INVALID_ARGUMENT for one that stands for no tensor, Error where the bytes are no message.
 */
export function decodeTensors(messages: ReadonlyMap<string, Uint8Array>): Map<string, ServableTensor> {
  const tensors = new Map<string, ServableTensor>();
  const budget = new RepeatBudget();
  for (const [alias, bytes] of messages) {
    const tensor = decodeTensorProto(bytes, budget);
    if (tensor === undefined) throw invalidArgument(`tensor parsing error: ${alias}`);
    tensors.set(alias, tensor);
  }
  return tensors;
}

/** A PredictRequest, its tensors in typed lists. */
export function encodePredictRequest(
  model: ModelSpecMessage,
  inputs: ReadonlyMap<string, ServableTensor>,
  outputFilter: readonly string[] = [],
): Buffer {
  return joined([
    ...modelSpecField(1, model),
    ...tensorMap(2, inputs, false),
    ...outputFilter.flatMap((alias) => bytesField(3, [Buffer.from(alias)])),
  ]);
}

/** A PredictResponse; `asContent` puts the values into `tensor_content` instead of typed lists. */
export function encodePredictResponse({ model, outputs }: PredictResponse, asContent = false): Buffer {
  return joined([...tensorMap(1, outputs, asContent), ...modelSpecField(2, model)]);
}

function addEntry(entries: Map<string, Uint8Array>, message: WireReader): void {
  let key = '';
  let value: Uint8Array = NOTHING;
  readFields(message, (tag, reader) => {
    if (tag === KEY) key = reader.text();
    else if (tag === VALUE) value = reader.bytes();
    else return false;
    return true;
  });
  entries.set(key, value);
}

function tensorMap(field: number, tensors: ReadonlyMap<string, ServableTensor>, asContent: boolean): Parts {
  return [...tensors].flatMap(([alias, tensor]) =>
    bytesField(field, [...textField(1, alias), ...bytesField(2, tensorProto(tensor, asContent))]),
  );
}
