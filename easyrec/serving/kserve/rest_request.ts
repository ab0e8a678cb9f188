import { invalidArgument } from '../status.js';
import { debugJson } from '../tfserving/json_format.js';
import { parseJson } from '../tfserving/json_parse.js';
import { isArray, JsonObject, type JsonValue } from '../tfserving/json_value.js';
import {
  checkParameters,
  type InferRequest,
  type RequestedInput,
  type RequestedOutput,
  tensorForm,
} from './infer_request.js';
import { readJson } from './json_tensors.js';
import { readRaw } from './raw_tensors.js';

/** Length of the JSON part of a body that has binary data behind it. */
export const HEADER_LENGTH = 'inference-header-content-length';

/**
 * Reads the body of an inference request.
 * @param headerLength The value of the header above; undefined where it was not sent: all is JSON.
 * @throws ServingError INVALID_ARGUMENT
 */
export function readInferRequest(body: Uint8Array, headerLength: string | undefined): InferRequest {
  const jsonLength = headerLength === undefined ? body.length : Number(headerLength);
  if (headerLength !== undefined && (!/^\d+$/.test(headerLength) || jsonLength > body.length)) {
    throw invalidArgument(`${HEADER_LENGTH}: expected at most ${body.length}, received ${headerLength}`);
  }
  const document = objectOf('the request', parseJson(body.subarray(0, jsonLength)));
  const binary = new BinaryPart(body.subarray(jsonLength));
  const inputs = listOf('inputs', document.find('inputs')).map((input) => readInput(input, binary));
  if (inputs.length === 0) throw invalidArgument("expected 'inputs' to name at least one tensor");
  binary.checkEnd();
  const parameters = parametersOf(document);
  const outputs = document.find('outputs');
  const id = optionalText('id', document.find('id'));
  const signatureName = optionalText('signature_name', parameters.get('signature_name'));
  return {
    ...(id !== undefined && { id }),
    ...(signatureName !== undefined && { signatureName }),
    inputs,
    outputs: outputs === undefined ? [] : listOf('outputs', outputs).map(readOutput),
    isBinary: parameters.get('binary_data_output') === true,
  };
}

/** The bytes behind the JSON, of which each binary input takes its share. */
class BinaryPart {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(name: string, size: JsonValue): Uint8Array {
    const end = typeof size === 'number' && size >= 0 ? this.#at + size : Infinity;
    if (end > this.#bytes.length) {
      throw invalidArgument(
        `input '${name}': binary_data_size ${debugJson(size)}, but ${this.#bytes.length - this.#at} bytes are left`,
      );
    }
    const share = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return share;
  }

  checkEnd(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0)
      throw invalidArgument(`unexpected additional input data: ${left} bytes that no input takes`);
  }
}

function readInput(value: JsonValue, binary: BinaryPart): RequestedInput {
  const input = objectOf('an input', value);
  const name = textOf("an input's name", input.find('name'));
  const form = tensorForm(
    name,
    textOf(`input '${name}': datatype`, input.find('datatype')),
    shapeOf(name, input),
  );
  const parameters = parametersOf(input);
  const size = parameters.get('binary_data_size');
  const data = input.find('data');
  if (size !== undefined) {
    if (data !== undefined) throw invalidArgument(`input '${name}' has both data and binary_data_size`);
    const bytes = binary.take(name, size);
    return { ...form, read: () => readRaw(form, bytes) };
  }
  if (data === undefined) throw invalidArgument(`input '${name}' has neither data nor binary_data_size`);
  const contentType = optionalText('content_type', parameters.get('content_type'));
  return { ...form, read: () => readJson(form, data, contentType === 'base64') };
}

function readOutput(value: JsonValue): RequestedOutput {
  const output = objectOf('an output', value);
  const name = textOf("an output's name", output.find('name'));
  return { name, isBinary: parametersOf(output).get('binary_data') === true };
}

function shapeOf(name: string, input: JsonObject): readonly number[] {
  return listOf(`input '${name}': shape`, input.find('shape')).map((length) => {
    if (typeof length === 'number') return length;
    throw invalidArgument(`input '${name}': shape has ${debugJson(length)}, which is no number of elements`);
  });
}

function parametersOf(owner: JsonObject): ReadonlyMap<string, JsonValue> {
  const value = owner.find('parameters');
  if (value === undefined) return new Map();
  const { members } = objectOf('parameters', value);
  checkParameters(members.map(({ key }) => key));
  return new Map(members.map((member) => [member.key, member.value]));
}

function objectOf(what: string, value: JsonValue): JsonObject {
  if (value instanceof JsonObject) return value;
  throw invalidArgument(`expected ${what} to be an object, received ${debugJson(value)}`);
}

function listOf(what: string, value: JsonValue | undefined): readonly JsonValue[] {
  if (value !== undefined && isArray(value)) return value;
  throw invalidArgument(
    `expected ${what} to be a list, received ${value === undefined ? 'none' : debugJson(value)}`,
  );
}

function textOf(what: string, value: JsonValue | undefined): string {
  const text = optionalText(what, value);
  if (text === undefined) throw invalidArgument(`expected ${what} to be a string, received none`);
  return text;
}

function optionalText(what: string, value: JsonValue | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  throw invalidArgument(`expected ${what} to be a string, received ${debugJson(value)}`);
}
