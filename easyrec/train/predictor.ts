import { createWriteStream, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { once } from 'node:events';
import { dirname, extname, join } from 'node:path';
import { discardPartial, partialPath, syncPath, writeProblem } from '../atomic_files.js';
import { loadPipelineConfig, type PipelineConfig } from '../config/load.js';
import { DataError, didYouMean, UserError } from '../errors.js';
import type { Batch } from '../input/batch.js';
import { disposeBatch } from '../input/columns.js';
import { batchesOf, type BatchReader } from '../input/reader.js';
import type { LoadedSavedModel, Signature, Tensor } from '../tf/index.js';
import { loadOpLibrary, loadSavedModel, makeStep } from '../tf/index.js';
import { columnTensor } from './feeds.js';
import { openColumns } from './column_reader.js';
import { runStep } from './run_step.js';
import { columnTexts, outputTexts, quoteField } from './prediction_text.js';

export interface PredictOptions {
  /** Holds saved_model.pb, or folders with numbers for names of which the highest does. */
  readonly savedModelDir: string;
  /** Comma separated paths and globs of CSV files with the columns of the model's pipeline.config. */
  readonly inputPath: string;
  /** A file `*.csv` or `*.tsv`; any other name is a folder that receives `part-0.csv`, as EasyRec writes. */
  readonly outputPath: string;
  /** Columns of the input to repeat; default: none in a file, all in a folder. */
  readonly reservedCols?: readonly string[];
  /** Outputs of the model to write. Default: all, sorted by name. */
  readonly outputCols?: readonly string[];
  /** Default: a comma in `*.csv`, a tab in `*.tsv`, else \x01. */
  readonly outputSeparator?: string;
  /** Default: 1024, as EasyRec's. */
  readonly batchSize?: number;
  /** Whether the input has a header line. Default: as the config says. */
  readonly withHeader?: boolean;
  readonly signal?: AbortSignal;
  readonly onBatch?: (rows: number) => void;
}

/** A file of predictions that was written. */
export interface Prediction {
  readonly file: string;
  readonly rows: number;
}

const ALL = 'ALL_COLUMNS';

/**
 * Writes a model's outputs for every row of a file, under a header line. The file appears when it is complete.
 *
 * @throws UserError, DataError or ConfigError for a model, input or column that does not fit.
 */
export async function predictFile(options: PredictOptions): Promise<Prediction> {
  const directory = findSavedModel(options.savedModelDir);
  const config = modelConfig(directory);
  for (const library of opLibraries(directory)) loadOpLibrary(library);
  await using model = await loadSavedModel(directory);
  const signature = model.signatures.get('serving_default');
  if (signature === undefined) {
    const found = [...model.signatures.keys()].join(', ');
    throw new UserError(`${directory}: expected the signature "serving_default", found ${found || 'none'}`);
  }
  const columns = chooseColumns(options, config, signature);
  const reader = await openColumns(dataConfigOf(config), {
    files: options.inputPath,
    wanted: [...signature.inputs.keys(), ...columns.reserved],
    batchSize: options.batchSize ?? 1024,
    ...(options.withHeader !== undefined && { withHeader: options.withHeader }),
  });
  return await writeRows(options, columns, { model, signature, reader });
}

/** The folder of the newest version below `path` that holds a saved_model.pb, or `path` itself. */
function findSavedModel(path: string): string {
  if (existsSync(join(path, 'saved_model.pb'))) return path;
  const versions = existsSync(path) ? readdirSync(path).filter((name) => /^\d+$/.test(name)) : [];
  const newest = versions
    .sort((a, b) => Number(b) - Number(a))
    .find((name) => existsSync(join(path, name, 'saved_model.pb')));
  if (newest !== undefined) return join(path, newest);
  throw new UserError(`${path}: expected saved_model.pb, or numbered folders with one, found neither`);
}

function opLibraries(directory: string): readonly string[] {
  const assets = join(directory, 'assets');
  const files = existsSync(assets) ? readdirSync(assets) : [];
  return files.filter((file) => file.endsWith('.so')).map((file) => join(assets, file));
}

function modelConfig(directory: string): PipelineConfig {
  const file = join(directory, 'assets', 'pipeline.config');
  if (existsSync(file)) return loadPipelineConfig(file);
  throw new UserError(`${file}: not there: a prediction needs it to know the columns of the input`);
}

function dataConfigOf(config: PipelineConfig): NonNullable<PipelineConfig['data_config']> {
  if (config.data_config === null) throw new UserError('the pipeline.config of the model has no data_config');
  return config.data_config;
}

interface ChosenColumns {
  readonly reserved: readonly string[];
  readonly outputs: readonly string[];
  readonly separator: string;
  readonly file: string;
}

function chooseColumns(options: PredictOptions, config: PipelineConfig, signature: Signature): ChosenColumns {
  const { outputPath } = options;
  const extension = extname(outputPath);
  const isFile = extension === '.csv' || extension === '.tsv';
  const fields = dataConfigOf(config).input_fields.map((field) => field.input_name);
  const available = [...signature.outputs.keys()].sort();
  const named = options.outputCols?.map((column) => column.trim().split(/\s+/)[0] ?? '') ?? [ALL];
  return {
    reserved: expand(options.reservedCols ?? (isFile ? [] : [ALL]), fields, '--reserved_cols'),
    outputs: expand(named, available, '--output_cols'),
    separator: options.outputSeparator ?? (extension === '.csv' ? ',' : extension === '.tsv' ? '\t' : '\x01'),
    file: isFile ? outputPath : join(outputPath, 'part-0.csv'),
  };
}

function expand(names: readonly string[], known: readonly string[], flag: string): readonly string[] {
  if (names.includes(ALL)) return known;
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new UserError(
      `${flag}: no column "${name}"${didYouMean(name, known)} (there are ${known.join(', ')})`,
    );
  }
  return names;
}

