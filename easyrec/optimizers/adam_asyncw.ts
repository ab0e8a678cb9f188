import type { AdamAsyncWOptimizer } from '../config/generated/types.js';
import { adamAsyncFamily } from './adam_async_family.js';
import type { Optimizer } from './types.js';

/** `adam_asyncw_optimizer`: as `adam_async_optimizer`; what moves loses `weight_decay` of itself before. */
export function adamAsyncW({ beta1, beta2, weight_decay: weightDecay }: AdamAsyncWOptimizer): Optimizer {
  return adamAsyncFamily({ beta1, beta2, weightDecay, name: 'AdamAsyncW' });
}
