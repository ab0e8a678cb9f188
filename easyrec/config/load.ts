import { readFileSync } from 'node:fs';
import { ConfigError, type SourceLocation } from '../errors.js';
import { type Log, SILENT_LOG } from '../log.js';
import { applyEdits, type ConfigEdit } from './edit.js';
import { expandConfig } from './expand.js';
import type { EasyRecConfig, FeatureConfig } from './generated/types.js';
import { parseJson } from './json_format.js';
import { locationOf, nodeOf, typedMessage } from './message.js';
import { ConfigNode } from './node.js';
import { printNode } from './print.js';
import { type MessageSchema, messageSchema } from './schema.js';
import { parseText } from './text_format.js';

/** A whole pipeline.config: frozen, defaults resolved, edits applied, names written out. */
export type PipelineConfig = EasyRecConfig;

/** What the command line may change in a config, in the order in which it is applied. */
export interface LoadOptions {
  readonly selectedCols?: string | undefined;
  readonly modelDir?: string | undefined;
  /** Several are joined with ",". */
  readonly trainInputPath?: string | readonly string[] | undefined;
  /** Several are joined with ",". */
  readonly evalInputPath?: string | readonly string[] | undefined;
  readonly fineTuneCheckpoint?: string | undefined;
  /** Edits of `--edit_config_json`, then dotted ones, then those of a hyper-parameter file. */
  readonly edits?: readonly ConfigEdit[] | undefined;
  readonly log?: Log | undefined;
}

/**
 * Reads, edits, writes out and freezes a pipeline.config.
 * @param path ends in `.config` (text format) or `.json` (proto JSON)
 * @throws ConfigError naming file, line and column
 */
export function loadPipelineConfig(path: string, options: LoadOptions = {}): PipelineConfig {
  return pipelineConfigFromText(readConfigText(path), path, options);
}

/** As loadPipelineConfig, of a text already read; `file` decides the format and is what errors name. */
export function pipelineConfigFromText(
  text: string,
  file: string,
  options: LoadOptions = {},
): PipelineConfig {
  const root = parseConfig(messageSchema('EasyRecConfig'), text, file);
  applyOptions(root, options);
  rejectFgJson(root);
  applyEdits(root, options.edits ?? [], options.log ?? SILENT_LOG);
  rejectFgJson(root);
  expandConfig(root);
  return typedMessage('EasyRecConfig', root);
}

function parseConfig(schema: MessageSchema, text: string, file: string): ConfigNode {
  if (file.endsWith('.config')) return parseText(schema, text, file);
  if (file.endsWith('.json')) return parseJson(schema, text, file);
  throw new ConfigError('expected a file that ends in .config (text format) or .json (proto JSON)', {
    at: { file },
  });
}

function readConfigText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new ConfigError(readFailure(cause), { at: { file }, cause });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError('expected UTF-8 text', { at: { file }, cause });
  }
}

function readFailure(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT') return 'the config file does not exist';
  if (code === 'EISDIR') return 'expected a config file, received a folder';
  return `the config file cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
}

function applyOptions(root: ConfigNode, options: LoadOptions): void {
  const { selectedCols, modelDir, trainInputPath, evalInputPath, fineTuneCheckpoint } = options;
  if (selectedCols) setString(childOf(root, 'data_config'), 'selected_cols', selectedCols, '--selected_cols');
  if (modelDir) setString(root, 'model_dir', modelDir, '--model_dir');
  if (trainInputPath?.length) setInputPath(root, 'train', trainInputPath);
  if (evalInputPath?.length) setInputPath(root, 'eval', evalInputPath);
  if (fineTuneCheckpoint) {
    const trainConfig = childOf(root, 'train_config');
    setString(trainConfig, 'fine_tune_checkpoint', fineTuneCheckpoint, '--fine_tune_checkpoint');
  }
}

function setString(node: ConfigNode, name: string, value: string, flag: string): void {
  const field = node.schema.fields.get(name);
  if (field) node.set(field, value, { file: flag });
}

/** The message of a singular field, made if it is absent. */
function childOf(root: ConfigNode, name: string): ConfigNode {
  const present = root.child(name);
  if (present) return present;
  const field = root.schema.fields.get(name);
  if (field?.kind !== 'message') throw new Error(`${root.schema.name} has no message field ${name}`);
  const made = new ConfigNode(field.type, root.at);
  root.set(field, made, root.at);
  return made;
}

function setInputPath(root: ConfigNode, kind: 'train' | 'eval', paths: string | readonly string[]): void {
  const flag = `--${kind}_input_path`;
  const at: SourceLocation = { file: flag };
  const joined = typeof paths === 'string' ? paths : paths.join(',');
  const member = root.schema.oneofs.get(`${kind}_path`)?.find((name) => root.get(name));
  if (member === `hive_${kind}_input`) {
    if (joined.includes(','))
      throw new ConfigError(`expected one Hive table, received ${JSON.stringify(joined)}`, { at });
    setString(childOf(root, member), 'table_name', joined, flag);
  } else if (member === undefined || member === `${kind}_input_path` || member === `parquet_${kind}_input`) {
    setString(root, member ?? `${kind}_input_path`, joined, flag);
  } else {
    throw new ConfigError(`a path cannot replace "${member}" of the config`, { at });
  }
}

function rejectFgJson(root: ConfigNode): void {
  const path = root.get('fg_json_path');
  if (path?.kind !== 'one' || path.value === '') return;
  // A leading "!" marks a file whose features are in the config already.
  if (typeof path.value === 'string' && path.value.startsWith('!')) return;
  throw new ConfigError('field "fg_json_path" of EasyRecConfig is not supported yet', { at: path.at });
}

/** All features: the older top-level `feature_configs` if there are any, else `feature_config.features`. */
export function featureConfigs(config: PipelineConfig): readonly FeatureConfig[] {
  return config.feature_configs.length > 0 ? config.feature_configs : (config.feature_config?.features ?? []);
}

/** The name a feature is known by: `feature_name`, else its first input. */
export function featureName(feature: FeatureConfig): string {
  const name = feature.feature_name || feature.input_names[0];
  if (!name) {
    throw new ConfigError('a feature needs "input_names" or "feature_name"', { at: locationOf(feature) });
  }
  return name;
}

/** Text format of a message's set fields, as kept in model_dir and in an export's assets. */
export function printConfig(message: object): string {
  return printNode(nodeOf(message));
}
