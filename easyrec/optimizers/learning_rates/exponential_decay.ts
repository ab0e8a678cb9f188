import type { ExponentialDecayLearningRate } from '../../config/generated/types.js';
import { expectField } from '../expect_field.js';
import type { LearningRate } from './types.js';

/**
 * `initial * factor^((step - burnin_steps) / decay_steps)`, not below the minimum; before that a linear rise from
 * `burnin_learning_rate`, or the initial rate where that is 0.
 *
 * @throws ConfigError for a decay over 0 steps
 */
export function exponentialDecay(config: ExponentialDecayLearningRate): LearningRate {
  const { initial_learning_rate: initial, burnin_learning_rate: first, burnin_steps: burninSteps } = config;
  expectField(config, 'decay_steps', config.decay_steps >= 1, 'a whole number from 1');
  return (step) => {
    if (step < burninSteps) {
      const rate = first === 0 ? initial : first + ((initial - first) / burninSteps) * step;
      return Math.max(rate, config.min_learning_rate);
    }
    const exact = (step - burninSteps) / config.decay_steps;
    const exponent = config.staircase ? Math.floor(exact) : exact;
    return Math.max(initial * config.decay_factor ** exponent, config.min_learning_rate);
  };
}
