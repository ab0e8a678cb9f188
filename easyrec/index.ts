// What a plugin, or a program that embeds the toolkit, imports from `easyrec`.

export type { ComponentContext } from './components/context.js';
export type { Plugin } from './components/define_plugin.js';
export { definePlugin } from './components/define_plugin.js';
export { evaluateLambda } from './components/lambda/evaluate.js';
export type { Param, Range } from './components/params/param.js';
export { param } from './components/params/param.js';
export type { ConfigOf, ParamTable } from './components/params/read.js';
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
export { ConfigError, DataError, GraphError, NativeError, UserError } from './errors.js';
export type { Activation } from './layers/activations.js';
export { activationNamed } from './layers/activations.js';
export type { BatchNormOptions } from './layers/batch_norm.js';
export { batchNorm } from './layers/batch_norm.js';
export type { BuildContext, Mode } from './layers/context.js';
export type { DenseOptions } from './layers/dense.js';
export { dense } from './layers/dense.js';
export { dropout } from './layers/dropout.js';
export { initializerNamed } from './layers/initializer_names.js';
export type { LayerNormOptions } from './layers/layer_norm.js';
export { layerNorm } from './layers/layer_norm.js';
export type { Log } from './log.js';
export type { GradientRules } from './tf/grad/index.js';
export { broadcasting, gradients, IndexedSlices, passThrough } from './tf/grad/index.js';
