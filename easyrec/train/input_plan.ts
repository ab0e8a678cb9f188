import { availableParallelism } from 'node:os';
import type { DatasetConfig, DatasetConfig_FieldType } from '../config/generated/types.js';
import type { PipelineConfig } from '../config/load.js';
import { featureConfigs } from '../config/load.js';
import { locationOf } from '../config/message.js';
import type { SourceLocation } from '../errors.js';
import { ConfigError, didYouMean } from '../errors.js';
import type { FieldType } from '../input/batch.js';
import { resolveInputFiles } from '../input/input_files.js';
import type { BatchReader, InputField, ReaderOptions } from '../input/reader.js';
import { type ReaderClass, readerFor, READERS, type ReaderType } from '../input/index.js';
import { metricGroupFields } from './metric_config.js';

/** A column that a model is fed. */
export interface PlannedColumn {
  readonly name: string;
  readonly type: FieldType;
  /** Its place among all input fields: the number in EasyRec's placeholder name `input_<index>`. */
  readonly index: number;
  /** Of a column of ids: what they are made of. */
  readonly idsOf?: { readonly field: string; readonly buckets: number | bigint };
}

/** Which columns of the data a model uses, and what for. */
export interface InputPlan {
  readonly dataConfig: DatasetConfig;
  /** Columns that features read, in the order of the input fields. */
  readonly features: readonly PlannedColumn[];
  readonly labels: readonly PlannedColumn[];
  readonly sampleWeight: PlannedColumn | null;
  /** What separates the parts of a field's text, where a list stands for such a text. */
  readonly listSeparators: ReadonlyMap<string, string>;
  /** Columns that metrics group rows by; evaluation reads them, no model is fed them. */
  readonly metricGroups: readonly PlannedColumn[];
}

/** From the config's names of types to those of columns. */
const FIELD_TYPES = {
  INT32: 'int32',
  INT64: 'int64',
  STRING: 'string',
  FLOAT: 'float32',
  DOUBLE: 'float64',
  BOOL: 'bool',
} as const satisfies Readonly<Record<DatasetConfig_FieldType, FieldType>>;

/**
 * Works out which columns a model reads.
 *
 * @throws ConfigError for a feature, label, weight or metric that names no input field.
 */
export function planInput(config: PipelineConfig): InputPlan {
  const dataConfig = config.data_config;
  if (dataConfig === null) {
    throw new ConfigError('expected a data_config, received none', { at: locationOf(config) });
  }
  const columns = fieldColumns(dataConfig);
  const find = (name: string, what: string, at: SourceLocation): PlannedColumn => {
    const column = columns.get(name);
    if (column !== undefined) return column;
    throw new ConfigError(`${what}: no input field "${name}"${didYouMean(name, columns.keys())}`, { at });
  };
  const used = new Map<string, PlannedColumn>();
  for (const feature of featureConfigs(config)) {
    feature.input_names.forEach((name, i) => {
      used.set(name, find(name, 'input_names', locationOf(feature, 'input_names', i)));
    });
  }
  const labels = dataConfig.label_fields.map((name, i) =>
    find(name, 'label_fields', locationOf(dataConfig, 'label_fields', i)),
  );
  if (labels.length === 0) {
    throw new ConfigError('label_fields: expected at least one field, received none', {
      at: locationOf(dataConfig),
    });
  }
  const weight = dataConfig.sample_weight;
  return {
    dataConfig,
    features: [...used.values()].sort((a, b) => a.index - b.index),
    labels,
    sampleWeight:
      weight === '' ? null : find(weight, 'sample_weight', locationOf(dataConfig, 'sample_weight')),
    listSeparators: listSeparators(config),
    metricGroups: metricGroupFields(config.eval_config).map(({ column, at }) =>
      find(column, 'metrics_set', at),
    ),
  };
}

/**
 * What separates the parts of a field's text, by field: what its features split it with. None where they do not, or
 * differ.
 */
export function listSeparators(config: PipelineConfig): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const feature of featureConfigs(config)) {
    const { feature_type: type, separator } = feature;
    const splits = type === 'TagFeature' || (type === 'RawFeature' && feature.raw_input_dim > 1);
    for (const name of splits ? feature.input_names : []) {
      found.set(
        name,
        found.get(name) === undefined ? separator : found.get(name) === separator ? separator : '',
      );
    }
  }
  return new Map([...found].filter(([, separator]) => separator !== ''));
}

/** A data set's files, and where the config names them. */
export interface InputFiles {
  /** Comma separated paths and globs; empty where the config names none. */
  readonly files: string;
  readonly filesAt: SourceLocation;
}

/** The files of a config's training or evaluation data, whichever of its fields names them. */
export function inputFiles(config: PipelineConfig, kind: 'train' | 'eval'): InputFiles {
  const parquet = `parquet_${kind}_input` as const;
  const field = config[parquet] === '' ? (`${kind}_input_path` as const) : parquet;
  return { files: config[field], filesAt: locationOf(config, field) };
}

/** A column for each input field, by name. */
export function fieldColumns({ input_fields: fields }: DatasetConfig): ReadonlyMap<string, PlannedColumn> {
  return new Map(
    fields.map((field, index) => [
      field.input_name,
      { name: field.input_name, type: FIELD_TYPES[field.input_type], index },
    ]),
  );
}

