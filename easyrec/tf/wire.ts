import protobuf from 'protobufjs';

/** One field of an encoded message. */
export interface WireField {
  readonly number: number;
  /** Tag and value, to be copied as they are. */
  readonly raw: Uint8Array;
  /** The content of a string, of bytes or of a message; empty for other fields. */
  readonly content: Uint8Array;
}

const LENGTH_DELIMITED = 2;

/**
 * The fields of an encoded message in their order. Messages are taken apart in this way to be put together again
 * with fields that we do not know, and integers that are no JavaScript numbers, as they were.
 *
 * @throws Error when the bytes are no message.
 */
export function wireFields(bytes: Uint8Array): WireField[] {
  const reader = protobuf.Reader.create(bytes);
  const fields: WireField[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    let content = bytes.subarray(0, 0);
    if ((tag & 7) === LENGTH_DELIMITED) content = reader.bytes();
    else reader.skipType(tag & 7);
    fields.push({ number: tag >>> 3, raw: bytes.subarray(start, reader.pos), content });
  }
  return fields;
}

/** The content of the last field of that number, as protobuf reads a field that is not repeated. */
export function wireField(fields: readonly WireField[], number: number): Uint8Array | undefined {
  return fields.findLast((field) => field.number === number)?.content;
}

/** The content of the last field of that number as text; empty when there is none. */
export function wireText(fields: readonly WireField[], number: number): string {
  return Buffer.from(wireField(fields, number) ?? []).toString('utf8');
}

/** Encodes a field that is a string, bytes or a message. */
export function encodeField(number: number, content: Uint8Array | string): Uint8Array {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  return protobuf.Writer.create()
    .uint32((number << 3) | LENGTH_DELIMITED)
    .bytes(bytes)
    .finish();
}
