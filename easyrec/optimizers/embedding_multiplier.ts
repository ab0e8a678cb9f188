import { IndexedSlices } from '../tf/grad/indexed_slices.js';
import { ops } from '../tf/index.js';
import { isEmbeddingTable } from './embedding_variables.js';
import type { Optimizer } from './types.js';

/** An optimizer that sees the gradients of embedding tables `factor` times as large. */
export function withEmbeddingMultiplier(optimizer: Optimizer, factor: number): Optimizer {
  return {
    ...optimizer,
    apply(context, gradients) {
      const { rowUpdates, rowSquares } = context;
      const scaled = gradients.map(({ variable, gradient }) => {
        if (!isEmbeddingTable(variable)) return { variable, gradient };
        const isRows = gradient instanceof IndexedSlices;
        return { variable, gradient: isRows ? gradient.scale(factor) : ops.mul(gradient, factor) };
      });
      return optimizer.apply(
        {
          ...context,
          ...(rowUpdates !== undefined && {
            rowUpdates: (rate, scale = 1) =>
              rowUpdates(rate, typeof scale === 'number' ? scale * factor : ops.mul(scale, factor)),
          }),
          ...(rowSquares !== undefined && {
            rowSquares: () => rowSquares().map((square) => ops.mul(square, factor * factor)),
          }),
        },
        scaled,
      );
    },
  };
}
