import { maskedCrc32c } from '../../report/crc32c.js';
import { uint32, varint } from './numbers.js';

/** A key and a value of a table, both any bytes. */
export interface TableEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What is wrong with the bytes of a table. */
export class DamagedTable extends Error {
  override readonly name = 'DamagedTable';
}

/** The end of every table: where its two last blocks are, padded, and 8 bytes that say what it is. */
const FOOTER_BYTES = 48;
const MAGIC = Buffer.from('57fb808b247547db', 'hex');
/** After every block: how it is compressed, and a CRC of both. */
const TRAILER_BYTES = 5;
const RESTART_INTERVAL = 16;
const BLOCK_BYTES = 256 * 1024;
const UNCOMPRESSED = 0;

/** Where a block is, without its trailer. */
interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

/**
 * The entries of a sorted table in LevelDB's format, as TensorFlow writes the index of a checkpoint: blocks of
 * prefix-compressed keys, none of them compressed any further.
 *
 * @throws DamagedTable when the bytes are no such table, or not as they were written.
 */
export function decodeTable(bytes: Uint8Array): TableEntry[] {
  const footer = bytes.subarray(Math.max(bytes.length - FOOTER_BYTES, 0));
  if (footer.length < FOOTER_BYTES || !MAGIC.equals(footer.subarray(-MAGIC.length))) {
    throw new DamagedTable('it does not end as a table does: cut off, or another kind of file');
  }
  const cursor = new Cursor(footer);
  cursor.handle();
  const entries = blockEntries(bytes, cursor.handle()).flatMap(({ value }) =>
    blockEntries(bytes, new Cursor(value).handle()),
  );
  entries.forEach(({ key }, i) => {
    const before = entries[i - 1]?.key;
    if (before !== undefined && Buffer.compare(before, key) >= 0)
      throw new DamagedTable('its keys are not sorted');
  });
  return entries;
}

function blockEntries(bytes: Uint8Array, { offset, size }: BlockHandle): TableEntry[] {
  const end = offset + size;
  if (end + TRAILER_BYTES > bytes.length - FOOTER_BYTES) throw new DamagedTable('a block is beyond its end');
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, TRAILER_BYTES);
  if (trailer.getUint32(1, true) !== maskedCrc32c(bytes.subarray(offset, end + 1))) {
    throw new DamagedTable('a block does not have the CRC it was written with');
  }
  if (trailer.getUint8(0) !== UNCOMPRESSED)
    throw new DamagedTable('a block is compressed, which checkpoints never are');
  return decodeBlock(bytes.subarray(offset, end));
}

function decodeBlock(block: Uint8Array): TableEntry[] {
  if (block.length < 4) throw new DamagedTable('a block is too short');
  const restarts = new DataView(block.buffer, block.byteOffset + block.length - 4, 4).getUint32(0, true);
  const cursor = new Cursor(block.subarray(0, Math.max(block.length - 4 - 4 * restarts, 0)));
  const entries: TableEntry[] = [];
  let key: Uint8Array = new Uint8Array(0);
  while (!cursor.isAtEnd) {
    const [shared, unshared, size] = [cursor.varint(), cursor.varint(), cursor.varint()];
    if (shared > key.length) throw new DamagedTable('a key begins with more than there is');
    key = Buffer.concat([key.subarray(0, shared), cursor.take(unshared)]);
    entries.push({ key, value: cursor.take(size) });
  }
  return entries;
}

/** Reads numbers and bytes from a block. */
class Cursor {
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.#at >= this.bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = this.take(1)[0] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80 && Number.isSafeInteger(value)) return value;
    }
    throw new DamagedTable('a number is too large');
  }

  handle(): BlockHandle {
    return { offset: this.varint(), size: this.varint() };
  }

  take(size: number): Uint8Array {
    if (size > this.bytes.length - this.#at)
      throw new DamagedTable('an entry is beyond the end of its block');
    this.#at += size;
    return this.bytes.subarray(this.#at - size, this.#at);
  }
}

/**
 * Encodes a sorted table.
 *
 * @param entries Sorted by the bytes of their keys, which differ.
 */
export function encodeTable(entries: readonly TableEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const write = (block: Uint8Array): Uint8Array => {
    const handle = Buffer.concat([varint(offset), varint(block.length)]);
    const content = Buffer.concat([block, Uint8Array.of(UNCOMPRESSED)]);
    parts.push(content, uint32(maskedCrc32c(content)));
    offset += block.length + TRAILER_BYTES;
    return handle;
  };
  const blocks = inBlocks(entries).map((block): TableEntry => ({
    key: block.at(-1)?.key ?? new Uint8Array(0),
    value: write(encodeBlock(block, RESTART_INTERVAL)),
  }));
  const metaIndex = write(encodeBlock([], RESTART_INTERVAL));
  const index = write(encodeBlock(blocks, 1));
  const padding = new Uint8Array(FOOTER_BYTES - MAGIC.length - metaIndex.length - index.length);
  return Buffer.concat([...parts, metaIndex, index, padding, MAGIC]);
}

function inBlocks(entries: readonly TableEntry[]): TableEntry[][] {
  const blocks: TableEntry[][] = [];
  let room = 0;
  for (const entry of entries) {
    if (room <= 0) {
      blocks.push([]);
      room = BLOCK_BYTES;
    }
    room -= entry.key.length + entry.value.length;
    blocks.at(-1)?.push(entry);
  }
  return blocks;
}

function encodeBlock(entries: readonly TableEntry[], restartInterval: number): Uint8Array {
  const parts: Uint8Array[] = [];
  const restarts: number[] = [0];
  let size = 0;
  entries.forEach(({ key, value }, i) => {
    const isRestart = i % restartInterval === 0;
    if (isRestart && i > 0) restarts.push(size);
    const shared = isRestart ? 0 : commonPrefix(entries[i - 1]?.key ?? key, key);
    const head = [varint(shared), varint(key.length - shared), varint(value.length)];
    const encoded = Buffer.concat([...head, key.subarray(shared), value]);
    parts.push(encoded);
    size += encoded.length;
  });
  return Buffer.concat([...parts, ...restarts.map(uint32), uint32(restarts.length)]);
}

function commonPrefix(a: Uint8Array, b: Uint8Array): number {
  const size = Math.min(a.length, b.length);
  let i = 0;
  while (i < size && a[i] === b[i]) i++;
  return i;
}
