import type { AdagradOptimizer } from '../config/generated/types.js';
import { IndexedSlices } from '../tf/grad/indexed_slices.js';
import type { Operation } from '../tf/index.js';
import type { SlotSpec } from './row_rule.js';
import { createSlots } from './slots.js';
import { mergeRows } from './sparse_gradient.js';
import { isEmbeddingTable } from './embedding_variables.js';
import { rowwiseAdagradRule, updateRowwise } from './rowwise_adagrad.js';
import type { Optimizer, UpdateContext, VariableGradient } from './types.js';

/**
 * `adagrad_optimizer` (Duchi et al., JMLR 12, 2011): `a = a + g^2`, `w = w - lr g / sqrt(a)`.
 *
 * Rows of embedding tables move only at the steps that look them up; with `row_wise`, a row has one number for all its
 * elements. State: `<variable>/Adagrad` (a).
 */
export function adagrad(config: AdagradOptimizer): Optimizer {
  const { initial_accumulator_value: initial, row_wise: rowWise } = config;
  const slots = [{ suffix: 'Adagrad', initial }] as const;
  return {
    rowRule: rowWise ? rowwiseAdagradRule(initial) : { kind: 'adagrad', slots },
    apply(context, gradients) {
      const { variables, learningRate, rowUpdates = () => [] } = context;
      return variables.graph.scope('Adagrad', () => [
        ...gradients.flatMap((pair) =>
          rowWise && isEmbeddingTable(pair.variable)
            ? updateRowwise(context, pair, initial)
            : [update(context, pair, slots)],
        ),
        ...rowUpdates(learningRate),
      ]);
    },
  };
}

function update(
  { variables, learningRate }: UpdateContext,
  { variable, gradient }: VariableGradient,
  slots: readonly [SlotSpec],
): Operation {
  const { graph } = variable;
  const [accumulator] = createSlots(variables, variable, slots);
  const state = [variable.handle, accumulator.handle, learningRate];
  if (!(gradient instanceof IndexedSlices)) return graph.op('ResourceApplyAdagrad', [...state, gradient]);
  const { rows, values } = mergeRows(gradient);
  return graph.op('ResourceSparseApplyAdagrad', [...state, values, rows]);
}
