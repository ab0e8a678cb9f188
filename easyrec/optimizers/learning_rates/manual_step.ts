import type { ManualStepLearningRate } from '../../config/generated/types.js';
import { expectField } from '../expect_field.js';
import { locationOf } from '../../config/message.js';
import { ConfigError } from '../../errors.js';
import type { LearningRate } from './types.js';

/**
 * The initial rate, then from each `schedule.step` on the rate beside it; with `warmup`, a linear rise from the initial
 * rate to the first of the schedule until its step.
 *
 * @throws ConfigError for an empty schedule, or steps that do not rise from 1
 */
export function manualStep(config: ManualStepLearningRate): LearningRate {
  const { initial_learning_rate: initial, schedule, warmup } = config;
  const [first] = schedule;
  if (first === undefined) {
    throw new ConfigError('manual_step_learning_rate: expected a schedule, received none', {
      at: locationOf(config),
    });
  }
  let before = 0;
  for (const entry of schedule) {
    expectField(entry, 'step', entry.step > before, `a whole number from ${before + 1}`);
    before = entry.step;
  }
  return (step) => {
    if (warmup && step < first.step) return initial + ((first.learning_rate - initial) / first.step) * step;
    return schedule.findLast((entry) => step >= entry.step)?.learning_rate ?? initial;
  };
}
