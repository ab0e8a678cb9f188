import { ConfigError } from '../errors.js';
import { batchNorm } from '../layers/batch_norm.js';
import type { BuildContext } from '../layers/context.js';
import { dropout } from '../layers/dropout.js';
import { layerNorm } from '../layers/layer_norm.js';
import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { GroupTensors, InputLayerOptions } from './group_source.js';

/** EasyRec takes TensorFlow's old layer normalization here, which has this epsilon. */
const LAYER_NORM_EPSILON = 1e-12;

/** Normalization and dropout on the way out of an input layer. */
export class GroupNormalizer {
  readonly #ctx: BuildContext;
  #batchNorms = 0;

  constructor(ctx: BuildContext) {
    this.#ctx = ctx;
  }

  /**
   * Applies the options of one `input_layer` block: to the concatenation, and with weights of their own to the single
   * features.
   *
   * @throws ConfigError when both normalizations are asked for
   */
  apply(groupName: string, tensors: GroupTensors, options: InputLayerOptions): GroupTensors {
    const { doBatchNorm, doLayerNorm, dropoutRate, featureDropoutRate, outputsFeatureList } = options;
    if (doBatchNorm && doLayerNorm) {
      throw new ConfigError(
        `input_layer of group "${groupName}": expected do_batch_norm or do_layer_norm, received both`,
      );
    }
    const dropsFeatures = isRate(featureDropoutRate);
    const normalizes = doBatchNorm || doLayerNorm;
    // Where whole features are dropped, the concatenation is made of what is left of them.
    const rebuilds = dropsFeatures && (normalizes || this.#ctx.mode === 'train');

    let { concat } = tensors;
    if (!rebuilds) concat = this.#normalize(concat, options, `${groupName}_features`);
    let features = tensors.features.map((x, i) => this.#normalize(x, options, `${groupName}f_${i}`));
    if (isRate(dropoutRate) && outputsFeatureList) {
      features = features.map((x) => dropout(this.#ctx, x, dropoutRate));
    }
    if (dropsFeatures) features = this.#dropFeatures(features, featureDropoutRate);
    if (rebuilds) concat = ops.concat(features, 1);
    else if (isRate(dropoutRate)) concat = dropout(this.#ctx, concat, dropoutRate);
    return { concat, features };
  }

  #normalize(x: Output, { doBatchNorm, doLayerNorm }: InputLayerOptions, layerNormName: string): Output {
    if (doLayerNorm) return layerNorm(this.#ctx, x, { name: layerNormName, epsilon: LAYER_NORM_EPSILON });
    if (!doBatchNorm) return x;
    const number = this.#batchNorms++;
    return batchNorm(this.#ctx, x, { name: `batch_normalization${number === 0 ? '' : `_${number}`}` });
  }

  /** One draw a feature for the whole batch; what is kept grows by `1 / (1 - rate)`. */
  #dropFeatures(features: readonly Output[], rate: number): Output[] {
    const { graph, mode, randomSeed } = this.#ctx;
    if (mode !== 'train') return [...features];
    const draws = ops.randomUniform(ops.ints(graph, [features.length]), randomSeed());
    const kept = ops.mul(ops.cast(ops.greaterEqual(draws, rate), 'float32'), 1 / (1 - rate));
    const factors = ops.unstack(kept, features.length);
    return features.map((x, i) => ops.mul(x, factors[i] ?? 1));
  }
}

/** Rates outside (0, 1) switch dropout off, as in EasyRec. */
function isRate(rate: number): boolean {
  return rate > 0 && rate < 1;
}
