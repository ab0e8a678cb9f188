import type { RMSPropOptimizer } from '../config/generated/types.js';
import { IndexedSlices } from '../tf/grad/indexed_slices.js';
import type { Operation, Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { SlotSpec } from './row_rule.js';
import { createSlots } from './slots.js';
import { mergeRows } from './sparse_gradient.js';
import type { Optimizer, UpdateContext, VariableGradient } from './types.js';

const SLOTS = [
  { suffix: 'RMSProp', initial: 1 },
  { suffix: 'RMSProp_1', initial: 0 },
] as const satisfies readonly SlotSpec[];

/**
 * `rms_prop_optimizer` (Tieleman and Hinton, 2012), not centered:
 *
 *     s = decay s + (1 - decay) g^2,   a = momentum a + lr g / sqrt(s + epsilon),   w = w - a
 *
 * Rows of embedding tables move only at the steps that look them up. State: `<variable>/RMSProp` (s, which starts from
 * ones) and `<variable>/RMSProp_1` (a).
 */
export function rmsProp(config: RMSPropOptimizer): Optimizer {
  const { decay, momentum_optimizer_value: momentum, epsilon } = config;
  return {
    rowRule: { kind: 'rms_prop', slots: SLOTS, decay, momentum, epsilon },
    apply(context, gradients) {
      const { variables, learningRate, rowUpdates = () => [] } = context;
      const { graph } = variables;
      return graph.scope('RMSProp', () => {
        const factors = [decay, momentum, epsilon].map((factor) => ops.constant(graph, 'float32', factor));
        return [...gradients.map((pair) => update(context, pair, factors)), ...rowUpdates(learningRate)];
      });
    },
  };
}

function update(
  { variables, learningRate }: UpdateContext,
  { variable, gradient }: VariableGradient,
  factors: readonly Output[],
): Operation {
  const [squares, accumulator] = createSlots(variables, variable, SLOTS);
  const state = [variable.handle, squares.handle, accumulator.handle, learningRate, ...factors];
  const { graph } = variable;
  if (!(gradient instanceof IndexedSlices)) return graph.op('ResourceApplyRMSProp', [...state, gradient]);
  const { rows, values } = mergeRows(gradient);
  return graph.op('ResourceSparseApplyRMSProp', [...state, values, rows]);
}
