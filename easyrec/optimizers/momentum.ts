import type { MomentumOptimizer } from '../config/generated/types.js';
import { momentumFamily } from './momentum_family.js';
import type { Optimizer } from './types.js';

/** `momentum_optimizer`: gradient descent with momentum. */
export function momentum({ momentum_optimizer_value: value }: MomentumOptimizer): Optimizer {
  return momentumFamily({ momentum: value, weightDecay: null, name: 'Momentum' });
}
