import { writeVarints } from './varints.js';
import { WireReader } from './wire_reader.js';

/** How a field's value is laid out. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Reads the value of the field that `tag` names, or returns false to have it skipped. */
export type FieldVisitor = (tag: number, reader: WireReader) => boolean;

/** What announces a field: its number and how its value is laid out. */
export function tagOf(field: number, wire: keyof typeof WIRE): number {
  return ((field << 3) | WIRE[wire]) >>> 0;
}

/**
 * Reads the fields of an encoded message in their order.
 * @throws Error when the bytes are no message.
 */
export function readFields(message: Uint8Array | WireReader, visit: FieldVisitor): void {
  const reader = message instanceof WireReader ? message : WireReader.of(message);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (!visit(tag, reader)) reader.skip(tag);
  }
}

/** An encoded message in pieces, so that a tensor's bytes are copied but once. */
export type Parts = readonly Uint8Array[];

/** A field whose content is a message, text or bytes, given in pieces. */
export function bytesField(field: number, content: Parts): Parts {
  let length = 0;
  for (const part of content) length += part.length;
  return [twoVarints(tagOf(field, 'bytes'), length), ...content];
}

/** A field that is text. */
export function textField(field: number, text: string): Parts {
  return text === '' ? [] : bytesField(field, [Buffer.from(text, 'utf8')]);
}

/** A field that is an integer or an enum; 0 is what an absent field means. */
export function integerField(field: number, value: number | bigint): Parts {
  if (value >= 0 && value <= 0x7fffffff) return [twoVarints(tagOf(field, 'varint'), Number(value))];
  const tag = twoVarints(tagOf(field, 'varint'), 0).subarray(0, -1);
  return [tag, writeVarints(BigInt64Array.of(BigInt(value)))];
}

/** The message in one piece. */
export function joined(parts: Parts): Buffer {
  return Buffer.concat(parts);
}

/** Two unsigned numbers of up to 32 bits. A protobuf.Writer for each of them would cost more than all the rest. */
function twoVarints(first: number, second: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(10);
  let at = 0;
  for (const value of [first, second]) {
    let rest = value;
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
  }
  return bytes.subarray(0, at);
}
