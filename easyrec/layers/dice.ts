import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import { batchNorm } from './batch_norm.js';
import type { BuildContext } from './context.js';
import { zeros } from './initializers.js';
import { layerScope } from './layer_scope.js';
import { knownShape } from './shapes.js';

export interface DiceOptions {
  /** The scope of `<name>/dice_alpha`. */
  readonly name: string;
  /** The scope of its moving averages within that of the layer: `batch_normalization`, numbered throughout a model. */
  readonly batchNormName: string;
}

/**
 * The activation of Deep Interest Networks, `(p + alpha (1 - p)) x` with `p = sigmoid(batch_norm(x))`
 * (arXiv 1706.06978, equation 3).
 *
 * @param x `[..., C]`
 * @returns the shape of `x`
 */
export function dice(ctx: BuildContext, x: Output, { name, batchNormName }: DiceOptions): Output {
  const { last } = knownShape(x, `dice "${name}"`);
  const alpha = ctx.variables.getOrCreate(`${name}/dice_alpha`, { shape: [last], initializer: zeros() });
  const normalized = batchNorm(ctx, x, {
    name: `${name}/${batchNormName}`,
    epsilon: 1e-9,
    center: false,
    scale: false,
  });
  return layerScope(ctx.graph, name, () => {
    const p = ops.sigmoid(normalized);
    const gate = ops.add(p, ops.mul(ops.sub(1, p), alpha.read()));
    return ops.mul(gate, x);
  });
}
