import type { PolyDecayLearningRate } from '../../config/generated/types.js';
import { expectField } from '../expect_field.js';
import type { LearningRate } from './types.js';

/**
 * `(base - end) (1 - step / total_steps)^power + end`, and the end after that, as tf.train.polynomial_decay.
 *
 * @throws ConfigError for a decay over less than 1 step, or a power below 0
 */
export function polyDecay(config: PolyDecayLearningRate): LearningRate {
  const { learning_rate_base: base, end_learning_rate: end, total_steps: total, power } = config;
  expectField(config, 'total_steps', total >= 1, 'a whole number from 1');
  expectField(config, 'power', power >= 0, '0 or more');
  return (step) => (base - end) * (1 - Math.min(step, total) / total) ** power + end;
}
