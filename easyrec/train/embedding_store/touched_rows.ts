import { open, readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { crc32c, maskedCrc32c } from '../../report/crc32c.js';
import type { CompactTable } from '../compact_table.js';
import type { WrittenList } from './store_files.js';

/** Which rows of a table are not at their start in a checkpoint that holds all of them. */
export interface TouchedTable {
  /** What the other rows are. */
  readonly description: CompactTable;
  /** The rows' numbers, in the file. */
  readonly list: WrittenList;
  /** CRC-32C of these rows alone, masked, by the name of the tensor. */
  readonly crcs: Readonly<Record<string, number>>;
}

/** By the name of the table. */
export type TouchedTables = Readonly<Record<string, TouchedTable>>;

/** What stands behind the lists. */
interface Trailer {
  readonly version: number;
  /** The index of the checkpoint that they belong to. */
  readonly index: IndexMark;
  readonly tables: TouchedTables;
}

interface IndexMark {
  readonly size: number;
  readonly crc: number;
}

const VERSION = 1;
const MAGIC = Buffer.from('EASYRECT', 'latin1');
/** Length and CRC of the trailer, then the magic number. */
const END_BYTES = 8 + MAGIC.length;

/**
 * The file beside a checkpoint that saves a restore from comparing all rows with what they start from: lists of the rows
 * that differ, then JSON that describes them. Nothing else reads it, and a checkpoint without it is as good.
 */
export function touchedFile(prefix: string): string {
  return `${prefix}.touched`;
}

/** Puts the trailer behind the lists; the index of the checkpoint must be there. */
export async function completeTouchedRows(prefix: string, tables: TouchedTables): Promise<void> {
  const trailer: Trailer = { version: VERSION, index: await markOf(prefix), tables };
  const text = Buffer.from(JSON.stringify(trailer), 'utf8');
  const end = Buffer.concat([Buffer.alloc(8), MAGIC]);
  end.writeUInt32LE(text.length, 0);
  end.writeUInt32LE(maskedCrc32c(text), 4);
  const handle = await open(touchedFile(prefix), 'a');
  try {
    await handle.appendFile(Buffer.concat([text, end]));
  } finally {
    await handle.close();
  }
}

/** What the file beside a checkpoint says; null where there is none, or one of another checkpoint, version or program. */
export async function readTouchedRows(prefix: string): Promise<TouchedTables | null> {
  const text = await readTrailer(touchedFile(prefix));
  if (text === null) return null;
  // Its CRC says that it is what was written.
  const { version, index, tables } = JSON.parse(text) as Trailer;
  if (version !== VERSION || !isDeepStrictEqual(index, await markOf(prefix))) return null;
  return tables;
}

async function readTrailer(file: string): Promise<string | null> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    const read = async (bytes: number, position: number): Promise<Buffer> => {
      const buffer = Buffer.alloc(bytes);
      const { bytesRead } = await handle.read(buffer, 0, bytes, position);
      return buffer.subarray(0, bytesRead);
    };
    if (size < END_BYTES) return null;
    const end = await read(END_BYTES, size - END_BYTES);
    if (end.length < END_BYTES || !end.subarray(8).equals(MAGIC)) return null;
    const length = end.readUInt32LE(0);
    if (length > size - END_BYTES) return null;
    const text = await read(length, size - END_BYTES - length);
    return maskedCrc32c(text) === end.readUInt32LE(4) ? text.toString('utf8') : null;
  } finally {
    await handle.close();
  }
}

/** The CRCs of all tensors are in the index, so that it stands for the whole checkpoint. */
async function markOf(prefix: string): Promise<IndexMark> {
  const bytes = await readFile(`${prefix}.index`);
  return { size: bytes.length, crc: crc32c(bytes) };
}
