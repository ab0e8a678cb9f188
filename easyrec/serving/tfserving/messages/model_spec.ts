import type { ModelSpec } from '../../catalog.js';
import {
  bytesField,
  integerField,
  type Parts,
  readFields,
  readInt64,
  tagOf,
  textField,
  textOf,
} from './wire.js';

/** tensorflow.serving.ModelSpec. */
export interface ModelSpecMessage {
  readonly spec: ModelSpec;
  /** Empty where the caller names none. */
  readonly signatureName: string;
}

const NAME = tagOf(1, 'bytes');
const VERSION = tagOf(2, 'bytes');
const SIGNATURE_NAME = tagOf(3, 'bytes');
const LABEL = tagOf(4, 'bytes');
const INT64_VALUE = tagOf(1, 'varint');

/** @throws Error when the bytes are no message. */
export function decodeModelSpec(bytes: Uint8Array): ModelSpecMessage {
  let name = '';
  let signatureName = '';
  // Only one of version and label can be set: the one that comes last.
  let choice: { readonly version?: bigint; readonly label?: string } = {};
  readFields(bytes, (tag, reader) => {
    if (tag === NAME) name = textOf(reader.bytes());
    else if (tag === SIGNATURE_NAME) signatureName = textOf(reader.bytes());
    else if (tag === VERSION) choice = { version: decodeInt64Value(reader.bytes()) };
    else if (tag === LABEL) choice = { label: textOf(reader.bytes()) };
    else return false;
    return true;
  });
  return { spec: { name, ...choice }, signatureName };
}

/** A field that is a ModelSpec. */
export function modelSpecField(field: number, { spec, signatureName }: ModelSpecMessage): Parts {
  const { name, version, label } = spec;
  return bytesField(field, [
    ...textField(1, name),
    ...(version === undefined ? [] : bytesField(2, integerField(1, version))),
    ...textField(3, signatureName),
    ...(label === undefined ? [] : bytesField(4, [Buffer.from(label)])),
  ]);
}

function decodeInt64Value(bytes: Uint8Array): bigint {
  let value = 0n;
  readFields(bytes, (tag, reader) => {
    if (tag !== INT64_VALUE) return false;
    value = readInt64(reader);
    return true;
  });
  return value;
}
