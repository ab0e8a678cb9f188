import type { FieldType } from '../batch.js';
import { totalSize } from '../input_files.js';
import type { HashedColumn, InputField } from '../reader.js';
import type { ReaderPlan } from '../reader_plan.js';

/** The numbers of types in ops/reader/plan.h. */
const TYPE_NUMBERS: { readonly [Type in FieldType]: number } = {
  int32: 0,
  int64: 1,
  float32: 2,
  float64: 3,
  bool: 4,
  string: 5,
};

function text(value: string): readonly Uint8Array[] {
  const bytes = Buffer.from(value, 'utf8');
  return [new Uint8Array(Uint32Array.of(bytes.length).buffer), bytes];
}

function fieldParts(field: InputField): readonly Uint8Array[] {
  const { name, type, wanted, numeric, defaultText, listSeparator = '' } = field;
  const flags = Uint8Array.of(TYPE_NUMBERS[type], wanted ? 1 : 0, numeric === true ? 1 : 0);
  return [...text(name), flags, ...text(defaultText), ...text(listSeparator)];
}

function hashedParts({ field, buckets }: HashedColumn, fields: readonly InputField[]): readonly Uint8Array[] {
  const index = fields.findIndex(({ name }) => name === field);
  // 2^63 - 1 becomes 2^63 here, and is that number again where it is read.
  const count = Float64Array.of(Number(buckets));
  return [new Uint8Array(Uint32Array.of(index).buffer), new Uint8Array(count.buffer)];
}

/** What a plan for the native reader says beside what every reader is told. */
export interface NativePlan extends ReaderPlan {
  /** Of text files: the byte between fields. */
  readonly separator?: number;
  /** Of Parquet files: DuckDB's library. */
  readonly duckdb?: string;
}

/** A plan as `DecodePlan` in ops/reader/plan.cc reads it. */
export function planBytes({ options, paths, separator = 0, duckdb = '' }: NativePlan): Uint8Array {
  const {
    withHeader,
    shuffle,
    batchSize,
    epochs,
    position,
    onBadRow,
    prefetch,
    threads = 1,
    dropRemainder = false,
    fields,
    hashed = [],
  } = options;
  const maxSkipped = onBadRow === 'fail' ? -1 : onBadRow.maxSkipped;
  const counts = [batchSize, epochs, shuffle?.bufferSize ?? 0, position, maxSkipped, prefetch, threads];
  return Buffer.concat([
    Uint8Array.of(separator, withHeader ? 1 : 0, dropRemainder ? 1 : 0),
    ...text(duckdb),
    new Uint8Array(Int32Array.of(shuffle?.seed ?? 0).buffer),
    new Uint8Array(Float64Array.of(...counts, totalSize(paths)).buffer),
    new Uint8Array(Uint32Array.of(paths.length).buffer),
    ...paths.flatMap(text),
    new Uint8Array(Uint32Array.of(fields.length).buffer),
    ...fields.flatMap(fieldParts),
    new Uint8Array(Uint32Array.of(hashed.length).buffer),
    ...hashed.flatMap((column) => hashedParts(column, fields)),
  ]);
}
