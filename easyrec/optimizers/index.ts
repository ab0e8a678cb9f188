import { adagrad } from './adagrad.js';
import { adam, type AdamConfig } from './adam.js';
import { constant, exponentialDecay } from './learning_rate.js';

export type { LearningRate } from './learning_rate.js';
export type { Optimizer, RowRule, SlotSpec, UpdateContext, VariableGradient } from './types.js';

/** Optimizers by their name in `optimizer_config`. */
export const OPTIMIZERS = {
  adam_optimizer: (config: AdamConfig) => adam(config, { everyStep: true }),
  lazy_adam_optimizer: (config: AdamConfig) => adam(config, { everyStep: false }),
  adagrad_optimizer: adagrad,
} as const;

/** Learning rates by their name in `learning_rate`. */
export const LEARNING_RATES = {
  constant_learning_rate: constant,
  exponential_decay_learning_rate: exponentialDecay,
} as const;
