import type { RowRule } from '../../optimizers/index.js';

/** The numbers of a rule in the order in which the native store takes them (ops/embedding_store/rules.h). */
export function ruleParameters(rule: RowRule): readonly number[] {
  switch (rule.kind) {
    case 'adam':
      return [rule.beta1, rule.beta2, rule.epsilon, rule.everyStep ? 1 : 0];
    case 'adagrad':
      return [];
  }
}
