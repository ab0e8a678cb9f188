import protobuf from 'protobufjs';

/**
 * The strings of a tensor's `tensor_content`: their lengths as varints, then their bytes.
 * @returns undefined when the bytes are no such list of `count` strings.
 */
export function readStringContent(content: Uint8Array, count: number): Uint8Array[] | undefined {
  if (count > content.length) return undefined;
  const reader = protobuf.Reader.create(content);
  try {
    const lengths = Array.from({ length: count }, () => reader.uint32());
    const strings = lengths.map((length) => {
      const start = reader.pos;
      reader.skip(length);
      return content.subarray(start, reader.pos);
    });
    return reader.pos === content.length ? strings : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The opposite of `readStringContent`, in pieces. */
export function stringContent(strings: readonly Uint8Array[]): readonly Uint8Array[] {
  const lengths = protobuf.Writer.create();
  for (const { length } of strings) lengths.uint32(length);
  return [lengths.finish(), ...strings];
}
