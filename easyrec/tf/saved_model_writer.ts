import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { partialPath, syncPath, writeProblem } from '../atomic_files.js';
import { GraphError, UserError } from '../errors.js';
import type { SavedVariable, Saver } from './checkpoint_saver.js';
import { addSaver } from './checkpoint_saver.js';
import { saveVariables } from './checkpoint_writer.js';
import { exportGraph } from './export_graph.js';
import type { Graph, Operation, Output } from './graph.js';
import { native } from './native.js';
import { constant, ints } from './ops/array.js';
import { assign, readVariable } from './ops/state.js';
import type { AssetNode, SignatureOutputs, VariableNodes } from './saved_model_proto.js';
import { encodeSavedModel } from './saved_model_proto.js';
import type { Session } from './session.js';
import { scalar } from './tensor.js';

/** A variable that goes into a SavedModel. */
export interface ExportedVariable extends SavedVariable {
  readonly trainable: boolean;
}

/** A file that goes into a SavedModel's `assets/`. */
export type Asset = {
  /** Where in `assets/` it goes; may name folders. */
  readonly name: string;
  /** The string constant of the graph that holds its path. Default: one is added. */
  readonly tensor?: Output;
} & ({ readonly source: string } | { readonly content: string | Uint8Array });

/** A file that goes into a SavedModel's `assets.extra/`, of which its graph knows nothing. */
export interface ExtraFile {
  /** Where in `assets.extra/` it goes; may name folders. */
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** What goes into a SavedModel. */
export interface SavedModelContent {
  /** Holds the values of the variables; its graph is written. Nodes to restore them are added to it. */
  readonly session: Session;
  readonly variables: readonly ExportedVariable[];
  readonly signatures: ReadonlyMap<string, SignatureOutputs>;
  /** Default: none. */
  readonly assets?: readonly Asset[];
  /** Default: none. */
  readonly extraFiles?: readonly ExtraFile[];
  /** Default: `serve`. */
  readonly tags?: readonly string[];
  /** Default: none. */
  readonly metaGraphVersion?: string;
  /** Run when the model has been loaded, to fill lookup tables. Default: none. */
  readonly mainOp?: Operation;
  /** What restores the variables. Default: a saver is added to the graph. */
  readonly saver?: Saver;
}

/**
 * Writes a SavedModel that TensorFlow 2.12 and later load: what the signatures need of the session's graph, and the
 * variables. It is written beside and renamed: whenever the process is killed, there is a whole model or none.
 *
 * @param directory Must not exist; the folders above it are made.
 * @throws UserError when it exists, the disk is full, or an asset cannot be read; nothing is left behind then.
 */
export async function writeSavedModel(directory: string, content: SavedModelContent): Promise<void> {
  if (existsSync(directory)) {
    throw new UserError(`saved model: expected a new folder, received ${directory}, which exists`);
  }
  const assets = checkedAssets(content.assets ?? []);
  const extraFiles = checkedAssets(content.extraFiles ?? []);
  const { saver, bytes } = prepare(content, assets);
  const partial = partialPath(normalize(join(directory, '.')).replace(/\/$/, ''));
  try {
    await mkdir(partial, { recursive: true });
    if (saver !== null) {
      await mkdir(join(partial, 'variables'));
      await saveVariables(content.session, saver, join(partial, 'variables/variables'));
    }
    for (const asset of assets) await writeAsset(join(partial, 'assets', asset.name), asset);
    for (const file of extraFiles) await writeAsset(join(partial, 'assets.extra', file.name), file);
    await writeFile(join(partial, 'saved_model.pb'), bytes);
    await syncTree(partial);
    await rename(partial, directory);
    await syncPath(dirname(directory));
  } catch (error) {
    throw writeProblem(directory, error);
  } finally {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Adds the nodes that a SavedModel needs beside the model's own, and encodes all of them. */
function prepare(
  content: SavedModelContent,
  assets: readonly Asset[],
): { saver: Saver | null; bytes: Uint8Array } {
  const { session, variables, signatures, tags = ['serve'], metaGraphVersion = '', mainOp } = content;
  const { graph } = session;
  const saver = variables.length === 0 ? null : (content.saver ?? addSaver(graph, variables));
  const nodes = variables.map((variable) => variableNodes(graph, variable));
  const assetNodes = assets.map((asset) => assetNode(graph, asset));
  const tensors = [...signatures.values()].flatMap(({ inputs, outputs }) => [
    ...inputs.values(),
    ...outputs.values(),
  ]);
  const roots = [
    ...tensors.map(({ op }) => op),
    ...nodes.flatMap(({ snapshot, initialValue, initializer }) => [
      snapshot.op,
      initialValue.op,
      initializer,
    ]),
    ...assetNodes.map(({ tensor }) => tensor.op),
    ...(saver === null ? [] : [saver.filename.op, saver.save.op, saver.restore]),
    ...(mainOp === undefined ? [] : [mainOp]),
  ];
  const exported = exportGraph(graph, roots);
  const bytes = encodeSavedModel({
    graph: exported,
    tags,
    metaGraphVersion,
    tensorflowVersion: native().TF_Version(),
    signatures,
    saver,
    variables: nodes,
    assets: assetNodes,
    mainOp: mainOp ?? null,
  });
  return { saver, bytes };
}

/** What Python needs of a variable; it starts as zeros there until it is restored, whatever it starts as here. */
function variableNodes(
  graph: Graph,
  { name, dtype, shape, handle, trainable }: ExportedVariable,
): VariableNodes {
  return graph.rootScope(() =>
    graph.scope(name, () => {
      const zero = constant(graph, dtype, dtype === 'string' ? '' : dtype === 'bool' ? false : 0);
      const options = { name: 'Initializer/zeros' };
      const initialValue = graph.op('Fill', [ints(graph, shape), zero], {}, options).output();
      const initializer = assign(handle, initialValue);
      return { handle, initialValue, initializer, snapshot: readVariable(handle, dtype), trainable };
    }),
  );
}

function assetNode(graph: Graph, { name, tensor }: Asset): AssetNode {
  if (tensor !== undefined) return { name, tensor };
  using content = scalar('string', name);
  const node = graph.rootScope(() =>
    graph.op('Const', [], { dtype: 'string', value: content }, { name: 'asset_path' }),
  );
  return { name, tensor: node.output() };
}

function checkedAssets<A extends Asset>(assets: readonly A[]): readonly A[] {
  const names = new Set<string>();
  for (const asset of assets) {
    const { name } = asset;
    if (isAbsolute(name) || name === '' || normalize(name).split('/').includes('..')) {
      throw new GraphError(`asset: expected a name within the folder assets, received "${name}"`);
    }
    if (names.has(normalize(name)))
      throw new UserError(`asset: expected distinct names, received "${name}" twice`);
    names.add(normalize(name));
    if ('source' in asset && !existsSync(asset.source)) {
      throw new UserError(`asset "${name}": no such file: ${asset.source}`);
    }
  }
  return assets;
}

async function writeAsset(path: string, asset: Asset): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if ('source' in asset) await copyFile(asset.source, path);
  else await writeFile(path, asset.content);
}

async function syncTree(directory: string): Promise<void> {
  for (const name of await readdir(directory, { recursive: true })) await syncPath(join(directory, name));
  await syncPath(directory);
}
