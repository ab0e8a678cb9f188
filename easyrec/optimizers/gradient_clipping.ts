import { IndexedSlices } from '../tf/grad/indexed_slices.js';
import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import { mergeRows } from './sparse_gradient.js';
import type { Optimizer, VariableGradient } from './types.js';

/**
 * An optimizer whose gradients are scaled down together where the norm of all of them is above `maxNorm`, as
 * tf.clip_by_global_norm does and `gradient_clipping_by_norm` asks for.
 *
 * @param maxNorm above 0
 */
export function withClipping(optimizer: Optimizer, maxNorm: number): Optimizer {
  return {
    ...optimizer,
    // The norm is that of all gradients, and kernels of rows do not tell theirs.
    rowRule: null,
    apply(context, gradients) {
      const { graph } = context.variables;
      const clipped = graph.scope('clip_gradients', () => clipByGlobalNorm(gradients, maxNorm));
      return optimizer.apply(context, clipped);
    },
  };
}

function clipByGlobalNorm(
  gradients: readonly VariableGradient[],
  maxNorm: number,
): readonly VariableGradient[] {
  const squares = gradients.flatMap(({ gradient }) => squaredNorms(gradient));
  if (squares.length === 0) return gradients;
  const norm = ops.sqrt(ops.addN(squares));
  const scale = ops.mul(ops.minimum(ops.div(1, norm), 1 / maxNorm), maxNorm);
  // A norm that is not finite makes all gradients NaN, rather than finite ones 0.
  const factor = ops.add(scale, ops.sub(norm, norm));
  return gradients.map(({ variable, gradient }) => ({
    variable,
    gradient: gradient instanceof IndexedSlices ? gradient.scale(factor) : ops.mul(gradient, factor),
  }));
}

/** Of rows: each lookup of a table for itself, its repeated rows summed up, as EasyRec's lookups hand them over. */
function squaredNorms(gradient: Output | IndexedSlices): readonly Output[] {
  const parts =
    gradient instanceof IndexedSlices ? gradient.parts.map((part) => mergeRows(part).values) : [gradient];
  return parts.map((part) => ops.reduceSum(ops.square(part)));
}
