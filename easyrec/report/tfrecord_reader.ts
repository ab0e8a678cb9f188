import { type FileHandle, open } from 'node:fs/promises';
import { DataError } from '../errors.js';
import { maskedCrc32c } from './crc32c.js';

const HEADER_BYTES = 12;
const FOOTER_BYTES = 4;

/**
 * The records of a TFRecord file, one after the other; no more than one is in memory.
 * @throws DataError when the file cannot be read, ends within a record, or a checksum is wrong; it says where.
 */
export async function* readRecords(path: string): AsyncGenerator<Buffer> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    throw new DataError(
      `${path}: cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
  try {
    const { size } = await file.stat();
    for (let offset = 0; offset < size;) {
      const record = await readRecord(file, offset, size);
      if (typeof record === 'string') throw new DataError(`${path}: ${record} record at byte ${offset}`);
      yield record;
      offset += HEADER_BYTES + record.length + FOOTER_BYTES;
    }
  } finally {
    await file.close();
  }
}

/** The record that begins at `offset`, or what is wrong with it. */
async function readRecord(
  file: FileHandle,
  offset: number,
  size: number,
): Promise<Buffer | 'truncated' | 'corrupted'> {
  const header = await readBytes(file, offset, HEADER_BYTES);
  if (header === undefined) return 'truncated';
  if (header.readUInt32LE(8) !== maskedCrc32c(header.subarray(0, 8))) return 'corrupted';
  const length = Number(header.readBigUInt64LE(0));
  // Checked before memory is taken: a length is only as good as its file is long.
  if (offset + HEADER_BYTES + length + FOOTER_BYTES > size) return 'truncated';
  const rest = await readBytes(file, offset + HEADER_BYTES, length + FOOTER_BYTES);
  if (rest === undefined) return 'truncated';
  const payload = rest.subarray(0, length);
  return rest.readUInt32LE(length) === maskedCrc32c(payload) ? payload : 'corrupted';
}

/** Undefined where the file has ended before. */
async function readBytes(file: FileHandle, offset: number, length: number): Promise<Buffer | undefined> {
  const buffer = Buffer.alloc(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) return undefined;
    done += bytesRead;
  }
  return buffer;
}
