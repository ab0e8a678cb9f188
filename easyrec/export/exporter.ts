import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { writeFileAtomic } from '../atomic_files.js';
import { ConfigError, UserError } from '../errors.js';
import type { Log } from '../log.js';
import type {
  Asset,
  ConfigProto,
  ExportedVariable,
  ExtraFile,
  Graph,
  Operation,
  Output,
} from '../tf/index.js';
import {
  addSaver,
  decodeMessage,
  exportGraph,
  loadLibtensorflow,
  Session,
  writeSavedModel,
} from '../tf/index.js';
import { EXPORT_RECORD_NAME, exportRecordText } from '../trust/export_record.js';
import { restoreVariables } from '../train/restore_variables.js';
import type { AssetFile } from './asset_files.js';
import { chooseOpLibraries } from './choose_op_libraries.js';
import { checkProvided, libraryOps } from './graph_ops.js';
import type { IncompatiblePolicy } from './op_library_record.js';
import { RECORD_FILE, recordOpLibraries } from './op_library_record.js';
import { rowsIndependent } from './rows_independent.js';

/** A model as it is served. */
export interface InferenceGraph {
  /** Belongs to the exporter from here on. */
  readonly graph: Graph;
  /** What of the checkpoint the model needs; no optimizer's state. */
  readonly variables: readonly ExportedVariable[];
  /** The placeholders to feed, by the names that callers use. */
  readonly inputs: ReadonlyMap<string, Output>;
  readonly outputs: ReadonlyMap<string, Output>;
  /** Files that the graph itself reads, such as vocabularies. Default: none. */
  readonly assets?: readonly Asset[];
  /** Fills lookup tables. Default: none. */
  readonly mainOp?: Operation;
  /** The component that added a node, for messages. Default: what the node's name says. */
  readonly componentOf?: (node: string) => string | undefined;
}

export interface ExportOptions {
  readonly buildInferenceGraph: () => InferenceGraph | Promise<InferenceGraph>;
  /** The prefix of the checkpoint to export; `resolveCheckpoint` finds it. */
  readonly checkpoint: string;
  /** The model goes into a folder in it that is named after the time, in seconds. */
  readonly exportDir: string;
  /** Goes into `assets/pipeline.config`. */
  readonly pipelineConfigText: string;
  /** As `chooseAssetFiles` reads them; op libraries among them. Default: none. */
  readonly assetFiles?: readonly AssetFile[];
  /** The version of TensorFlow that the model is meant for. Default: the one that exports it. */
  readonly targetVersion?: string | undefined;
  /** What to do with an op library that would not load there. Default: `refuse`. */
  readonly onIncompatible?: IncompatiblePolicy | undefined;
  /** A file to write into the model's folder when all is done. Default: none. */
  readonly doneFile?: string | undefined;
  /** Removes everything else from `exportDir` once the new model is there. Default: false. */
  readonly clear?: boolean;
  /** How the session that copies the variables runs. */
  readonly config?: ConfigProto;
  readonly log: Log;
}

/**
 * Writes a checkpoint as a SavedModel in EasyRec's layout: `<exportDir>/<unix seconds>/`, tagged `serve`, with the one
 * signature `serving_default`. Its assets are pipeline.config, the asset files, and the op libraries that the graph
 * uses, described in op_libraries.json. For servers, assets.extra/easyrec_export.json has the libraries' checksums and
 * whether requests may be joined.
 *
 * @returns The model's folder.
 * @throws GraphError when the graph uses an op that no library of the model registers.
 * @throws NativeError when an op library would not load, here or in the target version.
 * @throws DataError when the checkpoint is damaged or does not fit.
 * @throws UserError when the model cannot be written; nothing of it is left behind then.
 */
