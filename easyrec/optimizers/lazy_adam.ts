import type { LazyAdamOptimizer } from '../config/generated/types.js';
import { adamFamily } from './adam_family.js';
import type { Optimizer } from './types.js';

/** `lazy_adam_optimizer`: Adam that moves rows of tables only at the steps that look them up. */
export function lazyAdam({ beta1, beta2 }: LazyAdamOptimizer): Optimizer {
  return adamFamily({ beta1, beta2, everyStep: false, weightDecay: null, name: 'Adam' });
}
