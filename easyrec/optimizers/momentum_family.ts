import { IndexedSlices } from '../tf/grad/indexed_slices.js';
import type { Operation } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { SlotSpec } from './row_rule.js';
import { createSlots } from './slots.js';
import { mergeRows } from './sparse_gradient.js';
import type { Optimizer, UpdateContext, VariableGradient } from './types.js';
import { decayWeights } from './weight_decay.js';

/** What tells the optimizers with momentum apart. */
export interface MomentumOptions {
  readonly momentum: number;
  /** What part of themselves weights lose before each move; null for none. */
  readonly weightDecay: number | null;
  /** TensorFlow's name of the optimizer, which its slot has. */
  readonly name: string;
}

/**
 * Gradient descent with momentum: `a = momentum a + g`, `w = w - lr a`.
 *
 * Rows of embedding tables move only at the steps that look them up. State: `<variable>/<name>` (a).
 */
export function momentumFamily(options: MomentumOptions): Optimizer {
  const { name, momentum, weightDecay } = options;
  const slots: readonly [SlotSpec] = [{ suffix: name, initial: 0 }];
  return {
    rowRule:
      weightDecay === null
        ? { kind: 'momentum', slots, momentum, nesterov: false }
        : { kind: 'momentumw', slots, momentum, weightDecay },
    apply(context, gradients) {
      const { variables, learningRate, rowUpdates = () => [] } = context;
      return variables.graph.scope(name, () => [
        ...gradients.flatMap((pair) => update(context, pair, { options, slots })),
        ...rowUpdates(learningRate),
      ]);
    },
  };
}

interface UpdateParts {
  readonly options: MomentumOptions;
  readonly slots: readonly [SlotSpec];
}

function update(
  { variables, learningRate }: UpdateContext,
  pair: VariableGradient,
  { options: { momentum, weightDecay }, slots }: UpdateParts,
): readonly Operation[] {
  const { variable, gradient } = pair;
  const { graph } = variable;
  const [accumulator] = createSlots(variables, variable, slots);
  const state = [variable.handle, accumulator.handle, learningRate];
  const factor = ops.constant(graph, 'float32', momentum);
  const decay = weightDecay === null ? [] : [decayWeights(pair, weightDecay)];
  const move = graph.withControl(decay, () => {
    if (!(gradient instanceof IndexedSlices)) {
      return graph.op('ResourceApplyMomentum', [...state, gradient, factor]);
    }
    const { rows, values } = mergeRows(gradient);
    return graph.op('ResourceSparseApplyMomentum', [...state, values, rows, factor]);
  });
  return [...decay, move];
}
