import { CSVInput } from './csv/csv_input.js';
import type { BatchReader, ReaderOptions } from './reader.js';

/** Readers by the name that `data_config.input_type` uses; a type that is not here is not supported yet. */
export const READERS = {
  CSVInput,
} as const satisfies Readonly<Record<string, new (options: ReaderOptions) => BatchReader>>;

export type ReaderType = keyof typeof READERS;
