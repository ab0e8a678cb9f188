import { ConfigError } from '../errors.js';
import { columnBuilder } from './csv/column_builder.js';
import { resolveInputFiles } from './input_files.js';
import type { HashedColumn, InputField, ReaderOptions } from './reader.js';

/** Checked options of a reader, files found. Plain data. */
export interface ReaderPlan {
  readonly options: ReaderOptions;
  readonly paths: readonly string[];
}

type Count = readonly [name: string, value: number, least: number];

/** The one number of buckets above 2^53. */
const MOST_BUCKETS = 2n ** 63n - 1n;

function checkCounts(counts: readonly Count[], settingsAt: ReaderOptions['settingsAt']): void {
  for (const [name, value, least] of counts) {
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new ConfigError(`${name}: expected a whole number from ${least}, received ${value}`, {
      at: settingsAt?.[name],
    });
  }
}

function checkHashed(column: HashedColumn, fields: readonly InputField[], taken: ReadonlySet<string>): void {
  const { name, field, buckets } = column;
  const what = `hashed column ${JSON.stringify(name)}`;
  if (buckets !== MOST_BUCKETS) checkCounts([[`${what}: buckets`, Number(buckets), 1]], undefined);
  const type = fields.find((candidate) => candidate.name === field)?.type;
  if (type !== 'string' && type !== 'int32' && type !== 'int64') {
    const received = `${JSON.stringify(field)} (${type ?? 'no such field'})`;
    throw new ConfigError(`${what}: expected a field of strings or integers, received ${received}`);
  }
  if (taken.has(name)) throw new ConfigError(`${what}: another column has that name`);
}

/**
 * Checks everything that can be told without reading the files.
 * @throws ConfigError for options that make no sense, DataError for files that are not there.
 */
export function planReader(options: ReaderOptions): ReaderPlan {
  const counts: Count[] = [
    ['batch_size', options.batchSize, 1],
    ['num_epochs', options.epochs, 0],
    ['position', options.position, 0],
    ['prefetch_size', options.prefetch, 1],
    ['threads', options.threads ?? 1, 1],
    ['shuffle_buffer_size', options.shuffle?.bufferSize ?? 1, 1],
  ];
  checkCounts(counts, options.settingsAt);
  if (options.fields.length === 0) throw new ConfigError('no input_fields are named');
  const names = new Set<string>();
  for (const field of options.fields) {
    if (names.has(field.name)) {
      throw new ConfigError(`input field ${JSON.stringify(field.name)} is named twice`, { at: field.at });
    }
    names.add(field.name);
    // For its check of the default value.
    columnBuilder(field, 1);
  }
  for (const column of options.hashed ?? []) {
    checkHashed(column, options.fields, names);
    names.add(column.name);
  }
  return { options, paths: resolveInputFiles(options.files, options.filesAt) };
}
