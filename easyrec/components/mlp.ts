import { ConfigError } from '../errors.js';
import { batchNorm } from '../layers/batch_norm.js';
import { dense } from '../layers/dense.js';
import { dropout } from '../layers/dropout.js';
import { initializerNamed } from '../layers/initializer_names.js';
import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import { activationOf } from './activation_layer.js';
import type { ComponentContext } from './context.js';
import { param } from './params/param.js';
import type { ConfigOf } from './params/read.js';
import type { BlockScope } from './types.js';
import { defineComponent } from './types.js';
import { expectTensor } from './value.js';

const MLP_PARAMS = {
  hidden_units: param.integers(undefined, { min: 1 }),
  /** May have fewer elements than there are layers; the rest has no dropout. */
  dropout_ratio: param.numbers([], { min: 0 }),
  activation: param.string('relu'),
  use_bn: param.boolean(true),
  use_final_bn: param.boolean(true),
  // Only the message has a default for it ("relu"); st_params must say.
  final_activation: param.string(),
  use_bias: param.boolean(false),
  use_final_bias: param.boolean(false),
  initializer: param.string('he_uniform'),
  use_bn_after_activation: param.boolean(false),
  add_to_outputs: param.boolean(false),
} as const;

/** Everything that decides what an MLP computes. */
export type MlpConfig = ConfigOf<typeof MLP_PARAMS>;

interface MlpLayer {
  readonly units: number;
  readonly activation: string;
  readonly useBn: boolean;
  readonly useBias: boolean;
  readonly dropoutRate: number;
}

function layersOf(config: MlpConfig): readonly MlpLayer[] {
  const last = config.hiddenUnits.length - 1;
  if (last < 0) throw new ConfigError('hidden_units: expected at least one layer, received none');
  return config.hiddenUnits.map((units, i) => {
    const dropoutRate = config.dropoutRatio[i] ?? 0;
    if (dropoutRate >= 1) {
      throw new ConfigError(`dropout_ratio ${i}: expected a number below 1, received ${dropoutRate}`);
    }
    return i < last
      ? { units, activation: config.activation, useBn: config.useBn, useBias: config.useBias, dropoutRate }
      : {
          units,
          activation: config.finalActivation,
          useBn: config.useFinalBn,
          useBias: config.useFinalBias,
          dropoutRate,
        };
  });
}

/**
 * A multi-layer perceptron: per layer dense, batch normalization, activation, dropout.
 *
 * @param x `[..., in]`
 * @returns `[..., hiddenUnits.at(-1)]`
 */
export function buildMlp(ctx: ComponentContext, block: BlockScope, x: Output, config: MlpConfig): Output {
  const kernelInitializer = initializerNamed(config.initializer);
  const output = layersOf(config).reduce((input, layer, i) => {
    const scope = `${block.scope}/layer_${i}`;
    const { units, useBias, dropoutRate } = layer;
    const product = dense(ctx, input, {
      name: `${scope}/dense`,
      units,
      useBias,
      kernelInitializer,
      kernelL2: ctx.kernelL2,
    });
    const activate = activationOf(ctx, layer.activation, `${scope}/act`);
    const bn = { name: `${scope}/bn` };
    const active = !layer.useBn
      ? activate(product)
      : config.useBnAfterActivation
        ? batchNorm(ctx, activate(product), bn)
        : batchNorm(ctx, product, { ...bn, activation: activate });
    return dropout(ctx, active, dropoutRate);
  }, x);
  if (config.addToOutputs) addToOutputs(ctx, block, output);
  return output;
}

function addToOutputs(ctx: ComponentContext, block: BlockScope, output: Output): void {
  if (output.shape?.length !== 2 || output.shape[1] !== 1) {
    throw new ConfigError(
      'add_to_outputs: expected a last layer of one unit, as one number a row is handed out',
    );
  }
  ctx.outputs.set(block.name, ops.squeeze(output, [1])); // [B]
}

/** `MLP`: `[..., in] -> [..., hidden_units.at(-1)]`; a list of tensors is not an input. */
export const mlp = defineComponent({
  name: 'MLP',
  message: 'mlp',
  params: MLP_PARAMS,
  build: (ctx, block, input, config) => buildMlp(ctx, block, expectTensor(input), config),
});