interface Source {
  readonly model: LoadedSavedModel;
  readonly signature: Signature;
  readonly reader: BatchReader;
}

async function writeRows(
  { signal, onBatch }: PredictOptions,
  columns: ChosenColumns,
  source: Source,
): Promise<Prediction> {
  const { file, separator, outputs, reserved } = columns;
  const partial = partialPath(file);
  let rows = 0;
  try {
    mkdirSync(dirname(file), { recursive: true });
    const stream = createWriteStream(partial);
    const failed = new Promise<never>((_, reject) => stream.once('error', reject));
    failed.catch(() => undefined);
    const write = async (text: string): Promise<void> => {
      if (!stream.write(text)) await Promise.race([once(stream, 'drain'), failed]);
    };
    const line = (cells: readonly string[]): string =>
      `${cells.map((cell) => quoteField(cell, separator)).join(separator)}\n`;
    await write(line([...outputs, ...reserved]));
    const predict = predictor(source, columns);
    for await (const batch of batchesOf(source.reader)) {
      signal?.throwIfAborted();
      const cells = await predict(batch);
      await write(Array.from({ length: batch.rows }, (_, i) => line(cells.map((c) => c[i] ?? ''))).join(''));
      rows += batch.rows;
      onBatch?.(rows);
    }
    await Promise.race([new Promise<void>((done) => stream.end(done)), failed]);
    await syncPath(partial);
    await rename(partial, file);
  } catch (error) {
    await discardPartial(partial);
    throw writeProblem(file, error);
  }
  return { file, rows };
}

/** From a batch to its cells, column by column. */
function predictor(
  { model, signature }: Source,
  { outputs, reserved }: ChosenColumns,
): (batch: Batch) => Promise<readonly (readonly string[])[]> {
  const inputs = [...signature.inputs];
  const tensorName = (alias: string): string => signature.outputs.get(alias)?.name ?? '';
  const step = makeStep({
    feeds: inputs.map(([, { name }]) => model.graph.output(name)),
    fetches: outputs.map((alias) => model.graph.output(tensorName(alias))),
  });
  let rows = 0;
  return async (batch) => {
    const feeds = inputs.map(([name]) => feed(batch, name));
    const results = await runStep(model.session, step, feeds, `prediction, after ${rows} rows`);
    rows += batch.rows;
    const cells = results.map((tensor) => outputTexts(tensor, batch.rows));
    const repeated = reserved.map((name) => {
      const column = batch.columns.get(name);
      return column === undefined ? [] : columnTexts(column, batch.rows);
    });
    for (const tensor of [...feeds, ...results]) tensor.dispose();
    disposeBatch(batch);
    return [...cells, ...repeated];
  };
}

function feed(batch: Batch, name: string): Tensor {
  const column = batch.columns.get(name);
  if (column === undefined) throw new DataError(`the model's input "${name}" is not among the input columns`);
  return columnTensor(column, batch.rows);
}
