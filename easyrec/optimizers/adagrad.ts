import { IndexedSlices } from '../tf/grad/indexed_slices.js';
import type { Graph, Operation, Output, Variables } from '../tf/index.js';
import { ops } from '../tf/index.js';
import { mergeRows } from './sparse_gradient.js';
import type { Optimizer, VariableGradient } from './types.js';

export interface AdagradConfig {
  /** Start of the sum of squares. Default in EasyRec: 0.1. */
  readonly initialAccumulatorValue: number;
}

/**
 * Adagrad (Duchi et al., JMLR 12, 2011): `a = a + g^2`, `w = w - lr g / sqrt(a)`.
 *
 * Rows of embedding tables move only at the steps that look them up. State: `<variable>/Adagrad`.
 */
export function adagrad({ initialAccumulatorValue }: AdagradConfig): Optimizer {
  const initializer = (graph: Graph, shape: readonly number[]): Output =>
    ops.fill(ops.ints(graph, shape), ops.constant(graph, 'float32', initialAccumulatorValue));
  return {
    rowRule: { kind: 'adagrad', slots: [{ suffix: 'Adagrad', initial: initialAccumulatorValue }] },
    apply({ variables, learningRate, rowUpdates = () => [] }, gradients) {
      const { graph } = variables;
      return graph.scope('Adagrad', () => [
        ...gradients.map((pair) => update(variables, pair, { learningRate, initializer })),
        ...rowUpdates(learningRate),
      ]);
    },
  };
}

interface UpdateParts {
  readonly learningRate: Output;
  readonly initializer: (graph: Graph, shape: readonly number[]) => Output;
}

function update(
  variables: Variables,
  { variable, gradient }: VariableGradient,
  { learningRate, initializer }: UpdateParts,
): Operation {
  const { graph } = variables;
  const accumulator = variables.create(`${variable.name}/Adagrad`, {
    shape: variable.shape,
    initializer,
    trainable: false,
  });
  const state = [variable.handle, accumulator.handle, learningRate];
  if (!(gradient instanceof IndexedSlices)) return graph.op('ResourceApplyAdagrad', [...state, gradient]);
  const { rows, values } = mergeRows(gradient);
  return graph.op('ResourceSparseApplyAdagrad', [...state, values, rows]);
}
