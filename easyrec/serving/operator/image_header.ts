import { DataError } from '../../errors.js';

/** What an image's first bytes say of it. */
export interface ImageHeader {
  readonly format: 'jpeg' | 'png' | 'gif' | 'bmp';
  readonly width: number;
  readonly height: number;
}

/**
 * Reads size and format of an image without decoding it: a few bytes can unpack to gigabytes.
 * @throws DataError when it is none of the four formats, or ends within its header.
 */
export function readImageHeader(file: Uint8Array): ImageHeader {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  try {
    const header = read(bytes);
    if (header !== null) return header;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new DataError('image: ends within its header', { cause });
  }
  const start = bytes.subarray(0, 8).toString('hex');
  throw new DataError(
    `image: expected JPEG, PNG, GIF or BMP, received ${bytes.length} bytes that begin 0x${start}`,
  );
}

function read(bytes: Buffer): ImageHeader | null {
  if (starts(bytes, '89504e470d0a1a0a')) {
    return { format: 'png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  }
  if (starts(bytes, '474946383761') || starts(bytes, '474946383961')) {
    return { format: 'gif', width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
  }
  if (starts(bytes, '424d')) {
    // A negative height says that the first row is the top one.
    const height = Math.abs(bytes.readInt32LE(22));
    return { format: 'bmp', width: Math.abs(bytes.readInt32LE(18)), height };
  }
  return starts(bytes, 'ffd8ff') ? readJpeg(bytes) : null;
}

function starts(bytes: Buffer, hex: string): boolean {
  return bytes.subarray(0, hex.length / 2).toString('hex') === hex;
}

/** Goes from segment to segment up to the frame header. */
function readJpeg(bytes: Buffer): ImageHeader {
  let at = 2;
  for (;;) {
    while (bytes.readUInt8(at) !== 0xff) at++;
    while (bytes.readUInt8(at) === 0xff) at++;
    const marker = bytes.readUInt8(at++);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      return { format: 'jpeg', height: bytes.readUInt16BE(at + 3), width: bytes.readUInt16BE(at + 5) };
    }
    const hasNoLength = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    if (!hasNoLength) at += bytes.readUInt16BE(at);
  }
}
