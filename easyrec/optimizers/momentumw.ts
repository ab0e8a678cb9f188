import type { MomentumWOptimizer } from '../config/generated/types.js';
import { momentumFamily } from './momentum_family.js';
import type { Optimizer } from './types.js';

/** `momentumw_optimizer`: as `momentum_optimizer`; what moves loses `weight_decay` of itself before. */
export function momentumW(config: MomentumWOptimizer): Optimizer {
  const { momentum_optimizer_value: momentum, weight_decay: weightDecay } = config;
  return momentumFamily({ momentum, weightDecay, name: 'MomentumW' });
}
