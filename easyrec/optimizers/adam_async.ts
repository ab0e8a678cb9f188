import type { AdamAsyncOptimizer } from '../config/generated/types.js';
import { adamAsyncFamily } from './adam_async_family.js';
import type { Optimizer } from './types.js';

/** `adam_async_optimizer`: Adam with powers of beta of each variable's own, for workers that do not wait. */
export function adamAsync({ beta1, beta2 }: AdamAsyncOptimizer): Optimizer {
  return adamAsyncFamily({ beta1, beta2, weightDecay: null, name: 'AdamAsync' });
}
