import type { Examples } from '../inference/inference_record.js';
import { invalidArgument } from '../status.js';
import { decodeBase64Object, isBase64Object } from './base64.js';
import { type Feature, encodeExample } from './messages/example.js';
import { isArray, isNumber, JsonDouble, JsonObject, jsonTypeName, type JsonValue } from './json_value.js';
import { formatError, type PredictDocument } from './predict_request.js';

const INT64_MAX = 2n ** 63n - 1n;

/**
 * Reads the examples of a `:classify` or `:regress` request: a number with a fraction or an exponent is a float, one
 * without is an integer, `true` is 1, text and `{"b64": …}` are bytes.
 * @throws ServingError with TensorFlow Serving's texts.
 */
export function readExamples({ document }: Pick<PredictDocument, 'document'>): Examples {
  const context = document.find('context');
  const shared = context === undefined ? undefined : readExample(context);
  const examples = document.find('examples');
  if (examples === undefined) {
    throw formatError(document, "When method is classify, key 'examples' is expected and was not found");
  }
  if (!isArray(examples)) throw formatError(document, "Expecting 'examples' value to be an list/array");
  if (examples.length === 0) throw formatError(document, "'examples' value is an empty array");
  return { examples: examples.map(readExample), ...(shared && { context: shared }) };
}

function readExample(value: JsonValue): Uint8Array {
  if (!(value instanceof JsonObject)) {
    throw invalidArgument(`Example must be JSON object but got JSON ${jsonTypeName(value)}`);
  }
  // A name that is there twice stands for its last value.
  const features = new Map<string, Feature>();
  for (const { key, value: content } of value.members) {
    const builder = new FeatureBuilder(key);
    for (const item of isArray(content) ? content : [content]) builder.add(item);
    features.set(key, builder.feature);
  }
  return encodeExample(features);
}

/** Collects the values of a feature: the first one decides on the kind. */
class FeatureBuilder {
  readonly #name: string;
  feature: Feature = { kind: 'none' };

  constructor(name: string) {
    this.#name = name;
  }

  add(value: JsonValue): void {
    if (typeof value === 'boolean') this.#addInteger(value ? 1n : 0n);
    else if (value instanceof Uint8Array) this.#addBytes(value);
    else if (value instanceof JsonObject && isBase64Object(value)) this.#addBytes(decodeBase64Object(value));
    else if (value instanceof JsonDouble) this.#addFloat(value.value);
    else if (isNumber(value)) this.#addInteger(BigInt(value));
    else {
      throw invalidArgument(
        `Feature: ${this.#name} has element with unexpected JSON type: ${jsonTypeName(value)}`,
      );
    }
  }

  #addInteger(value: bigint): void {
    const { feature } = this;
    if (feature.kind !== 'none' && feature.kind !== 'int64') throw this.#mixed();
    if (value > INT64_MAX) {
      throw invalidArgument(`Feature: ${this.#name} has uint64_t element. Only int64_t is supported.`);
    }
    if (feature.kind === 'none') this.feature = { kind: 'int64', values: [value] };
    else feature.values.push(value);
  }

  #addFloat(value: number): void {
    const { feature } = this;
    if (feature.kind === 'none') this.feature = { kind: 'float', values: [value] };
    else if (feature.kind === 'float') feature.values.push(value);
    else throw this.#mixed();
  }

  #addBytes(value: Uint8Array): void {
    const { feature } = this;
    if (feature.kind === 'none') this.feature = { kind: 'bytes', values: [value] };
    else if (feature.kind === 'bytes') feature.values.push(value);
    else throw this.#mixed();
  }

  #mixed(): Error {
    const { kind } = this.feature;
    return invalidArgument(`Unexpected element type in feature: ${this.#name} expecting type: ${kind}`);
  }
}
