import type { ReaderOptions } from '../reader.js';
import { ThreadedReader } from '../threaded_reader.js';
import { planCsv } from './csv_plan.js';

/**
 * EasyRec's CSVInput: text files, gzip or not, one row a line.
 *
 * Fields are told apart as TensorFlow's decode_csv does: the number of fields must match exactly, an empty field stands
 * for its default value, blanks around numbers are ignored and those around text are kept. Files are found and options
 * checked at once; reading begins in the background.
 * @throws ConfigError for options that make no sense, DataError for files that are not there.
 */
export class CSVInput extends ThreadedReader {
  constructor(options: ReaderOptions) {
    const data = planCsv(options);
    super({ module: new URL('./csv_worker.js', import.meta.url), data }, options);
  }
}
