import { shapeProto } from './attributes.js';
import { DTYPES } from './dtype.js';
import type { ExportedGraph } from './export_graph.js';
import type { Operation, Output } from './graph.js';
import type { SignatureDef, TensorInfo } from './protos.js';
import { encodeMessage } from './protos.js';
import { encodeField } from './wire.js';

/** A signature of a model to be written. */
export interface SignatureOutputs {
  /** Default: `tensorflow/serving/predict`. */
  readonly methodName?: string;
  /** Keyed by the name that callers use. */
  readonly inputs: ReadonlyMap<string, Output>;
  readonly outputs: ReadonlyMap<string, Output>;
}

/** A variable as Python finds it in the collections of a graph. */
export interface VariableNodes {
  readonly handle: Output;
  readonly initialValue: Output;
  readonly initializer: Operation;
  readonly snapshot: Output;
  readonly trainable: boolean;
}

/** A file in `assets/`, and the string constant that TensorFlow sets to where it is. */
export interface AssetNode {
  readonly name: string;
  readonly tensor: Output;
}

/** All that the message of a SavedModel with one graph is made of. */
export interface SavedModelParts {
  readonly graph: ExportedGraph;
  readonly tags: readonly string[];
  readonly metaGraphVersion: string;
  readonly tensorflowVersion: string;
  readonly signatures: ReadonlyMap<string, SignatureOutputs>;
  readonly saver: { readonly filename: Output; readonly save: Output; readonly restore: Operation } | null;
  readonly variables: readonly VariableNodes[];
  readonly assets: readonly AssetNode[];
  readonly mainOp: Operation | null;
}

// Field numbers of SavedModel, MetaGraphDef and MetaInfoDef.
const SAVED_MODEL = { metaGraphs: 2 };
const META_GRAPH = { metaInfo: 1, graphDef: 2 };
const META_INFO = { strippedOpList: 2 };

/** The content of saved_model.pb. */
export function encodeSavedModel(parts: SavedModelParts): Uint8Array {
  const metaInfo = encodeMessage('MetaGraphDef', {
    meta_info_def: {
      meta_graph_version: parts.metaGraphVersion,
      tags: parts.tags,
      tensorflow_version: parts.tensorflowVersion,
      stripped_default_attrs: true,
    },
  });
  const rest = encodeMessage('MetaGraphDef', {
    ...(parts.saver !== null && { saver_def: saverDef(parts.saver) }),
    collection_def: collections(parts),
    signature_def: Object.fromEntries(
      [...parts.signatures].map(([name, each]) => [name, signatureDef(each)]),
    ),
  });
  // A field that is a message may come in pieces, which the reader merges: graph and ops stay as TensorFlow wrote them.
  const metaGraph = Buffer.concat([
    metaInfo,
    encodeField(META_GRAPH.metaInfo, encodeField(META_INFO.strippedOpList, parts.graph.opList)),
    encodeField(META_GRAPH.graphDef, parts.graph.graphDef),
    rest,
  ]);
  const version = encodeMessage('SavedModel', { saved_model_schema_version: 1 });
  return Buffer.concat([version, encodeField(SAVED_MODEL.metaGraphs, metaGraph)]);
}

function saverDef(saver: NonNullable<SavedModelParts['saver']>): Record<string, string | number | boolean> {
  return {
    filename_tensor_name: saver.filename.name,
    save_tensor_name: saver.save.name,
    restore_op_name: saver.restore.name,
    max_to_keep: 5,
    sharded: true,
    keep_checkpoint_every_n_hours: 10000,
    version: 'V2',
  };
}

function collections({ variables, assets, mainOp }: SavedModelParts): Record<string, object> {
  const defs = variables.map((variable) => ({ bytes: variableDef(variable), trainable: variable.trainable }));
  const trainable = defs.filter((def) => def.trainable);
  const entries: [string, object, boolean][] = [
    ['variables', { bytes_list: { value: defs.map(({ bytes }) => bytes) } }, defs.length > 0],
    [
      'trainable_variables',
      { bytes_list: { value: trainable.map(({ bytes }) => bytes) } },
      trainable.length > 0,
    ],
    ['asset_filepaths', { node_list: { value: assets.map(({ tensor }) => tensor.name) } }, assets.length > 0],
    ['saved_model_assets', { any_list: { value: assets.map(assetAny) } }, assets.length > 0],
    ['saved_model_main_op', { node_list: { value: [mainOp?.name ?? ''] } }, mainOp !== null],
  ];
  return Object.fromEntries(entries.filter(([, , isUsed]) => isUsed).map(([key, value]) => [key, value]));
}

function variableDef(variable: VariableNodes): Uint8Array {
  return encodeMessage('VariableDef', {
    variable_name: variable.handle.name,
    initial_value_name: variable.initialValue.name,
    initializer_name: variable.initializer.name,
    snapshot_name: variable.snapshot.name,
    is_resource: true,
    trainable: variable.trainable,
  });
}

function assetAny({ name, tensor }: AssetNode): object {
  // AssetFileDef: the tensor's name is field 1 of its TensorInfo.
  const info = encodeField(1, encodeField(1, tensor.name));
  return {
    type_url: 'type.googleapis.com/tensorflow.AssetFileDef',
    value: Buffer.concat([info, encodeField(2, name)]),
  };
}

function signatureDef({ methodName, inputs, outputs }: SignatureOutputs): SignatureDef {
  return {
    method_name: methodName ?? 'tensorflow/serving/predict',
    inputs: tensorInfos(inputs),
    outputs: tensorInfos(outputs),
  };
}

function tensorInfos(tensors: ReadonlyMap<string, Output>): Record<string, TensorInfo> {
  const info = (output: Output): TensorInfo => ({
    name: output.name,
    dtype: DTYPES[output.dtype].code,
    tensor_shape: shapeProto(output.shape),
  });
  return Object.fromEntries([...tensors].map(([alias, output]) => [alias, info(output)]));
}
