import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { didYouMean, NativeError } from '../errors.js';
import { bufferBytes } from './buffer.js';
import { Graph } from './graph.js';
import { unregisteredOps } from './graph_ops.js';
import type { Handle } from './native.js';
import { native } from './native.js';
import type { ConfigProto, MetaGraphDef, SavedModelProto } from './protos.js';
import { decodeMessage } from './protos.js';
import { newSessionOptions, Session } from './session.js';
import type { Signature } from './signature.js';
import { readSignatures } from './signature.js';
import { TensorflowError, withStatusAsync } from './status.js';
import { wireFields } from './wire.js';

/** Field number in MetaGraphDef. */
const GRAPH_DEF = 2;

export interface LoadSavedModelOptions {
  /** The tags of the graph to load, all of them. Default: `serve`. */
  readonly tags?: readonly string[];
  readonly config?: ConfigProto;
}

/** A SavedModel in memory, its variables restored. */
export interface LoadedSavedModel extends AsyncDisposable {
  readonly graph: Graph;
  readonly session: Session;
  readonly signatures: ReadonlyMap<string, Signature>;
  /** The rest of what the file says; the nodes are left to `graph`. */
  readonly metaGraph: MetaGraphDef;
  /** Cancels what is running and frees session and graph. Calling it again does nothing. */
  dispose(): Promise<void>;
}

/**
 * Loads a SavedModel and restores its variables, off the JavaScript thread.
 *
 * @param directory Holds saved_model.pb.
 * @throws NativeError when there is no such model, no graph with these tags, an op of its graph is not registered,
 *   or TensorFlow cannot load it.
 */
export async function loadSavedModel(
  directory: string,
  { tags = ['serve'], config }: LoadSavedModelOptions = {},
): Promise<LoadedSavedModel> {
  checkDirectory(directory);
  const graph = new Graph();
  try {
    const { session, metaGraph } = await load(graph, directory, tags, config);
    const signatures = readSignatures(metaGraph.signature_def ?? {});
    const dispose = async (): Promise<void> => {
      await session.close();
      graph.dispose();
    };
    return { graph, session, signatures, metaGraph, dispose, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    graph.dispose();
    if (!(error instanceof TensorflowError)) throw error;
    throw new NativeError(`saved model ${directory}: ${explain(directory, tags, error)}`, { cause: error });
  }
}

/**
 * What saved_model.pb holds, without loading it into TensorFlow.
 *
 * @throws NativeError when it is missing or is no SavedModel.
 */
export function readSavedModel(directory: string): SavedModelProto {
  checkDirectory(directory);
  const file = join(directory, 'saved_model.pb');
  try {
    return decodeMessage('SavedModel', readFileSync(file));
  } catch (error) {
    throw new NativeError(`saved model: ${file} cannot be read: ${reason(error)}`, { cause: error });
  }
}

/**
 * Whether a SavedModel uses ops that are not registered in this process.
 *
 * @throws NativeError when it is missing or is no SavedModel.
 */
export function hasUnregisteredOps(directory: string): boolean {
  const graphs = readSavedModel(directory).meta_graphs ?? [];
  return graphs.some(({ graph_def }) => unregisteredOps(graph_def ?? {}).length > 0);
}

/** The op libraries in a SavedModel's assets folder, sorted. */
export function modelOpLibraries(directory: string): readonly string[] {
  const assets = join(directory, 'assets');
  if (!existsSync(assets)) return [];
  return readdirSync(assets, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.so(\.\d+)*$/.test(file))
    .sort()
    .map((file) => join(assets, file));
}

async function load(
  graph: Graph,
  directory: string,
  tags: readonly string[],
  config: ConfigProto | undefined,
): Promise<{ session: Session; metaGraph: MetaGraphDef }> {
  const api = native();
  const options = newSessionOptions(config === undefined ? {} : { config });
  const buffer = api.TF_NewBuffer();
  try {
    const handle = await withStatusAsync<Handle<'TF_Session'>>((status, done) => {
      const known = [options, null, directory, tags, tags.length, graph.handle, buffer, status] as const;
      api.TF_LoadSessionFromSavedModel.async(...known, done);
    });
    const session = new Session(graph, handle);
    const bytes = bufferBytes(buffer);
    // TensorFlow loads such a model without a word, to fail at the first run.
    const isIncomplete =
      !existsSync(join(directory, 'variables', 'variables.index')) &&
      hasVariables(decodeMessage('MetaGraphDef', bytes));
    if (isIncomplete) {
      await session.close();
      throw new NativeError(
        `saved model ${directory}: its variables are damaged or incomplete: expected variables/variables.index, which is not there; export the model again`,
      );
    }
    return { session, metaGraph: decodeMessage('MetaGraphDef', withoutGraph(bytes)) };
  } finally {
    api.TF_DeleteBuffer(buffer);
    api.TF_DeleteSessionOptions(options);
  }
}

/** The nodes are most of a model, and decoding them would keep the JavaScript thread busy. */
function withoutGraph(metaGraph: Uint8Array): Uint8Array {
  const rest = wireFields(metaGraph).filter(({ number }) => number !== GRAPH_DEF);
  return Buffer.concat(rest.map(({ raw }) => raw));
}

function hasVariables({ graph_def: graph }: MetaGraphDef): boolean {
  return (graph?.node ?? []).some(({ op }) => op === 'VarHandleOp' || op === 'VariableV2');
}

function checkDirectory(directory: string): void {
  if (existsSync(join(directory, 'saved_model.pb')) || existsSync(join(directory, 'saved_model.pbtxt')))
    return;
  const found = existsSync(directory)
    ? `which holds ${list(readdirSync(directory).sort().slice(0, 10)) || 'nothing'}`
    : 'which does not exist';
  throw new NativeError(
    `saved model: expected a folder with saved_model.pb, received ${directory}, ${found}`,
  );
}

/** Why TensorFlow could not load a model, in words that say what to do about it. */
function explain(directory: string, tags: readonly string[], error: TensorflowError): string {
  let model: SavedModelProto;
  try {
    model = readSavedModel(directory);
  } catch {
    return `saved_model.pb is damaged: ${error.message}; export the model again`;
  }
  const graphs = model.meta_graphs ?? [];
  const tagsOf = (graph: MetaGraphDef): readonly string[] => graph.meta_info_def?.tags ?? [];
  const wanted = graphs.find((graph) => [...tagsOf(graph)].sort().join() === [...tags].sort().join());
  if (wanted === undefined) {
    const near = didYouMean(
      tags.join(),
      graphs.map((graph) => tagsOf(graph).join()),
    );
    return `expected a graph tagged ${list(tags)}, found ${graphs.map((graph) => `[${list(tagsOf(graph))}]`).join(', ') || 'none'}${near}`;
  }
  const missing = unregisteredOps(wanted.graph_def ?? {});
  if (missing.length === 0) {
    const isDamage = ['OUT_OF_RANGE', 'DATA_LOSS', 'NOT_FOUND'].includes(error.code);
    return isDamage
      ? `its variables are damaged or incomplete: ${error.message}; export the model again`
      : error.message;
  }
  const ops = missing.map(({ op, node }) => `${op} (node "${node}")`).join(', ');
  const libraries = modelOpLibraries(directory);
  const remedy =
    libraries.length > 0
      ? `load the op libraries that travel with the model first: ${list(libraries)}`
      : 'its assets folder holds no op library; load the one that registers them first';
  return `uses ops that are not registered: ${ops}; ${remedy}`;
}

function list(words: readonly string[]): string {
  return words.join(', ');
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
