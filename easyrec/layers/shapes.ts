import { GraphError } from '../errors.js';
import type { Output } from '../tf/index.js';

/** @throws GraphError unless rank and last dimension of `x` are known. */
export function knownShape(x: Output, layer: string): { readonly rank: number; readonly last: number } {
  const { shape } = x;
  const last = shape?.at(-1) ?? -1;
  if (shape === null || last < 0) {
    const received = shape === null ? 'unknown' : `[${shape.map((n) => (n < 0 ? '?' : n)).join(', ')}]`;
    throw new GraphError(
      `${layer}: expected an input whose last dimension is known, received shape ${received}`,
    );
  }
  return { rank: shape.length, last };
}
