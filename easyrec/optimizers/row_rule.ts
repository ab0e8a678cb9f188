/** A slot of an optimizer: state beside each variable. */
export interface SlotSpec {
  /** Its name is `<variable>/<suffix>`. */
  readonly suffix: string;
  /** What all its elements start from. */
  readonly initial: number;
  /** Whether it holds one number a row, `[rows, 1]`, rather than the shape of its table. Default: no. */
  readonly perRow?: boolean;
}

/**
 * What an optimizer does to a looked-up row of an embedding table, for engines with kernels of their own. All
 * parameters are float32 numbers of the formulas in the optimizer's file.
 */
export type RowRule = { readonly slots: readonly SlotSpec[] } & (
  | { readonly kind: 'sgd' }
  | { readonly kind: 'momentum'; readonly momentum: number; readonly nesterov: boolean }
  | {
      readonly kind: 'adam';
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      /** Whether rows move at every step, by their momentum where no lookup touched them. */
      readonly everyStep: boolean;
    }
  | {
      /** As `adam`; before it moves, a looked-up row loses `weightDecay` of itself. */
      readonly kind: 'adamw';
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly everyStep: boolean;
      readonly weightDecay: number;
    }
  | { readonly kind: 'momentumw'; readonly momentum: number; readonly weightDecay: number }
  | { readonly kind: 'adagrad' }
  | { readonly kind: 'rowwise_adagrad'; readonly epsilon: number }
  | {
      readonly kind: 'ftrl';
      readonly learningRatePower: number;
      readonly l1: number;
      readonly l2: number;
      readonly l2Shrinkage: number;
    }
  | {
      readonly kind: 'rms_prop';
      readonly decay: number;
      readonly momentum: number;
      readonly epsilon: number;
    }
);

/** The numbers of a rule, in the order in which native kernels take them. */
export function ruleParameters(rule: RowRule): readonly number[] {
  switch (rule.kind) {
    case 'sgd':
    case 'adagrad':
      return [];
    case 'momentum':
      return [rule.momentum, Number(rule.nesterov)];
    case 'adam':
      return [rule.beta1, rule.beta2, rule.epsilon, Number(rule.everyStep)];
    case 'adamw':
      return [rule.beta1, rule.beta2, rule.epsilon, Number(rule.everyStep), rule.weightDecay];
    case 'momentumw':
      return [rule.momentum, rule.weightDecay];
    case 'rowwise_adagrad':
      return [rule.epsilon];
    case 'ftrl':
      return [rule.learningRatePower, rule.l1, rule.l2, rule.l2Shrinkage];
    case 'rms_prop':
      return [rule.decay, rule.momentum, rule.epsilon];
  }
}
