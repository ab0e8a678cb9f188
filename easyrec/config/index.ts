export {
  applyEdits,
  type ConfigEdit,
  parseDottedEdits,
  parseEditConfigJson,
  parseHpoParams,
} from './edit.js';
export { expandRange } from './expand.js';
export * from './expression.js';
export {
  type CallableText,
  parseCallable,
  parseExpression,
  parseLambda,
  parseSlice,
} from './expression_parser.js';
export type * from './generated/types.js';
export {
  featureConfigs,
  featureName,
  type LoadOptions,
  loadPipelineConfig,
  type PipelineConfig,
  pipelineConfigFromText,
  printConfig,
} from './load.js';
export {
  defaultMessage,
  has,
  locationOf,
  messageName,
  type OneofCase,
  oneofCase,
  parseMessage,
  type PlainData,
  type PlainObject,
  structToPlain,
  valueToPlain,
} from './message.js';
export { checkSupported, SUPPORT } from './support/index.js';
