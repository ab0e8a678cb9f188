import type { AdamWOptimizer } from '../config/generated/types.js';
import { adamFamily } from './adam_family.js';
import type { Optimizer } from './types.js';

/**
 * `adamw_optimizer`: Adam, before whose moves weights lose `weight_decay` of themselves; of tables, the rows that a step
 * looked up, while all rows move.
 */
export function adamW({ beta1, beta2, weight_decay: weightDecay }: AdamWOptimizer): Optimizer {
  return adamFamily({ beta1, beta2, everyStep: true, weightDecay, name: 'AdamW' });
}
