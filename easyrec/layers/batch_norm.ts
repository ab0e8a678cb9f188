import type { Output, Variable } from '../tf/index.js';
import { ops } from '../tf/index.js';
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
}

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
  return layerScope(ctx.graph, options.name, () =>
    ctx.mode === 'train'
      ? normalizeByBatch(ctx, x, weights, options)
      : normalizeByAverages(x, weights, options),
  );
}

function normalizeByAverages(x: Output, weights: Parameters, { epsilon = 1e-3 }: BatchNormOptions): Output {
  const inverse = ops.rsqrt(ops.add(weights.variance.read(), epsilon));
  const factor = weights.gamma === null ? inverse : ops.mul(inverse, weights.gamma.read());
  const shift = ops.mul(weights.mean.read(), factor);
  const offset = weights.beta === null ? ops.neg(shift) : ops.sub(weights.beta.read(), shift);
  return ops.add(ops.mul(x, factor), offset);
}

// The fused op takes half the time of the same mathematics in single ops, gradient included (4,096 x 256 on two cores:
// 4.7 against 10.4 ms). It wants four dimensions, and its variance is that of a sample.
function normalizeByBatch(
  ctx: BuildContext,
  x: Output,
  weights: Parameters,
  { momentum = 0.99, epsilon = 1e-3 }: BatchNormOptions,
): Output {
  const { graph } = ctx;
  const size = x.shape?.at(-1) ?? -1;
  const image = ops.reshape(x, [-1, 1, 1, size]);
  const gamma = weights.gamma?.read() ?? ops.constant(graph, 'float32', 1, [size]);
  const beta = weights.beta?.read() ?? ops.constant(graph, 'float32', 0, [size]);
  const none = ops.constant(graph, 'float32', [], [0]);
  const fused = graph.op('FusedBatchNormV3', [image, gamma, beta, none, none], {
    epsilon,
    is_training: true,
  });
  const rows = ops.cast(ops.dimension(image, 0), 'float32');
  // Keras' moving average takes the population variance where the input has fewer than four dimensions.
  const population = ops.mul(fused.output(2), ops.div(ops.sub(rows, 1), rows));
  updateAverage(ctx, weights.mean, fused.output(1), momentum);
  updateAverage(ctx, weights.variance, population, momentum);
  return ops
    .reshape(fused.output(0), x.shape?.length === 2 ? [-1, size] : ops.shapeOf(x))
    .setShape(x.shape ?? []);
}

/** `average -= (average - batch) * (1 - momentum)`. */
function updateAverage(ctx: BuildContext, average: Variable, batch: Output, momentum: number): void {
  const difference = ops.sub(average.read(), batch);
  ctx.updates.push(ops.assignSub(average.handle, ops.mul(difference, 1 - momentum)));
}
