import { planCsv } from '../csv/csv_plan.js';
import type { ReaderOptions } from '../reader.js';
import { NativeReader } from './native_reader.js';
import { ProblemTexts } from './problems.js';

/**
 * CSVInput in C++: the same batches in the same order, with the same counts and messages, as tensors.
 * @throws ConfigError for options that make no sense, DataError for files that are not there.
 */
export class NativeCsvInput extends NativeReader {
  constructor(options: ReaderOptions) {
    const plan = planCsv(options);
    super(plan, new ProblemTexts(plan));
  }
}
