import { maskedCrc32c } from '../../report/crc32c.js';
import { uint32, varint } from './numbers.js';

/** The bytes of a tensor of strings as data files have them, and their CRC, masked. */
export function encodeStrings(values: readonly string[]): {
  readonly bytes: Uint8Array;
  readonly crc: number;
} {
  const texts = values.map((value) => Buffer.from(value, 'utf8'));
  // The CRCs are of the lengths as numbers of 4 bytes, whatever form they are written in.
  const lengths = Buffer.concat(texts.map(({ length }) => uint32(length)));
  const check = uint32(maskedCrc32c(lengths));
  const bytes = Buffer.concat([...texts.map(({ length }) => varint(length)), check, ...texts]);
  return { bytes, crc: maskedCrc32c(Buffer.concat([lengths, check, ...texts])) };
}
