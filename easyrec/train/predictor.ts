import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { discardPartial, partialPath, writeProblem } from '../atomic_files.js';
import { loadPipelineConfig, type PipelineConfig } from '../config/load.js';
import { DataError, didYouMean, UserError } from '../errors.js';
import type { Batch, Column } from '../input/batch.js';
import { batchesOf, type BatchReader } from '../input/reader.js';
import { type Log, SILENT_LOG } from '../log.js';
import type { LoadedSavedModel, Signature } from '../tf/index.js';
import { makeStep, signatureObstacle } from '../tf/index.js';
import { loadTrustedModel } from '../trust/load_trusted_model.js';
import { type OpLibraryOptions, opLibraryTrust } from '../trust/op_library_trust.js';
import { BlockFile } from './block_file.js';
import { openColumns } from './column_reader.js';
import { listSeparators } from './input_plan.js';
import { type BatchStep, type ComputedBatch, computeBatches, disposeComputed } from './computed_batches.js';
import { columnCells, outputCells } from './prediction_cells.js';
import { encodeLines, quoteField } from './prediction_lines.js';
import { threadsOfManySteps } from './session_config.js';

export interface PredictOptions extends OpLibraryOptions {
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
  /** Default: 4096; it changes no prediction, but for the last bit of some. */
  readonly batchSize?: number;
  /** Whether the input has a header line. Default: as the config says. */
  readonly withHeader?: boolean;
  readonly signal?: AbortSignal;
  readonly onBatch?: (rows: number) => void;
  /** Told of op libraries that are loaded. Default: nobody is. */
  readonly log?: Log;
}

/** A file of predictions that was written. */
export interface Prediction {
  readonly file: string;
  readonly rows: number;
}

const ALL = 'ALL_COLUMNS';

/** A tenth faster than EasyRec's 1024, at which the calls for a batch are felt; more gains nothing. */
const DEFAULT_BATCH_SIZE = 4096;

/**
 * Writes a model's outputs for every row of a file, under a header line. The file appears when it is complete.
 *
 * @throws UserError, DataError or ConfigError for a model, input or column that does not fit.
 */
export async function predictFile(options: PredictOptions): Promise<Prediction> {
  const directory = findSavedModel(options.savedModelDir);
  const config = modelConfig(directory);
  const trust = { ...opLibraryTrust(options), fromPackage: true };
  await using model = await loadTrustedModel(directory, trust, {
    config: threadsOfManySteps(config.train_config),
    log: options.log ?? SILENT_LOG,
  });
  const signature = model.signatures.get('serving_default');
  if (signature === undefined) {
    const def = model.metaGraph.signature_def?.['serving_default'];
    const obstacle = def && signatureObstacle('serving_default', def);
    if (obstacle !== undefined) throw new UserError(`${directory}: ${obstacle}`);
    const found = [...model.signatures.keys()].join(', ');
    throw new UserError(`${directory}: expected the signature "serving_default", found ${found || 'none'}`);
  }
  const columns = chooseColumns(options, config, signature);
  const reader = await openColumns(dataConfigOf(config), {
    files: options.inputPath,
    wanted: [...signature.inputs.keys(), ...columns.reserved],
    batchSize: options.batchSize ?? DEFAULT_BATCH_SIZE,
    listSeparators: listSeparators(config),
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
    await using target = await BlockFile.create(partial);
    const header = [...outputs, ...reserved].map((name) => quoteField(name, separator)).join(separator);
    await target.write(Buffer.from(`${header}\n`));
    const computed = computeBatches(batchesOf(source.reader), batchStep(source, columns));
    for await (const result of computed) {
      signal?.throwIfAborted();
      await target.write(linesOf(result, columns));
      rows += result.batch.rows;
      onBatch?.(rows);
    }
    await target.finish();
    await rename(partial, file);
  } catch (error) {
    await discardPartial(partial);
    throw writeProblem(file, error);
  }
  return { file, rows };
}

/** From the model's inputs to the chosen outputs. */
function batchStep({ model, signature }: Source, { outputs }: ChosenColumns): BatchStep {
  const { graph, session } = model;
  const tensorName = (alias: string): string => signature.outputs.get(alias)?.name ?? '';
  const step = makeStep({
    feeds: [...signature.inputs.values()].map(({ name }) => graph.output(name)),
    fetches: outputs.map((alias) => graph.output(tensorName(alias))),
  });
  const columns = [...signature.inputs.keys()].map((name) => ({ name }));
  return { session, step, columns, what: 'prediction' };
}

/** The lines of a batch; frees it. */
function linesOf(result: ComputedBatch, { outputs, reserved, separator }: ChosenColumns): Uint8Array {
  const { batch, results } = result;
  try {
    const cells = results.map((tensor, i) => outputCells(tensor, outputs[i] ?? '', batch.rows));
    const repeated = reserved.map((name) => columnCells(columnOf(batch, name)));
    return encodeLines([...cells, ...repeated], batch.rows, separator);
  } finally {
    disposeComputed(result);
  }
}

function columnOf(batch: Batch, name: string): Column {
  const column = batch.columns.get(name);
  if (column === undefined) throw new DataError(`column "${name}" is not among the input columns`);
  return column;
}
