/**
 * What a plugin, or a program that embeds the toolkit, imports from `easyrec`. Tensors, graphs and the functions that
 * build them (`ops`) come from `easyrec/tf`.
 *
 * - A plugin: `defineComponent` with `param` for each component, gradient rules for its native ops, `definePlugin`
 *   around both. docs/custom_op.md is the tutorial.
 * - A program: `loadPipelineConfig`, `planModel`, then `train`, `evaluateCheckpoint`, `exportCheckpoint`; `predictFile`
 *   and `startServer` take an exported model.
 *
 * @module
 */

// Components and plugins
export type { ComponentContext } from './components/context.js';
export type { Plugin } from './components/define_plugin.js';
export { definePlugin } from './components/define_plugin.js';
export { evaluateLambda } from './components/lambda/evaluate.js';
export type { Param, Range } from './components/params/param.js';
export { param } from './components/params/param.js';
export type { ConfigOf, ParamTable } from './components/params/read.js';
export type { LoadedPlugin } from './components/plugin.js';
export { loadPlugin } from './components/plugin.js';
export type { BlockScope, Component, ComponentDefinition } from './components/types.js';
export { defineComponent } from './components/types.js';
export type { BlockValue } from './components/value.js';
export {
  describeValue,
  elementsOf,
  expectTensor,
  expectTensors,
  lastDimension,
  Tuple,
} from './components/value.js';
export { parseLambda } from './config/expression_parser.js';

// Layers
export type { Activation } from './layers/activations.js';
export { activationNamed } from './layers/activations.js';
export type { BatchNormOptions } from './layers/batch_norm.js';
export { batchNorm } from './layers/batch_norm.js';
export type { BuildContext, Mode } from './layers/context.js';
export type { DenseOptions } from './layers/dense.js';
export { dense } from './layers/dense.js';
export { dropout } from './layers/dropout.js';
export { initializerNamed } from './layers/initializer_names.js';
export {
  constantValue,
  glorotNormal,
  glorotUniform,
  normal,
  ones,
  truncatedNormal,
  uniform,
  zeros,
} from './layers/initializers.js';
export type { LayerNormOptions } from './layers/layer_norm.js';
export { layerNorm } from './layers/layer_norm.js';

// Gradient rules
export type {
  BroadcastingRule,
  CheckedInput,
  Gradient,
  GradientCheck,
  GradientReport,
  GradientRule,
  GradientRules,
  OutputGradients,
  RuleFunction,
} from './tf/grad/index.js';
export {
  broadcasting,
  checkGradients,
  gradients,
  IndexedSlices,
  measureGradients,
  passThrough,
} from './tf/grad/index.js';

// From a config to a served model
export type { ConfigEdit } from './config/edit.js';
export { parseEditConfigJson } from './config/edit.js';
export type { LoadOptions, PipelineConfig } from './config/load.js';
export { loadPipelineConfig } from './config/load.js';
export type { ExportCheckpointOptions } from './export/export_checkpoint.js';
export { exportCheckpoint } from './export/export_checkpoint.js';
export type { RunningServer, ServerOptions } from './serving/server.js';
export { startServer } from './serving/server.js';
export type { BuildOpOptions, BuiltOp } from './setup/build_op.js';
export { buildOp } from './setup/build_op.js';
export type { CheckpointEvaluation, EvaluateOptions } from './train/evaluate_checkpoint.js';
export { evaluateCheckpoint } from './train/evaluate_checkpoint.js';
export type { Evaluation } from './train/evaluator.js';
export type { ModelPlan, PlanOptions } from './train/model_plan.js';
export { planModel } from './train/model_plan.js';
export type { Prediction, PredictOptions } from './train/predictor.js';
export { predictFile } from './train/predictor.js';
export type { TrainResult, TrainSettings } from './train/trainer.js';
export { train } from './train/trainer.js';

// Errors and messages
export type { SourceLocation } from './errors.js';
export { ConfigError, DataError, GraphError, NativeError, UserError } from './errors.js';
export type { Log } from './log.js';
export { SILENT_LOG } from './log.js';
