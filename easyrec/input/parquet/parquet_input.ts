import { NativeError } from '../../errors.js';
import { canReadNatively } from '../native/library.js';
import { NativeReader } from '../native/native_reader.js';
import type { ReaderOptions } from '../reader.js';
import { planReader } from '../reader_plan.js';
import { duckdbLibrary } from './duckdb.js';
import { ParquetProblems } from './parquet_problems.js';

/**
 * Parquet files, read by DuckDB in ops/reader. The input fields are looked up by name; columns of lists become texts
 * where a field has a list separator.
 * @throws ConfigError for options that make no sense, DataError for files that are not there, NativeError when DuckDB or
 * the native reader are not installed.
 */
export class ParquetInput extends NativeReader {
  constructor(options: ReaderOptions) {
    const plan = planReader(options);
    const duckdb = duckdbLibrary();
    if (!canReadNatively()) {
      throw new NativeError(
        'reading Parquet files needs the native reader, which is not built (easyrec setup)',
      );
    }
    super({ ...plan, duckdb }, new ParquetProblems(plan));
  }
}
