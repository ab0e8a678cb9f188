import type { Output, Variable } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { Activation } from './activations.js';
import type { BuildContext } from './context.js';
import { ones, zeros } from './initializers.js';
import { layerScope } from './layer_scope.js';
import { knownShape } from './shapes.js';

export interface BatchNormOptions {
  /** The scope of its variables, `<name>/gamma`, `/beta`, `/moving_mean`, `/moving_variance`. */
  readonly name: string;
  /** Share of the old moving average at each step. Default: 0.99. */
  readonly momentum?: number;
  /** Added to the variance. Default: 1e-3. */
  readonly epsilon?: number;
  /** Whether beta is added. Default: true. */
  readonly center?: boolean;
  /** Whether gamma is multiplied. Default: true. */
  readonly scale?: boolean;
  /** What the normalized numbers go through. Default: linear. */
  readonly activation?: Activation;
}

const linear: Activation = (x) => x;

interface Parameters {
  readonly gamma: Variable | null;
  readonly beta: Variable | null;
  readonly mean: Variable;
  readonly variance: Variable;
}

function parameters(ctx: BuildContext, size: number, options: BatchNormOptions): Parameters {
  const { name, center = true, scale = true } = options;
  const one = { shape: [size], initializer: ones() };
  const zero = { shape: [size], initializer: zeros() };
  return {
    gamma: scale ? ctx.variables.getOrCreate(`${name}/gamma`, one) : null,
    beta: center ? ctx.variables.getOrCreate(`${name}/beta`, zero) : null,
    mean: ctx.variables.getOrCreate(`${name}/moving_mean`, { ...zero, trainable: false }),
    variance: ctx.variables.getOrCreate(`${name}/moving_variance`, { ...one, trainable: false }),
  };
}

/**
 * Batch normalization over the last axis, `gamma * (x - mean) / sqrt(variance + epsilon) + beta` (arXiv 1502.03167).
 * Training uses the statistics of the batch and adds the updates of the moving averages to `ctx.updates`; inference
 * uses the moving averages.
 *
 * @param x `[..., C]`, rank 2 or more
 * @returns the shape of `x`
 * @throws GraphError when C is not known.
 */
export function batchNorm(ctx: BuildContext, x: Output, options: BatchNormOptions): Output {
  const { last } = knownShape(x, `batch normalization "${options.name}"`);
  const weights = parameters(ctx, last, options);
  const { activation = linear } = options;
  // What kernels can do at once; other activations are added behind it, outside the layer's scope.
  const relu = activation === ops.relu;
  const normalized = layerScope(ctx.graph, options.name, () =>
    ctx.mode === 'train'
      ? normalizeByBatch(ctx, x, weights, { ...options, relu })
      : normalizeByAverages(x, weights, options, relu),
  );
  return relu ? normalized : activation(normalized);
}

function normalizeByAverages(
  x: Output,
  weights: Parameters,
  { epsilon = 1e-3 }: BatchNormOptions,
  relu: boolean,
): Output {
  const inverse = ops.rsqrt(ops.add(weights.variance.read(), epsilon));
  const factor = weights.gamma === null ? inverse : ops.mul(inverse, weights.gamma.read());
  const shift = ops.mul(weights.mean.read(), factor);
  const offset = weights.beta === null ? ops.neg(shift) : ops.sub(weights.beta.read(), shift);
  const normalized = ops.add(ops.mul(x, factor), offset);
  return relu ? ops.relu(normalized) : normalized;
}

function normalizeByBatch(
  ctx: BuildContext,
  x: Output,
  weights: Parameters,
  { momentum = 0.99, epsilon = 1e-3, relu }: BatchNormOptions & { readonly relu: boolean },
): Output {
  const { graph } = ctx;
  const size = x.shape?.at(-1) ?? -1;
  const gamma = weights.gamma?.read() ?? ops.constant(graph, 'float32', 1, [size]);
  const beta = weights.beta?.read() ?? ops.constant(graph, 'float32', 0, [size]);
  const { y, mean, variance } = ctx.kernels.batchNorm({ x, gamma, beta, epsilon, relu });
  updateAverage(ctx, weights.mean, mean, momentum);
  // Keras' moving average takes the population variance where the input has fewer than four dimensions.
  updateAverage(ctx, weights.variance, variance, momentum);
  return y;
}

/** `average -= (average - batch) * (1 - momentum)`. */
function updateAverage(ctx: BuildContext, average: Variable, batch: Output, momentum: number): void {
  const difference = ops.sub(average.read(), batch);
  ctx.updates.push(ops.assignSub(average.handle, ops.mul(difference, 1 - momentum)));
}
