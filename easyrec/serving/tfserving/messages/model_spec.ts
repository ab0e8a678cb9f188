import type { ModelSpec } from '../../catalog.js';
import { bytesField, integerField, type Parts, readFields, tagOf, textField } from './wire.js';
import type { WireReader } from './wire_reader.js';

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
export function decodeModelSpec(message: WireReader): ModelSpecMessage {
  let name = '';
  let signatureName = '';
  // Only one of version and label can be set: the one that comes last.
  let choice: { readonly version?: bigint; readonly label?: string } = {};
  readFields(message, (tag, reader) => {
    if (tag === NAME) name = reader.text();
    else if (tag === SIGNATURE_NAME) signatureName = reader.text();
    else if (tag === VERSION) choice = { version: decodeInt64Value(reader.nested()) };
    else if (tag === LABEL) choice = { label: reader.text() };
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

function decodeInt64Value(message: WireReader): bigint {
  let value = 0n;
  readFields(message, (tag, reader) => {
    if (tag !== INT64_VALUE) return false;
    value = reader.int64();
    return true;
  });
  return value;
}
