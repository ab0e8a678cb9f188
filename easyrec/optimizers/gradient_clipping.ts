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
    apply(context, gradients) {
      const { variables, rowUpdates = () => [], rowSquares = () => [] } = context;
      const { graph } = variables;
      const clipped = graph.scope('clip_gradients', () => {
        const squares = [...gradients.flatMap(({ gradient }) => squaredNorms(gradient)), ...rowSquares()];
        return squares.length === 0 ? null : clip(gradients, factorOf(squares, maxNorm));
      });
      if (clipped === null) return optimizer.apply(context, gradients);
      const { factor, scaled } = clipped;
      return optimizer.apply(
        { ...context, rowUpdates: (rate, scale = 1) => rowUpdates(rate, ops.mul(factor, scale)) },
        scaled,
      );
    },
  };
}

/** What gradients are multiplied with whose squares are these. */
function factorOf(squares: readonly Output[], maxNorm: number): Output {
  const norm = ops.sqrt(ops.addN(squares));
  const scale = ops.mul(ops.minimum(ops.div(1, norm), 1 / maxNorm), maxNorm);
  // A norm that is not finite makes all gradients NaN, rather than finite ones 0.
  return ops.add(scale, ops.sub(norm, norm));
}

function clip(
  gradients: readonly VariableGradient[],
  factor: Output,
): { readonly factor: Output; readonly scaled: readonly VariableGradient[] } {
  const scaled = gradients.map(({ variable, gradient }) => ({
    variable,
    gradient: gradient instanceof IndexedSlices ? gradient.scale(factor) : ops.mul(gradient, factor),
  }));
  return { factor, scaled };
}

/** Of rows: each lookup of a table for itself, its repeated rows summed up, as EasyRec's lookups hand them over. */
function squaredNorms(gradient: Output | IndexedSlices): readonly Output[] {
  const parts =
    gradient instanceof IndexedSlices ? gradient.parts.map((part) => mergeRows(part).values) : [gradient];
  return parts.map((part) => ops.reduceSum(ops.square(part)));
}
