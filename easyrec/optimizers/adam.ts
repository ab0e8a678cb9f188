import type { AdamOptimizer } from '../config/generated/types.js';
import { adamFamily } from './adam_family.js';
import type { Optimizer } from './types.js';

/** `adam_optimizer`: Adam as TensorFlow has it, which moves every row of every table at every step. */
export function adam({ beta1, beta2 }: AdamOptimizer): Optimizer {
  return adamFamily({ beta1, beta2, everyStep: true, weightDecay: null, name: 'Adam' });
}
