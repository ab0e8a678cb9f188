import type { DType } from '../../tf/index.js';
import type { ServableTensor } from '../servable.js';
import { invalidArgument, ServingError } from '../status.js';
import { decodeBase64Object } from './base64.js';
import { cppDtypeName, isJsonDtype } from './dtype_names.js';
import { debugJson } from './json_format.js';
import {
  isArray,
  isIntegerWithin,
  isNumber,
  JsonObject,
  type JsonInteger,
  jsonTypeName,
  toDouble,
  type JsonValue,
} from './json_value.js';

/** TensorFlow's own limit for the rank of a tensor. */
const MAX_RANK = 254;

const INT32 = [-(2n ** 31n), 2n ** 31n - 1n] as const;
const UINT32 = [0n, 2n ** 32n - 1n] as const;
const INT64 = [-(2n ** 63n), 2n ** 63n - 1n] as const;
const UINT64 = [0n, 2n ** 64n - 1n] as const;

/** Collects the values of one input, from one nested list (columns) or several of one shape (rows). */
export class TensorBuilder {
  readonly #dtype: DType;
  #numbers: number[] | undefined;
  #bigints: bigint[] | undefined;
  #strings: Uint8Array[] | undefined;
  #count = 0;

  constructor(dtype: DType) {
    this.#dtype = dtype;
  }

  /** How many values have been collected. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds every value of a nested list that must have the given shape.
   * @throws ServingError when the nesting is not a dense tensor of that shape, or a value does not fit the dtype.
   */
  add(value: JsonValue, shape: readonly number[], level = 0): void {
    const rank = shape.length;
    if (!isArray(value)) {
      if (level !== rank) {
        throw invalidArgument(
          `JSON Value: ${debugJson(value)} found at incorrect level: ${level + 1} in the JSON DOM. Expected at level: ${rank}`,
        );
      }
      this.#addValue(value);
      return;
    }
    if (level >= rank) {
      throw invalidArgument(`Encountered list at unexpected level: ${level} expected < ${rank}`);
    }
    const expected = shape[level];
    if (value.length !== expected) {
      throw invalidArgument(
        `Encountered list at unexpected size: ${value.length} at level: ${level} expected size: ${expected ?? 0}`,
      );
    }
    for (const item of value) this.add(item, shape, level + 1);
  }

  /** The tensor; its shape must have as many elements as values were added. */
  build(name: string, shape: readonly number[]): ServableTensor {
    const size = shape.reduce((product, dim) => product * dim, 1);
    if (this.count !== size) throw invalidArgument(`tensor parsing error: ${name}`);
    const dtype = this.#dtype;
    // Only a tensor without elements can have such a type here: each element of it has been refused.
    if (!isJsonDtype(dtype)) throw this.#unimplemented([]);
    switch (dtype) {
      case 'float32':
        return { dtype, shape, values: new Float32Array(this.#numbers ?? []) };
      case 'float64':
        return { dtype, shape, values: new Float64Array(this.#numbers ?? []) };
      case 'int32':
        return { dtype, shape, values: new Int32Array(this.#numbers ?? []) };
      // A value outside of 8 or 16 bits wraps around, as it does in TensorFlow Serving.
      case 'int16':
        return { dtype, shape, values: new Int16Array(this.#numbers ?? []) };
      case 'int8':
        return { dtype, shape, values: new Int8Array(this.#numbers ?? []) };
      case 'uint8':
      case 'bool':
        return { dtype, shape, values: new Uint8Array(this.#numbers ?? []) };
      case 'uint32':
        return { dtype, shape, values: new Uint32Array(this.#numbers ?? []) };
      case 'int64':
        return { dtype, shape, values: new BigInt64Array(this.#bigints ?? []) };
      case 'uint64':
        return { dtype, shape, values: new BigUint64Array(this.#bigints ?? []) };
      case 'string':
        return { dtype, shape, values: this.#strings ?? [] };
    }
  }

  #addValue(value: Exclude<JsonValue, readonly JsonValue[]>): void {
    const dtype = this.#dtype;
    this.#count++;
    if (value instanceof JsonObject) {
      if (dtype !== 'string') throw this.#typeError(value);
      this.#strings = append(this.#strings, decodeBase64Object(value));
      return;
    }
    if (!isJsonDtype(dtype)) throw this.#unimplemented(value);
    switch (dtype) {
      case 'float32':
      case 'float64':
        if (!isNumber(value)) throw this.#typeError(value);
        this.#numbers = append(this.#numbers, toDouble(value));
        break;
      case 'int32':
      case 'int16':
      case 'int8':
      case 'uint8':
        this.#numbers = append(this.#numbers, Number(this.#integer(value, INT32)));
        break;
      case 'uint32':
        this.#numbers = append(this.#numbers, Number(this.#integer(value, UINT32)));
        break;
      case 'int64':
        this.#bigints = append(this.#bigints, BigInt(this.#integer(value, INT64)));
        break;
      case 'uint64':
        this.#bigints = append(this.#bigints, BigInt(this.#integer(value, UINT64)));
        break;
      case 'bool':
        if (typeof value !== 'boolean') throw this.#typeError(value);
        this.#numbers = append(this.#numbers, value ? 1 : 0);
        break;
      case 'string':
        if (!(value instanceof Uint8Array)) throw this.#typeError(value);
        this.#strings = append(this.#strings, value);
        break;
    }
  }

  #integer(value: JsonValue, [low, high]: readonly [bigint, bigint]): JsonInteger {
    if (!isIntegerWithin(value, low, high)) throw this.#typeError(value);
    return value;
  }

  #unimplemented(value: JsonValue): ServingError {
    return new ServingError(
      'UNIMPLEMENTED',
      `Conversion of JSON Value: ${debugJson(value)} to type: ${cppDtypeName(this.#dtype)}`,
    );
  }

  #typeError(value: JsonValue): ServingError {
    return invalidArgument(
      `JSON Value: ${debugJson(value)} Type: ${jsonTypeName(value)} is not of expected type: ${cppDtypeName(this.#dtype)}`,
    );
  }
}

/** Most inputs have one value, and a list that begins with it takes a sixth of the memory of one it is pushed to. */
function append<T>(list: T[] | undefined, value: T): T[] {
  if (list === undefined) return [value];
  list.push(value);
  return list;
}

/**
 * The shape of a nested list: the length of the first list at each depth; `[]` for anything else.
 * @throws ServingError when it is nested deeper than TensorFlow's tensors can be.
 */
export function denseShape(value: JsonValue): number[] {
  const shape: number[] = [];
  for (
    let current: JsonValue | undefined = value;
    current !== undefined && isArray(current);
    current = current[0]
  ) {
    shape.push(current.length);
    if (shape.length > MAX_RANK) {
      throw invalidArgument(
        `Encountered list at unexpected level: ${shape.length - 1} expected < ${MAX_RANK}`,
      );
    }
  }
  return shape;
}
