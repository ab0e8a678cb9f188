import type { Initializer, Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { BuildContext } from './context.js';
import { glorotUniform, zeros } from './initializers.js';
import { layerScope } from './layer_scope.js';
import { knownShape } from './shapes.js';

export interface DenseOptions {
  /** The scope of its variables, `<name>/kernel` and `<name>/bias`. */
  readonly name: string;
  /** The size of the output's last dimension. */
  readonly units: number;
  /** Default: true. */
  readonly useBias?: boolean;
  /** Default: glorot_uniform. */
  readonly kernelInitializer?: Initializer;
  /** Default: zeros. */
  readonly biasInitializer?: Initializer;
  /** Weight of `sum(kernel^2) / 2` in the training loss. Default: 0. */
  readonly kernelL2?: number;
}

/**
 * A fully connected layer, `x kernel + bias`, without activation.
 *
 * @param x `[..., in]`, rank 2 or more
 * @returns `[..., units]`
 * @throws GraphError when `in` is not known.
 */
export function dense(ctx: BuildContext, x: Output, options: DenseOptions): Output {
  const { name, units, useBias = true, kernelL2 = 0 } = options;
  const { rank, last } = knownShape(x, `dense "${name}"`);
  const { kernelInitializer = glorotUniform(), biasInitializer = zeros() } = options;
  const kernel = ctx.variables.getOrCreate(`${name}/kernel`, {
    shape: [last, units],
    initializer: kernelInitializer,
  });
  return layerScope(ctx.graph, name, () => {
    const weights = kernel.read();
    if (kernelL2 > 0 && ctx.mode === 'train') {
      ctx.regularization.push(ops.mul(ops.l2Loss(weights), kernelL2));
    }
    const product = rank === 2 ? ctx.kernels.product(x, weights) : lastAxisProduct(x, weights, units);
    if (!useBias) return product;
    const bias = ctx.variables.getOrCreate(`${name}/bias`, { shape: [units], initializer: biasInitializer });
    return ops.biasAdd(product, bias.read());
  });
}

/** `[..., in] x [in, units] -> [..., units]` as one product of two matrices. */
function lastAxisProduct(x: Output, weights: Output, units: number): Output {
  const inner = x.shape?.at(-1) ?? -1;
  const product = ops.matmul(ops.reshape(x, [-1, inner]), weights); // [B * L, units]
  const leading = x.shape?.slice(0, -1) ?? [];
  const unknown = leading.filter((size) => size < 0).length;
  if (unknown <= 1) return ops.reshape(product, [...leading, units]);
  const shape = ops.shapeOf(x);
  const front = ops.slice(shape, [0], [leading.length]);
  const target = ops.concat([front, ops.ints(x.graph, [units])], 0);
  return ops.reshape(product, target).setShape([...leading, units]);
}
