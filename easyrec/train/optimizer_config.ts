import { fromCase } from '../config/case_table.js';
import type { Optimizer as OptimizerConfig, TrainConfig } from '../config/generated/types.js';
import { has, locationOf, oneofCase } from '../config/message.js';
import { ConfigError } from '../errors.js';
import { type Log, SILENT_LOG } from '../log.js';
import {
  LEARNING_RATES,
  type LearningRate,
  type Optimizer,
  OPTIMIZERS,
  withClipping,
  withEmbeddingMultiplier,
  withFrozen,
} from '../optimizers/index.js';

/** How a model learns. */
export interface Learning {
  readonly optimizer: Optimizer;
  readonly learningRate: LearningRate;
}

/**
 * The optimizer and learning rate that a config names, with what else it asks to be done to gradients.
 *
 * @param log is told of traps. Default: nobody is
 * @throws ConfigError for none, or one with numbers that it cannot work with
 */
export function learningOf(trainConfig: TrainConfig, log: Log = SILENT_LOG): Learning {
  const [config] = trainConfig.optimizer_config;
  if (config === undefined) {
    throw new ConfigError('optimizer_config: expected one optimizer, received none', {
      at: locationOf(trainConfig),
    });
  }
  const { learningRate, optimizer } = oneLearning(config);
  const norm = trainConfig.gradient_clipping_by_norm;
  const clipped = norm > 0 ? withClipping(optimizer, norm) : optimizer;
  const multiplied = withMultiplier(clipped, config, log);
  const patterns = trainConfig.freeze_gradient.map((text, i) => frozenPattern(text, trainConfig, i));
  return { learningRate, optimizer: patterns.length > 0 ? withFrozen(multiplied, patterns) : multiplied };
}

function oneLearning(config: OptimizerConfig): Learning {
  const optimizer = fromCase(config, 'optimizer', OPTIMIZERS);
  const rate = oneofCase(config, 'optimizer')?.value.learning_rate ?? null;
  return {
    optimizer,
    learningRate: fromCase(rate, 'learning_rate', LEARNING_RATES, locationOf(rate ?? config)),
  };
}

function withMultiplier(optimizer: Optimizer, config: OptimizerConfig, log: Log): Optimizer {
  if (!has(config, 'embedding_learning_rate_multiplier')) return optimizer;
  log.warn(
    'embedding_learning_rate_multiplier multiplies the gradients of embeddings, not their learning rate, as in ' +
      'EasyRec; optimizers that divide by the size of gradients, such as Adam and Adagrad, hardly notice it',
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
