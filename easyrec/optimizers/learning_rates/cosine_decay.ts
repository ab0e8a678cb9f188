import type { CosineDecayLearningRate } from '../../config/generated/types.js';
import { expectField } from '../expect_field.js';
import type { LearningRate } from './types.js';

/**
 * A linear rise over `warmup_steps`, `learning_rate_base` for `hold_base_rate_steps`, then half a cosine down to 0 at
 * `total_steps` (arXiv:1608.03983, equation 5, without restarts), and 0 after it.
 *
 * @throws ConfigError when the warm-up begins above the base, or ends at `total_steps` or after
 */
export function cosineDecay(config: CosineDecayLearningRate): LearningRate {
  const { learning_rate_base: base, total_steps: total, warmup_steps: warmup } = config;
  const first = config.warmup_learning_rate;
  expectField(config, 'warmup_learning_rate', first <= base, `at most learning_rate_base, ${base}`);
  const decayFrom = warmup + config.hold_base_rate_steps;
  // With nothing to hold there must be a step left to decay over.
  const least = config.hold_base_rate_steps > 0 ? warmup : warmup + 1;
  expectField(config, 'total_steps', total >= least, `at least ${least}, after warmup_steps`);
  return (step) => {
    if (step > total) return 0;
    if (step < warmup) return first + ((base - first) / warmup) * step;
    if (step <= decayFrom) return base;
    return 0.5 * base * (1 + Math.cos((Math.PI * (step - decayFrom)) / (total - decayFrom)));
  };
}
