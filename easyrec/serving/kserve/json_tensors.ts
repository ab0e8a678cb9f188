import { isUtf8 } from 'node:buffer';
import type { ServableTensor } from '../servable.js';
import { invalidArgument, type ServingError } from '../status.js';
import { debugJson, formatFloat } from '../tfserving/json_format.js';
import {
  isArray,
  isIntegerWithin,
  isNumber,
  type JsonInteger,
  type JsonValue,
  toDouble,
} from '../tfserving/json_value.js';
import { datatypeName } from './datatypes.js';
import { elementsOf, type TensorForm } from './raw_tensors.js';

/** The range of each type of integers. */
const RANGES = {
  uint8: [0n, 2n ** 8n - 1n],
  uint16: [0n, 2n ** 16n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  int8: [-(2n ** 7n), 2n ** 7n - 1n],
  int16: [-(2n ** 15n), 2n ** 15n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;

/**
 * A tensor from its values in JSON, nested as its shape is or in one list.
 * @param isBase64 Whether strings are base64 of their bytes.
 * @throws ServingError INVALID_ARGUMENT when they do not fit the shape or the type.
 */
export function readJson(form: TensorForm, data: JsonValue, isBase64 = false): ServableTensor {
  const { dtype, shape } = form;
  const size = elementsOf(form);
  const values: JsonElement[] = [];
  collect(form, data, { values, limit: size, depth: 0 });
  if (values.length !== size) {
    const received = values.length > size ? 'more' : String(values.length);
    throw invalidArgument(
      `input '${form.name}': expected ${size} elements for shape [${shape.join(',')}], received ${received}`,
    );
  }
  switch (dtype) {
    case 'float32':
      return { dtype, shape, values: Float32Array.from(doubles(form, values)) };
    case 'float64':
      return { dtype, shape, values: Float64Array.from(doubles(form, values)) };
    case 'int64':
      return { dtype, shape, values: BigInt64Array.from(integers(form, values, RANGES[dtype]), BigInt) };
    case 'uint64':
      return { dtype, shape, values: BigUint64Array.from(integers(form, values, RANGES[dtype]), BigInt) };
    case 'int8':
      return { dtype, shape, values: Int8Array.from(integers(form, values, RANGES[dtype]), Number) };
    case 'int16':
      return { dtype, shape, values: Int16Array.from(integers(form, values, RANGES[dtype]), Number) };
    case 'int32':
      return { dtype, shape, values: Int32Array.from(integers(form, values, RANGES[dtype]), Number) };
    case 'uint8':
      return { dtype, shape, values: Uint8Array.from(integers(form, values, RANGES[dtype]), Number) };
    case 'uint16':
      return { dtype, shape, values: Uint16Array.from(integers(form, values, RANGES[dtype]), Number) };
    case 'uint32':
      return { dtype, shape, values: Uint32Array.from(integers(form, values, RANGES[dtype]), Number) };
    case 'bool':
      return { dtype, shape, values: Uint8Array.from(values, (value) => bool(form, value)) };
    case 'string':
      return { dtype, shape, values: values.map((value) => text(form, value, isBase64)) };
    case 'float16':
    case 'bfloat16':
      throw invalidArgument(`input '${form.name}': ${datatypeName(dtype)} can only be sent as binary data`);
  }
}

/** TensorFlow's own limit for the rank of a tensor; what nests without end would also use up the stack. */
const MAX_DEPTH = 254;

type JsonElement = Exclude<JsonValue, readonly JsonValue[]>;

/** Adds the elements of nested lists in their order; stops soon after there are too many. */
function collect(
  form: TensorForm,
  data: JsonValue,
  to: { readonly values: JsonElement[]; readonly limit: number; readonly depth: number },
): void {
  const { values, limit, depth } = to;
  if (!isArray(data)) {
    values.push(data);
    return;
  }
  if (depth > MAX_DEPTH)
    throw invalidArgument(`input '${form.name}': its data are nested deeper than a tensor can be`);
  for (const item of data) {
    if (values.length > limit) return;
    if (isArray(item)) collect(form, item, { values, limit, depth: depth + 1 });
    else values.push(item);
  }
}

function doubles(form: TensorForm, values: readonly JsonElement[]): readonly number[] {
  return values.map((value) => {
    if (!isNumber(value)) throw wrong(form, value);
    return toDouble(value);
  });
}

function integers(
  form: TensorForm,
  values: readonly JsonElement[],
  [low, high]: readonly [bigint, bigint],
): readonly JsonInteger[] {
  return values.map((value) => {
    if (!isIntegerWithin(value, low, high)) throw wrong(form, value);
    return value;
  });
}

function bool(form: TensorForm, value: JsonElement): number {
  if (value === true || value === 1) return 1;
  if (value === false || value === 0) return 0;
  throw wrong(form, value);
}

function text(form: TensorForm, value: JsonElement, isBase64: boolean): Uint8Array {
  if (!(value instanceof Uint8Array)) throw wrong(form, value);
  if (!isBase64) return value;
  const encoded = Buffer.from(value).toString('latin1');
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== encoded.replace(/=+$/, '')) throw wrong(form, value);
  return bytes;
}

function wrong({ name, dtype }: TensorForm, value: JsonElement): ServingError {
  return invalidArgument(`input '${name}': ${debugJson(value)} is no ${datatypeName(dtype)}`);
}

/** Whether a tensor's strings can stand in JSON as they are. */
export function isText(tensor: ServableTensor): boolean {
  return tensor.dtype !== 'string' || tensor.values.every((value) => isUtf8(value));
}

/** A tensor's values as one list in JSON; strings that are no text must be asked for as base64. */
export function writeJson(tensor: ServableTensor, isBase64: boolean): string {
  const { dtype } = tensor;
  if (dtype === 'string') {
    const encoding = isBase64 ? 'base64' : 'utf8';
    const strings = tensor.values.map((value) => JSON.stringify(Buffer.from(value).toString(encoding)));
    return `[${strings.join(',')}]`;
  }
  if (dtype === 'float32' || dtype === 'float64') {
    return `[${[...tensor.values].map((value) => formatFloat(Number(value), dtype)).join(',')}]`;
  }
  if (dtype === 'bool')
    return `[${[...tensor.values].map((value) => (value === 0 ? 'false' : 'true')).join(',')}]`;
  return `[${tensor.values.join(',')}]`;
}
