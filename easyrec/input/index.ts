import { CSVInput } from './csv/csv_input.js';
import { NativeCsvInput } from './native/native_csv_input.js';
import { canReadNatively } from './native/library.js';
import { ParquetInput } from './parquet/parquet_input.js';
import type { BatchReader, ReaderOptions } from './reader.js';

/** How a reader is opened. */
export type ReaderClass = new (options: ReaderOptions) => BatchReader;

/** Readers by the name that `data_config.input_type` uses; a type that is not here is not supported yet. */
export const READERS = {
  CSVInput,
  ParquetInput,
  ParquetInputV2: ParquetInput,
} as const satisfies Readonly<Record<string, ReaderClass>>;

export type ReaderType = keyof typeof READERS;

/** Readers in C++: the same batches, as tensors. */
const NATIVE_READERS: Readonly<Partial<Record<ReaderType, ReaderClass>>> = {
  CSVInput: NativeCsvInput,
};

/**
 * The reader of that name: the native one where the package's native libraries are built, else the plain one.
 * EASYREC_PLAIN_READER=1 in the environment asks for the plain one, with the same result.
 */
export function readerFor(type: ReaderType, env: NodeJS.ProcessEnv = process.env): ReaderClass {
  return nativeReader(type, env) ?? READERS[type];
}

/** Whether the reader of that name makes ids of texts faster than TensorFlow does: the plain one is far slower. */
export function hashesFast(type: ReaderType, env: NodeJS.ProcessEnv = process.env): boolean {
  return READERS[type] !== CSVInput || nativeReader(type, env) !== undefined;
}

function nativeReader(type: ReaderType, env: NodeJS.ProcessEnv): ReaderClass | undefined {
  const wantsPlain = (env['EASYREC_PLAIN_READER'] ?? '') === '1';
  return wantsPlain || !canReadNatively() ? undefined : NATIVE_READERS[type];
}
