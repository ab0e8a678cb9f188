export type { GradientOptions } from './backprop.js';
export { gradients } from './backprop.js';
export type { CheckedInput, Differentiate, GradientCheck, GradientReport } from './check_gradients.js';
export { checkGradients, measureGradients } from './check_gradients.js';
export { IndexedSlices } from './indexed_slices.js';
export type {
  BroadcastingRule,
  Gradient,
  GradientRule,
  GradientRules,
  LazyGradient,
  OutputGradients,
  PassThroughRule,
  RuleFunction,
} from './rule.js';
export { broadcasting, passThrough } from './rule.js';
export { RULES } from './rules.js';
