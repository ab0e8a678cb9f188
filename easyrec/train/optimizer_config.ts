import { fromCase } from '../config/case_table.js';
import type { Optimizer as OptimizerConfig, TrainConfig } from '../config/generated/types.js';
import { has, locationOf, oneofCase } from '../config/message.js';
import { ConfigError } from '../errors.js';
import { type Log, SILENT_LOG } from '../log.js';
import {
  forEmbeddingsAndOthers,
  LEARNING_RATES,
  type LearningRate,
  type Optimizer,
  OPTIMIZERS,
  withClipping,
  withEmbeddingMultiplier,
  withFrozen,
} from '../optimizers/index.js';
import { scalar, type Tensor, tensor } from '../tf/index.js';

/** How a model learns. */
export interface Learning {
  readonly optimizer: Optimizer;
  /** The rate that is told of: of several the last, as in EasyRec. */
  readonly learningRate: LearningRate;
  /** Those that the optimizer takes. */
  readonly learningRates: readonly LearningRate[];
}

/**
 * The optimizer and learning rate that a config names, with what else it asks to be done to gradients. Two optimizers
 * are one for embeddings and one for all other variables.
 *
 * @param log is told of traps. Default: nobody is
 * @throws ConfigError for none, more than two, or numbers that an optimizer cannot work with
 */
export function learningOf(trainConfig: TrainConfig, log: Log = SILENT_LOG): Learning {
  const configs = trainConfig.optimizer_config;
  const [first, second] = configs;
  if (first === undefined || configs.length > 2) {
    throw new ConfigError(
      `optimizer_config: expected one optimizer, or two, received ${configs.length || 'none'}`,
      {
        at: locationOf(trainConfig, 'optimizer_config', 2),
      },
    );
  }
  const one = fromCase(first, 'optimizer', OPTIMIZERS);
  const optimizer =
    second === undefined ? one : forEmbeddingsAndOthers(one, fromCase(second, 'optimizer', OPTIMIZERS));
  const norm = trainConfig.gradient_clipping_by_norm;
  const clipped = norm > 0 ? withClipping(optimizer, norm) : optimizer;
  const multiplied = withMultiplier(clipped, first, log);
  const patterns = trainConfig.freeze_gradient.map((text, i) => frozenPattern(text, trainConfig, i));
  return {
    optimizer: patterns.length > 0 ? withFrozen(multiplied, patterns) : multiplied,
    learningRate: learningRateOf(second ?? first),
    learningRates: configs.map(learningRateOf),
  };
}

/** What a step of training is fed as `learning_rate`. */
export function learningRateTensor({ learningRates }: Learning, step: number): Tensor {
  const [first = NaN, ...others] = learningRates.map((rate) => rate(step));
  if (others.length === 0) return scalar('float32', first);
  return tensor('float32', [1 + others.length], [first, ...others]);
}

function learningRateOf(config: OptimizerConfig): LearningRate {
  const rate = oneofCase(config, 'optimizer')?.value.learning_rate ?? null;
  return fromCase(rate, 'learning_rate', LEARNING_RATES, locationOf(rate ?? config));
}

function withMultiplier(optimizer: Optimizer, config: OptimizerConfig, log: Log): Optimizer {
  if (!has(config, 'embedding_learning_rate_multiplier')) return optimizer;
  log.warn(
    'embedding_learning_rate_multiplier multiplies the gradients of embeddings, not their learning rate, as in ' +
      'EasyRec; optimizers that divide by the size of gradients, such as Adam and Adagrad, hardly notice it: give ' +
      'embeddings an optimizer_config of their own, the first of two, instead',
  );
  return withEmbeddingMultiplier(optimizer, config.embedding_learning_rate_multiplier);
}

/** A regular expression that Python would read in the same way. */
function frozenPattern(text: string, trainConfig: TrainConfig, index: number): RegExp {
  try {
    // With this flag, what only Python knows is an error rather than something else.
    return new RegExp(text, 'u');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`freeze_gradient: expected a regular expression, received "${text}": ${reason}`, {
      at: locationOf(trainConfig, 'freeze_gradient', index),
    });
  }
}