/** All columns that training and evaluation feed: features, labels and the weight, each once. */
export function columnsOf(plan: InputPlan): readonly PlannedColumn[] {
  const all = [...plan.features, ...plan.labels, ...(plan.sampleWeight === null ? [] : [plan.sampleWeight])];
  return [...new Map(all.map((column) => [column.name, column])).values()];
}

/**
 * Finds the files of the evaluation data, so that training does not fail at its first evaluation for want of them.
 *
 * @throws DataError when one is missing.
 */
export function checkEvaluationFiles(config: PipelineConfig): void {
  const { files, filesAt } = inputFiles(config, 'eval');
  if (files !== '') resolveInputFiles(files, filesAt);
}

export interface ReadSettings {
  /** Comma separated paths and globs. */
  readonly files: string;
  readonly filesAt?: ReaderOptions['filesAt'];
  /** Whether to read for training: shuffled, `num_epochs` times. Otherwise once, in order. */
  readonly training: boolean;
  /** Of the order of rows. Default: 2020, EasyRec's own. */
  readonly seed?: number;
  /** Rows already read in an earlier run. Default: 0. */
  readonly position?: number;
}

/**
 * Opens the files of one data set; only the planned columns are built.
 *
 * @throws ConfigError for an input type that is not supported.
 */
export function openReader(plan: InputPlan, settings: ReadSettings): BatchReader {
  const { dataConfig } = plan;
  const columns = [...columnsOf(plan), ...(settings.training ? [] : plan.metricGroups)];
  const wanted = new Set(columns.map(({ name }) => name));
  const numbers = [...plan.labels, ...(plan.sampleWeight === null ? [] : [plan.sampleWeight])];
  const numeric = new Set(numbers.map(({ name }) => name));
  const fields = inputFields(dataConfig, { wanted, numeric, listSeparators: plan.listSeparators });
  const Reader = readerClass(dataConfig);
  return new Reader({
    files: settings.files,
    filesAt: settings.filesAt,
    fields,
    hashed: columns.flatMap(({ name, idsOf }) => (idsOf === undefined ? [] : [{ name, ...idsOf }])),
    separator: dataConfig.separator,
    withHeader: dataConfig.with_header,
    batchSize: dataConfig.batch_size,
    epochs: settings.training ? dataConfig.num_epochs : 1,
    shuffle:
      settings.training && dataConfig.shuffle
        ? { bufferSize: dataConfig.shuffle_buffer_size, seed: settings.seed ?? DEFAULT_SEED }
        : null,
    position: settings.position ?? 0,
    onBadRow: dataConfig.ignore_error ? { maxSkipped: Infinity } : 'fail',
    prefetch: dataConfig.prefetch_size,
    threads: parsingThreads(dataConfig),
    dropRemainder: settings.training && dataConfig.drop_remainder && readsParquet(dataConfig),
    settingsAt: settingsAt(dataConfig),
  });
}

const SETTINGS = ['batch_size', 'num_epochs', 'prefetch_size', 'separator', 'shuffle_buffer_size'] as const;

function settingsAt(dataConfig: DatasetConfig): Readonly<Record<string, SourceLocation>> {
  return Object.fromEntries(SETTINGS.map((name) => [name, locationOf(dataConfig, name)]));
}

/** What the input fields of a config are used for. */
export interface FieldUse {
  /** Names of the fields to build. */
  readonly wanted: ReadonlySet<string>;
  /** Names of those whose text must be a number. Default: none. */
  readonly numeric?: ReadonlySet<string>;
  /** By field. Default: none. */
  readonly listSeparators?: ReadonlyMap<string, string>;
}

/** The input fields of a config as a reader takes them. */
export function inputFields(dataConfig: DatasetConfig, use: FieldUse): readonly InputField[] {
  return dataConfig.input_fields.map((field) => {
    const name = field.input_name;
    const listSeparator = use.listSeparators?.get(name);
    return {
      name,
      type: FIELD_TYPES[field.input_type],
      defaultText: field.default_val,
      wanted: use.wanted.has(name),
      numeric: use.numeric?.has(name) ?? false,
      ...(listSeparator !== undefined && { listSeparator }),
      at: locationOf(field, 'default_val'),
    };
  });
}

/** Whether the data are Parquet files, whose columns go by name. */
export function readsParquet(dataConfig: DatasetConfig): boolean {
  return dataConfig.input_type.startsWith('ParquetInput');
}

/** As EasyRec shuffles. */
export const DEFAULT_SEED = 2020;

/** As many as `num_parallel_calls` says (8 by default), but half of the machine is for the model. */
export function parsingThreads({ num_parallel_calls: most }: DatasetConfig): number {
  return Math.max(1, Math.min(most, availableParallelism() >> 1));
}

/**
 * The reader of a config's input type.
 *
 * @throws ConfigError when it is not supported.
 */
export function readerClass(dataConfig: DatasetConfig): ReaderClass {
  const name = dataConfig.input_type;
  if (name in READERS) return readerFor(name as ReaderType);
  throw new ConfigError(
    `input_type: ${name} is not supported yet; expected ${Object.keys(READERS).join(' or ')}`,
    { at: locationOf(dataConfig, 'input_type') },
  );
}
