import type { DatasetConfig } from '../config/generated/types.js';
import { ConfigError } from '../errors.js';
import { countFields } from '../input/csv/field_count.js';
import type { BatchReader } from '../input/reader.js';
import { inputFields, parsingThreads, readerClass, readsParquet } from './input_plan.js';

export interface ColumnSettings {
  /** Comma separated paths and globs. */
  readonly files: string;
  /** Names of the columns to read. */
  readonly wanted: readonly string[];
  readonly batchSize: number;
  /** What separates the parts of a field's text, where a list stands for such a text; by field. Default: none. */
  readonly listSeparators?: ReadonlyMap<string, string>;
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
  const { listSeparators = new Map<string, string>() } = settings;
  const all = inputFields(config, { wanted: new Set(settings.wanted), listSeparators });
  const lacksLabels = !readsParquet(config) && (await hasNoLabels(config, settings));
  const isLabel = new Set(config.label_fields);
  const label = all.find((field) => field.wanted && isLabel.has(field.name));
  if (lacksLabels && label !== undefined) {
    throw new ConfigError(`column "${label.name}": asked for, but ${files} has no labels`);
  }
  const Reader = readerClass(config);
  return new Reader({
    files,
    fields: lacksLabels ? all.filter(({ name }) => !isLabel.has(name)) : all,
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

/** Whether the labels are not there; with a header, that they are is of no interest. */
async function hasNoLabels(config: DatasetConfig, settings: ColumnSettings): Promise<boolean> {
  if (settings.withHeader ?? config.with_header) return true;
  const all = config.input_fields.length;
  const unlabelled = config.input_fields.filter((field) => !config.label_fields.includes(field.input_name));
  const count = await countFields(settings.files, config.separator);
  return count === unlabelled.length && count !== all;
}
