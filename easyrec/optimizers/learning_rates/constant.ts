import type { ConstantLearningRate } from '../../config/generated/types.js';
import type { LearningRate } from './types.js';

/** The same rate at every step. */
export function constant({ learning_rate: rate }: ConstantLearningRate): LearningRate {
  return () => rate;
}
