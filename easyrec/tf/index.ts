export type { Attrs, AttrValue } from './attributes.js';
export { shapeProto } from './attributes.js';
export type { ArrayOf, DType, NumericDType, TypedArray } from './dtype.js';
export { DTYPES, dtypeOfCode, isFloating, isNumeric } from './dtype.js';
export type { OpInput, OpOptions, Shape } from './graph.js';
export { Graph, Operation, Output } from './graph.js';
export * as ops from './ops/index.js';
export type { LoadedLibrary } from './native.js';
export { loadLibtensorflow } from './native.js';
export { registeredOps } from './op_def.js';
export type { OpLibrary } from './op_library.js';
export { loadedOpLibraries, loadOpLibrary } from './op_library.js';
export type {
  AttrValueProto,
  ConfigProto,
  GraphDef,
  MetaGraphDef,
  NodeDef,
  OpDef,
  RunMetadata,
  SignatureDef,
  TensorInfo,
} from './protos.js';
export { configProtoType, decodeMessage, encodeMessage } from './protos.js';
export type { RunSettings, SessionOptions, Step, StepParts } from './session.js';
export { makeStep, Session } from './session.js';
export type { StatusCode } from './status.js';
export { TensorflowError } from './status.js';
export type { TensorValues } from './tensor.js';
export {
  elementCount,
  isTensorShape,
  scalar,
  stringTensor,
  Tensor,
  tensor,
  tensorFromBytes,
} from './tensor.js';
export type { Initializer, VariableOptions } from './variable.js';
export { nameHash, Variable, Variables } from './variable.js';
export type { OpUse } from './graph_ops.js';
export { opsOfGraph, unregisteredOps } from './graph_ops.js';
export type { LoadedSavedModel, LoadSavedModelOptions } from './saved_model.js';
export { hasUnregisteredOps, loadSavedModel, modelOpLibraries, readSavedModel } from './saved_model.js';
export type { Signature, SignatureTensor } from './signature.js';
export { readSignatures, shapeOfProto, signatureObstacle } from './signature.js';
export type { CheckpointEntry } from './checkpoint.js';
export { checkpointProblem, CheckpointReader, damagedCheckpoint } from './checkpoint.js';
export type { BundleEntry, BundleIndex, WholeEntry } from './bundle/bundle_index.js';
export { bundleEntry, encodeBundleIndex, readBundleIndex, shardFile } from './bundle/bundle_index.js';
export { encodeStrings } from './bundle/string_tensor.js';
export type { SavedVariable, Saver } from './checkpoint_saver.js';
export { addSaver } from './checkpoint_saver.js';
export type { CheckpointInProgress, CheckpointPart, CheckpointState } from './checkpoint_writer.js';
export { checkFits, isAlike } from './checkpoint_fit.js';
export {
  beginCheckpoint,
  restoreCheckpoint,
  writeCheckpoint,
  writeCheckpointState,
} from './checkpoint_writer.js';
export type { ExportedGraph } from './export_graph.js';
export { exportGraph } from './export_graph.js';
export type { SignatureOutputs } from './saved_model_proto.js';
export type { Asset, ExportedVariable, ExtraFile, SavedModelContent } from './saved_model_writer.js';
export { writeSavedModel } from './saved_model_writer.js';
