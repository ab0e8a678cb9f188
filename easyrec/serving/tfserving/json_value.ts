/** A number written with a fraction or an exponent, too large for 64 bits, or NaN or infinite. */
export class JsonDouble {
  constructor(readonly value: number) {}
}

/** A key and its value. */
export interface JsonMember {
  readonly key: string;
  readonly value: JsonValue;
}

/** An object with its members in the order written; a repeated key stays repeated. */
export class JsonObject {
  constructor(readonly members: readonly JsonMember[]) {}

  /** The value of the first member with this key. */
  find(key: string): JsonValue | undefined {
    return this.members.find((member) => member.key === key)?.value;
  }
}

/** A number written as an integer: a bigint where a number would not be exact. */
export type JsonInteger = number | bigint;

/** A JSON document; strings are the bytes they decode to, since TensorFlow's strings need not be UTF-8. */
export type JsonValue =
  null | boolean | JsonInteger | JsonDouble | Uint8Array | readonly JsonValue[] | JsonObject;

/** `Null`, `False`, `True`, `Object`, `Array`, `String` or `Number`, as error texts name it. */
export function jsonTypeName(value: JsonValue): string {
  if (value === null) return 'Null';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value instanceof Uint8Array) return 'String';
  if (value instanceof JsonObject) return 'Object';
  if (isArray(value)) return 'Array';
  return 'Number';
}

/** `Array.isArray` that knows of readonly arrays. */
export function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Whether the value is a number of any kind. */
export function isNumber(value: JsonValue): value is JsonInteger | JsonDouble {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof JsonDouble;
}

/** Whether the value is a number written as an integer, from `low` to `high`. */
export function isIntegerWithin(value: JsonValue, low: bigint, high: bigint): value is JsonInteger {
  return (typeof value === 'number' || typeof value === 'bigint') && value >= low && value <= high;
}

/** Any number as the nearest double. */
export function toDouble(value: JsonInteger | JsonDouble): number {
  return value instanceof JsonDouble ? value.value : Number(value);
}
