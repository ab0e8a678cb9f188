import { IndexedSlices } from '../tf/grad/indexed_slices.js';
import type { Operation, Variable, Variables } from '../tf/index.js';
import {
  ADAM_EPSILON,
  type AdamBetas,
  type AdamScalars,
  adamScalars,
  adamStep,
  advancePowers,
  initialPower,
} from './adam_step.js';
import type { RowRule, SlotSpec } from './row_rule.js';
import { createSlots } from './slots.js';
import type { Optimizer, VariableGradient } from './types.js';
import { decayWeights } from './weight_decay.js';

/** What tells the members of the family of Adam apart. */
export interface AdamOptions extends AdamBetas {
  /** Whether all rows of a table move at every step, rather than those alone that it looked up. */
  readonly everyStep: boolean;
  /** What part of themselves weights lose before each move; null for none. */
  readonly weightDecay: number | null;
  /** TensorFlow's name of the optimizer, which its slots have. */
  readonly name: string;
}

/**
 * Adam (arXiv:1412.6980, in the form of its section 2's last paragraph, as TensorFlow computes it):
 *
 *     m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2
 *     w = w - lr sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + 1e-8)
 *
 * Rows of embedding tables move at every step, by their momentum where no lookup touched them, as in TensorFlow; or,
 * without `everyStep`, only at the steps that look them up. State: `<variable>/<name>` (m),
 * `<variable>/<name>_1` (v), `beta1_power` and `beta2_power`, as in TensorFlow's checkpoints.
 */
export function adamFamily(options: AdamOptions): Optimizer {
  const { name } = options;
  const slots = adamSlots(name);
  return {
    rowRule: rowRule(options),
    apply({ variables, learningRate, rowUpdates = () => [] }, gradients) {
      const { graph } = variables;
      const powers = {
        beta1: power(variables, 'beta1_power', options.beta1),
        beta2: power(variables, 'beta2_power', options.beta2),
      };
      const updates = graph.scope(name, () => {
        const scalars = adamScalars(learningRate, powers, options);
        const moved = gradients.flatMap((pair) => {
          const moments = createSlots(variables, pair.variable, slots);
          return move(pair, moments, { scalars, options });
        });
        return [...moved, ...rowUpdates(scalars.corrected)];
      });
      // Once every update has read beta^t.
      return [...updates, ...graph.withControl(updates, () => advancePowers(powers, options))];
    },
  };
}

/** The two moments: `[<variable>/<name>, <variable>/<name>_1]`. */
export function adamSlots(name: string): readonly [SlotSpec, SlotSpec] {
  return [
    { suffix: name, initial: 0 },
    { suffix: `${name}_1`, initial: 0 },
  ];
}

function rowRule({ name, beta1, beta2, everyStep, weightDecay }: AdamOptions): RowRule {
  const common = { slots: adamSlots(name), beta1, beta2, epsilon: ADAM_EPSILON, everyStep };
  return weightDecay === null ? { kind: 'adam', ...common } : { kind: 'adamw', ...common, weightDecay };
}

interface MoveParts {
  readonly scalars: AdamScalars;
  readonly options: AdamOptions;
}

function move(
  pair: VariableGradient,
  moments: readonly [Variable, Variable],
  { scalars, options: { everyStep, weightDecay } }: MoveParts,
): readonly Operation[] {
  const decay = weightDecay === null ? [] : [decayWeights(pair, weightDecay)];
  const full = everyStep ? densified(pair) : pair;
  return [...decay, ...pair.variable.graph.withControl(decay, () => adamStep(full, moments, scalars))];
}

/** A gradient of single rows as one of the whole variable: the other rows move too, at a gradient of 0. */
function densified({ variable, gradient }: VariableGradient): VariableGradient {
  return { variable, gradient: gradient instanceof IndexedSlices ? gradient.toDense() : gradient };
}

/** Numbered, as TensorFlow does it, where another Adam has its powers already. */
function power(variables: Variables, name: string, beta: number): Variable {
  let free = name;
  for (let other = 1; variables.find(free) !== undefined; other++) free = `${name}_${other}`;
  return variables.create(free, { shape: [], initializer: initialPower(beta), trainable: false });
}
