import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { BuildContext } from './context.js';
import { ones, zeros } from './initializers.js';
import { layerScope } from './layer_scope.js';
import { knownShape } from './shapes.js';

export interface LayerNormOptions {
  /** The scope of its variables, `<name>/gamma` and `<name>/beta`. */
  readonly name: string;
  /** Added to the variance. Default: 1e-3. */
  readonly epsilon?: number;
}

/**
 * Layer normalization over the last axis, `gamma * (x - mean) / sqrt(variance + epsilon) + beta` (arXiv 1607.06450).
 *
 * @param x `[..., C]`
 * @returns the shape of `x`
 * @throws GraphError when C is not known.
 */
export function layerNorm(ctx: BuildContext, x: Output, options: LayerNormOptions): Output {
  const { name, epsilon = 1e-3 } = options;
  const { last } = knownShape(x, `layer normalization "${name}"`);
  const gamma = ctx.variables.getOrCreate(`${name}/gamma`, { shape: [last], initializer: ones() });
  const beta = ctx.variables.getOrCreate(`${name}/beta`, { shape: [last], initializer: zeros() });
  return layerScope(ctx.graph, name, () => {
    const overLast = { axes: [-1], keepDims: true };
    const centered = ops.sub(x, ops.reduceMean(x, overLast));
    const variance = ops.reduceMean(ops.square(centered), overLast);
    const inverse = ops.rsqrt(ops.add(variance, epsilon));
    return ops.add(ops.mul(ops.mul(centered, inverse), gamma.read()), beta.read());
  });
}
