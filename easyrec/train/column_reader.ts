import type { DatasetConfig } from '../config/generated/types.js';
import { ConfigError } from '../errors.js';
import { countFields } from '../input/csv/field_count.js';
import type { BatchReader } from '../input/reader.js';
import { inputFields, parsingThreads, readerClass } from './input_plan.js';

export interface ColumnSettings {
  /** Comma separated paths and globs. */
  readonly files: string;
  /** Names of the columns to read. */
  readonly wanted: readonly string[];
  readonly batchSize: number;
  /** Default: as the config says. */
  readonly withHeader?: boolean;
}

/**
 * Opens files to be predicted, once and in order: they have the columns of the config, or all but its labels.
 *
 * @throws ConfigError for an input type that is not supported.
 */
export async function openColumns(config: DatasetConfig, settings: ColumnSettings): Promise<BatchReader> {
  const { files, batchSize, withHeader = config.with_header } = settings;
  const wanted = new Set(settings.wanted);
  const all = inputFields(config, wanted);
  const isLabel = new Set(config.label_fields);
  const unlabelled = all.filter(({ name }) => !isLabel.has(name));
  const count = await countFields(files, config.separator);
  const lacksLabels = withHeader || (count === unlabelled.length && count !== all.length);
  const label = all.find((field) => field.wanted && isLabel.has(field.name));
  if (lacksLabels && label !== undefined) {
    throw new ConfigError(`column "${label.name}": asked for, but ${files} has no labels`);
  }
  const Reader = readerClass(config);
  return new Reader({
    files,
    fields: lacksLabels ? unlabelled : all,
    separator: config.separator,
    withHeader,
    batchSize,
    epochs: 1,
    shuffle: null,
    position: 0,
    onBadRow: config.ignore_error ? { maxSkipped: Infinity } : 'fail',
    prefetch: config.prefetch_size,
    threads: parsingThreads(config),
  });
}
