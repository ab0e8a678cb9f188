import { ConfigError } from '../errors.js';
import { dense } from '../layers/dense.js';
import { initializerNamed } from '../layers/initializer_names.js';
import { activationNamed } from '../layers/activations.js';
import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { ComponentContext } from './context.js';
import { param } from './params/param.js';
import type { ConfigOf } from './params/read.js';
import type { BlockScope } from './types.js';
import { defineComponent } from './types.js';
import type { BlockValue } from './value.js';
import { elementsOf, expectTensor, expectTensors, lastDimension } from './value.js';

const CROSS_PARAMS = {
  projection_dim: param.optional(param.integer(undefined, { min: 1 })),
  diag_scale: param.number(0, { min: 0 }),
  use_bias: param.boolean(true),
  preactivation: param.string(''),
  kernel_initializer: param.string('truncated_normal'),
  bias_initializer: param.string('zeros'),
} as const;

type CrossConfig = ConfigOf<typeof CROSS_PARAMS>;

/** The layer's two inputs; a single tensor is both. */
function inputsOf(value: BlockValue): { readonly x0: Output; readonly x: Output } {
  if (elementsOf(value) === null) {
    const x = expectTensor(value);
    return { x0: x, x };
  }
  const [x0, x] = expectTensors(value, 'input', 2);
  if (x0 === undefined || x === undefined) throw new ConfigError('input: expected two tensors');
  if (lastDimension(x0) !== lastDimension(x)) {
    throw new ConfigError(
      `input: expected two tensors of one width, received ${lastDimension(x0)} and ${lastDimension(x)}`,
    );
  }
  return { x0, x };
}

function transform(ctx: ComponentContext, { scope }: BlockScope, x: Output, config: CrossConfig): Output {
  const kernelInitializer = initializerNamed(config.kernelInitializer);
  // The layer's inner layers have no name of their own in EasyRec (layers/keras/interaction.py).
  const name = (): string => `${scope}/${ctx.autoNames.next('dense')}`;
  const shared = { kernelInitializer };
  const inner =
    config.projectionDim === null
      ? x
      : dense(ctx, x, { ...shared, name: name(), units: config.projectionDim, useBias: false });
  const product = dense(ctx, inner, {
    ...shared,
    name: name(),
    units: lastDimension(x),
    useBias: config.useBias,
    biasInitializer: initializerNamed(config.biasInitializer),
  });
  return activationNamed(config.preactivation)(product);
}

/**
 * `Cross`: `x0 (W x + b + diag_scale x) + x` (arXiv 2008.13535, equation 1), W = U V of rank projection_dim where that
 * is given (equation 2); `[B, D]`, or a list of x0 and x, to `[B, D]`.
 */
export const cross = defineComponent({
  name: 'Cross',
  params: CROSS_PARAMS,
  build(ctx, block, input, config) {
    const { x0, x } = inputsOf(input);
    const product = transform(ctx, block, x, config);
    const scaled = config.diagScale === 0 ? product : ops.add(product, ops.mul(x, config.diagScale));
    return ops.add(ops.mul(x0, scaled), x);
  },
});
