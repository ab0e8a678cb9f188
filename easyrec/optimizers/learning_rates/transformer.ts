import type { TransformerLearningRate } from '../../config/generated/types.js';
import { expectField } from '../expect_field.js';
import type { LearningRate } from './types.js';

/**
 * `base hidden_size^-0.5 min((s + 1) w^-1.5, (s + 1)^-0.5)` with s the step and w the `warmup_steps`, both times
 * `step_scaling_rate` (arXiv:1706.03762, equation 3).
 *
 * @throws ConfigError for a hidden size below 1, warm-up steps or a scaling below 0
 */
export function transformer(config: TransformerLearningRate): LearningRate {
  const {
    learning_rate_base: base,
    hidden_size: size,
    warmup_steps: steps,
    step_scaling_rate: scale,
  } = config;
  expectField(config, 'hidden_size', size >= 1, 'a whole number from 1');
  expectField(config, 'warmup_steps', steps >= 0, 'a whole number from 0');
  expectField(config, 'step_scaling_rate', scale >= 0, '0 or more');
  const rise = (steps * scale) ** -1.5;
  return (step) => {
    const scaled = step * scale + 1;
    return base * size ** -0.5 * Math.min(scaled * rise, scaled ** -0.5);
  };
}