export async function exportModel(options: ExportOptions): Promise<string> {
  if (options.clear === true) checkClearable(options);
  const model = await options.buildInferenceGraph();
  using graph = model.graph;
  const signature = { inputs: model.inputs, outputs: model.outputs };
  const { assets, extraFiles } = await collectFiles(model, options);
  await using session = Session.create(graph, options.config === undefined ? {} : { config: options.config });
  const saver = model.variables.length === 0 ? undefined : addSaver(graph, model.variables);
  if (saver !== undefined) await restoreVariables(session, saver, options.checkpoint);
  const version = freeVersion(options.exportDir);
  const directory = join(options.exportDir, version);
  await writeSavedModel(directory, {
    session,
    variables: model.variables,
    signatures: new Map([['serving_default', signature]]),
    assets,
    extraFiles,
    metaGraphVersion: version,
    ...(saver !== undefined && { saver }),
    ...(model.mainOp !== undefined && { mainOp: model.mainOp }),
  });
  if (options.clear === true) await removeOthers(options.exportDir, version);
  if (options.doneFile) await writeFileAtomic(join(directory, options.doneFile), 'ExportDone');
  return directory;
}

/** What goes into `assets/` and `assets.extra/`. */
interface ModelFiles {
  readonly assets: readonly Asset[];
  readonly extraFiles: readonly ExtraFile[];
}

async function collectFiles(model: InferenceGraph, options: ExportOptions): Promise<ModelFiles> {
  const roots = [...model.inputs.values(), ...model.outputs.values()].map(({ op }) => op);
  if (model.mainOp !== undefined) roots.push(model.mainOp);
  const { graphDef } = exportGraph(model.graph, roots);
  const uses = libraryOps(decodeMessage('GraphDef', graphDef));
  const { files, libraries } = await chooseOpLibraries(options.assetFiles ?? [], uses);
  checkProvided(uses, libraries, model.componentOf);
  const assets: Asset[] = [
    { name: 'pipeline.config', content: options.pipelineConfigText },
    ...withoutOwn(files, options.log),
    ...(model.assets ?? []),
  ];
  if (libraries.length > 0) {
    const { targetVersion, onIncompatible, log } = options;
    const content = await recordOpLibraries(libraries, { targetVersion, onIncompatible, log });
    assets.push({ name: RECORD_FILE, content });
  }
  const record = exportRecordText({
    opLibraries: new Map(libraries.map(({ file, sha256 }) => [file, sha256])),
    rowsIndependent: rowsIndependent(
      { inputs: model.inputs.values(), outputs: model.outputs.values() },
      uses,
    ),
    tensorflowVersion: loadLibtensorflow().version,
  });
  return { assets, extraFiles: [{ name: EXPORT_RECORD_NAME, content: record }] };
}

/** Leaves out files named like those that the exporter itself writes, as a model's exported assets bring them along. */
function withoutOwn(files: readonly AssetFile[], log: Log): AssetFile[] {
  return files.filter(({ name, source }) => {
    const isOwn = name === 'pipeline.config' || name === RECORD_FILE;
    if (isOwn) log.warn(`asset files: ${source} is left out: the export writes its own ${name}`);
    return !isOwn;
  });
}

/** Seconds since 1970, or the next ones that no export has yet. */
function freeVersion(exportDir: string): string {
  let seconds = Math.floor(Date.now() / 1000);
  while (existsSync(join(exportDir, String(seconds)))) seconds++;
  return String(seconds);
}

/** What is to be exported must not be in the folder that is cleared. */
function checkClearable({ exportDir, checkpoint, assetFiles = [] }: ExportOptions): void {
  const folder = resolve(exportDir);
  if (
    folder === sep ||
    folder === resolve(process.env['HOME'] ?? sep) ||
    `${process.cwd()}${sep}`.startsWith(`${folder}${sep}`)
  ) {
    throw new ConfigError(`--clear_export: expected a folder of exports, received ${folder}`);
  }
  const inside = [checkpoint, ...assetFiles.map(({ source }) => source)].find((file) =>
    resolve(file).startsWith(folder + sep),
  );
  if (inside === undefined) return;
  throw new UserError(
    `--clear_export: would remove ${inside}, which is to be exported, with all of ${folder}`,
  );
}

async function removeOthers(exportDir: string, version: string): Promise<void> {
  for (const name of readdirSync(exportDir).filter((each) => each !== version)) {
    await rm(join(exportDir, name), { recursive: true, force: true });
  }
}
