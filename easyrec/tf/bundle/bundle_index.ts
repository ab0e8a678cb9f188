import { existsSync, readFileSync } from 'node:fs';
import { DataError, didYouMean } from '../../errors.js';
import { damagedCheckpoint, missingCheckpoint } from '../checkpoint.js';
import type { DType } from '../dtype.js';
import { DTYPES, dtypeOfCode } from '../dtype.js';
import type { BundleEntryProto } from '../protos.js';
import { decodeMessage, encodeMessage } from '../protos.js';
import { elementCount } from '../tensor.js';
import { sliceKey } from './slice_key.js';
import type { TableEntry } from './sorted_table.js';
import { DamagedTable, decodeTable, encodeTable } from './sorted_table.js';

/** Where the bytes of a tensor are. */
export interface BundleSpan {
  /** The number of its data file, from 0. */
  readonly shard: number;
  /** In bytes. */
  readonly offset: number;
  readonly size: number;
  /** CRC-32C of the bytes, masked as `maskedCrc32c` does; of strings, of their lengths in another form and the rest. */
  readonly crc: number;
}

/** A part of a tensor: of each dimension, from where and how much of it. */
export interface BundleSlice {
  readonly start: readonly number[];
  readonly shape: readonly number[];
  readonly span: BundleSpan;
}

/** A tensor of a checkpoint. */
export interface BundleEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** One that is all of it, or those that a partitioned variable was saved in. */
  readonly slices: readonly BundleSlice[];
}

/** The index of a checkpoint in TensorFlow's V2 format. */
export interface BundleIndex {
  /** How many data files there are. */
  readonly shards: number;
  readonly entries: ReadonlyMap<string, BundleEntry>;
}

/** An entry of its own for a tensor that is stored in one piece. */
export interface WholeEntry extends BundleSpan {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** `<prefix>.data-00001-of-00002` of shard 1 of 2. */
export function shardFile(prefix: string, shard: number, shards: number): string {
  const digits = (value: number): string => String(value).padStart(5, '0');
  return `${prefix}.data-${digits(shard)}-of-${digits(shards)}`;
}

/**
 * Reads the index of a checkpoint, whoever wrote it.
 *
 * @param prefix The files' names up to `.index`.
 * @throws DataError when there is none or it is damaged.
 */
export function readBundleIndex(prefix: string): BundleIndex {
  if (!existsSync(`${prefix}.index`)) {
    throw missingCheckpoint(prefix);
  }
  return decodeBundleIndex(readFileSync(`${prefix}.index`), prefix);
}

/**
 * The index of a checkpoint from the bytes of its file.
 *
 * @param prefix For messages.
 * @throws DataError when they are damaged.
 */
export function decodeBundleIndex(bytes: Uint8Array, prefix: string): BundleIndex {
  try {
    return decode(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw damagedCheckpoint(prefix, `its index: ${reason}`, { cause: error });
  }
}

/** @throws DataError with the nearest names when there is no such tensor. */
export function bundleEntry({ entries }: BundleIndex, name: string, prefix: string): BundleEntry {
  const entry = entries.get(name);
  if (entry !== undefined) return entry;
  throw new DataError(
    `checkpoint ${prefix}: no tensor "${name}" among its ${entries.size}${didYouMean(name, entries.keys())}`,
  );
}

function decode(bytes: Uint8Array): BundleIndex {
  const [first, ...rest] = decodeTable(bytes);
  if (first === undefined || first.key.length > 0) throw new DamagedTable('it does not begin with a header');
  const {
    num_shards: shards = 0,
    endianness = 'LITTLE',
    version,
  } = decodeMessage('BundleHeaderProto', first.value);
  if (endianness !== 'LITTLE') throw new DamagedTable('it was written on a big-endian machine');
  if ((version?.min_consumer ?? 0) > 1) throw new DamagedTable('it is of a newer version of the format');
  // Slices have keys of their own, which begin with a 0.
  const protos = new Map(
    rest.map(({ key, value }) => [keyText(key), decodeMessage('BundleEntryProto', value)]),
  );
  const entries = new Map<string, BundleEntry>();
  for (const { key } of rest.filter(({ key }) => key[0] !== 0)) {
    const name = Buffer.from(key).toString('utf8');
    entries.set(name, decodeEntry(name, protos, shards));
  }
  return { shards, entries };
}

/** One character a byte: keys of slices are no text. */
function keyText(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1');
}

function decodeEntry(
  name: string,
  protos: ReadonlyMap<string, BundleEntryProto>,
  shards: number,
): BundleEntry {
  const proto = protos.get(keyText(Buffer.from(name, 'utf8'))) ?? {};
  const dtype = dtypeOfCode(proto.dtype ?? 0);
  const shape = (proto.shape?.dim ?? []).map(({ size = 0 }) => size);
  const span = (of: BundleEntryProto, elements: number): BundleSpan => {
    const { shard_id: shard = 0, offset = 0, size = 0, crc32c: crc = 0 } = of;
    const isWhole = dtype === 'string' || dtype === 'variant' || size === elements * DTYPES[dtype].bytes;
    if (shard >= shards || !isWhole) throw new DamagedTable(`tensor "${name}" has the wrong size or shard`);
    return { shard, offset, size, crc };
  };
  if (proto.slices === undefined || proto.slices.length === 0) {
    const whole = { start: shape.map(() => 0), shape, span: span(proto, elementCount(shape)) };
    return { name, dtype, shape, slices: [whole] };
  }
  const slices = proto.slices.map(({ extent = [] }) => {
    const extents = extent.map(({ start = 0, length = -1 }) => ({ start, length }));
    const of = protos.get(keyText(sliceKey(name, extents)));
    if (of === undefined || extents.length !== shape.length)
      throw new DamagedTable(`a slice of "${name}" is missing`);
    const sizes = extents.map(({ length }, i) => (length < 0 ? (shape[i] ?? 0) : length));
    return { start: extents.map(({ start }) => start), shape: sizes, span: span(of, elementCount(sizes)) };
  });
  return { name, dtype, shape, slices };
}

/** The bytes of the index of a checkpoint whose tensors are stored in one piece each; names must differ. */
export function encodeBundleIndex(shards: number, entries: readonly WholeEntry[]): Uint8Array {
  const header = encodeMessage('BundleHeaderProto', { num_shards: shards, version: { producer: 1 } });
  const encoded = entries.map(({ name, dtype, shape, shard, offset, size, crc }): TableEntry => ({
    key: Buffer.from(name, 'utf8'),
    value: encodeMessage('BundleEntryProto', {
      dtype: DTYPES[dtype].code,
      shape: { dim: shape.map((length) => ({ size: length })) },
      shard_id: shard,
      offset,
      size,
      crc32c: crc,
    }),
  }));
  encoded.sort((a, b) => Buffer.compare(a.key, b.key));
  return encodeTable([{ key: new Uint8Array(0), value: header }, ...encoded]);
}
