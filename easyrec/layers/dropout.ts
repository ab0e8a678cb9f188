import { GraphError } from '../errors.js';
import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { BuildContext } from './context.js';

/**
 * In training sets each element to 0 with chance `rate` and divides the others by `1 - rate`; else passes `x` through.
 *
 * @param rate In [0, 1)
 * @returns the shape of `x`
 * @throws GraphError when the rate is out of range.
 */
export function dropout(ctx: BuildContext, x: Output, rate: number): Output {
  if (!(rate >= 0 && rate < 1)) {
    throw new GraphError(`dropout: expected a rate from 0 to below 1, received ${rate}`);
  }
  if (rate === 0 || ctx.mode !== 'train') return x;
  return ctx.graph.scope('dropout', () => {
    const draws = ops.randomUniform(ops.shapeOf(x), ctx.randomSeed());
    const factor = ops.mul(ops.cast(ops.greaterEqual(draws, rate), 'float32'), 1 / (1 - rate));
    return ops.mul(x, ops.stopGradient(factor));
  });
}
