import { invalidArgument } from '../status.js';
import { JsonObject, type JsonValue } from './json_value.js';
import { debugJson } from './json_format.js';

/** Whether the value is `{"b64": "…"}`, which stands for bytes. */
export function isBase64Object(value: JsonValue): boolean {
  if (!(value instanceof JsonObject) || value.members.length !== 1) return false;
  return value.find('b64') instanceof Uint8Array;
}

/** Whether the value is an object that names tensors, not one that stands for bytes. */
export function isNamedObject(value: JsonValue): value is JsonObject {
  return value instanceof JsonObject && !isBase64Object(value);
}

/**
 * The bytes that `{"b64": "…"}` stands for.
 * @throws ServingError when it is another object, or not base64 (standard alphabet; padding and white space optional).
 */
export function decodeBase64Object(value: JsonValue): Uint8Array {
  const encoded = value instanceof JsonObject && isBase64Object(value) ? value.find('b64') : undefined;
  if (!(encoded instanceof Uint8Array)) {
    throw invalidArgument(`JSON Value: ${debugJson(value)} not formatted correctly for base64 data`);
  }
  const text = Buffer.from(encoded)
    .toString('latin1')
    .replace(/[ \t\n\v\f\r]+/g, '');
  const match = /^([A-Za-z0-9+/]*)([=.]*)$/.exec(text);
  const digits = match?.[1] ?? '';
  const padding = match?.[2]?.length ?? 0;
  const expectedPadding = (4 - (digits.length % 4)) % 4;
  if (!match || expectedPadding === 3 || (padding !== 0 && padding !== expectedPadding)) {
    throw invalidArgument('Unable to base64 decode');
  }
  return Buffer.from(digits, 'base64');
}
