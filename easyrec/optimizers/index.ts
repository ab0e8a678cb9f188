import type { CaseTable } from '../config/case_table.js';
import type {
  LearningRate as LearningRateConfig,
  Optimizer as OptimizerConfig,
} from '../config/generated/types.js';
import { adagrad } from './adagrad.js';
import { adam } from './adam.js';
import { adamAsync } from './adam_async.js';
import { adamAsyncW } from './adam_asyncw.js';
import { adamW } from './adamw.js';
import { ftrl } from './ftrl.js';
import { lazyAdam } from './lazy_adam.js';
import { constant } from './learning_rates/constant.js';
import { cosineDecay } from './learning_rates/cosine_decay.js';
import { exponentialDecay } from './learning_rates/exponential_decay.js';
import { manualStep } from './learning_rates/manual_step.js';
import { polyDecay } from './learning_rates/poly_decay.js';
import { transformer } from './learning_rates/transformer.js';
import type { LearningRate } from './learning_rates/types.js';
import { momentum } from './momentum.js';
import { momentumW } from './momentumw.js';
import { rmsProp } from './rms_prop.js';
import type { Optimizer } from './types.js';

export { forEmbeddingsAndOthers } from './embedding_optimizer.js';
export { withEmbeddingMultiplier } from './embedding_multiplier.js';
export { withFrozen } from './frozen_variables.js';
export { withClipping } from './gradient_clipping.js';
export type { LearningRate } from './learning_rates/types.js';
export { type RowRule, ruleParameters, type SlotSpec } from './row_rule.js';
export type { Optimizer, UpdateContext, VariableGradient } from './types.js';

/** Optimizers by their name in `optimizer_config`. */
export const OPTIMIZERS = {
  adam_optimizer: adam,
  lazy_adam_optimizer: lazyAdam,
  adamw_optimizer: adamW,
  adam_async_optimizer: adamAsync,
  adam_asyncw_optimizer: adamAsyncW,
  adagrad_optimizer: adagrad,
  momentum_optimizer: momentum,
  momentumw_optimizer: momentumW,
  rms_prop_optimizer: rmsProp,
  ftrl_optimizer: ftrl,
} as const satisfies CaseTable<OptimizerConfig, 'optimizer', Optimizer>;

/** Learning rates by their name in `learning_rate`. */
export const LEARNING_RATES = {
  constant_learning_rate: constant,
  exponential_decay_learning_rate: exponentialDecay,
  manual_step_learning_rate: manualStep,
  cosine_decay_learning_rate: cosineDecay,
  poly_decay_learning_rate: polyDecay,
  transformer_learning_rate: transformer,
} as const satisfies CaseTable<LearningRateConfig, 'learning_rate', LearningRate>;
