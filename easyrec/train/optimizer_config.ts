import type {
  LearningRate as LearningRateConfig,
  Optimizer as OptimizerConfig,
  TrainConfig,
} from '../config/generated/types.js';
import { defaultMessage, locationOf } from '../config/message.js';
import { ConfigError } from '../errors.js';
import { LEARNING_RATES, OPTIMIZERS, type LearningRate, type Optimizer } from '../optimizers/index.js';

/** How a model learns. */
export interface Learning {
  readonly optimizer: Optimizer;
  readonly learningRate: LearningRate;
}

/**
 * The optimizer and learning rate that a config names.
 *
 * @throws ConfigError for none, one that is not supported yet, or a decay over 0 steps.
 */
export function learningOf(trainConfig: TrainConfig): Learning {
  const [config] = trainConfig.optimizer_config;
  if (config === undefined) {
    throw new ConfigError('optimizer_config: expected one optimizer, received none', {
      at: locationOf(trainConfig),
    });
  }
  const name = config.which_optimizer;
  switch (name) {
    case 'adam_optimizer':
    case 'lazy_adam_optimizer': {
      const adam = config[name] ?? defaultMessage('AdamOptimizer');
      const { beta1, beta2, learning_rate } = adam;
      return {
        optimizer: OPTIMIZERS[name]({ beta1, beta2 }),
        learningRate: learningRateOf(learning_rate, config),
      };
    }
    case 'adagrad_optimizer': {
      const adagrad = config.adagrad_optimizer ?? defaultMessage('AdagradOptimizer');
      const { initial_accumulator_value: initialAccumulatorValue, learning_rate } = adagrad;
      return {
        optimizer: OPTIMIZERS.adagrad_optimizer({ initialAccumulatorValue }),
        learningRate: learningRateOf(learning_rate, config),
      };
    }
    case 'adam_async_optimizer':
    case 'adam_asyncw_optimizer':
    case 'adamw_optimizer':
    case 'ftrl_optimizer':
    case 'momentum_optimizer':
    case 'momentumw_optimizer':
    case 'rms_prop_optimizer':
    case null:
      throw unsupported('optimizer', name, Object.keys(OPTIMIZERS), config);
  }
}

function learningRateOf(config: LearningRateConfig | null, owner: OptimizerConfig): LearningRate {
  const name = config?.which_learning_rate ?? null;
  switch (name) {
    case 'constant_learning_rate': {
      const constant = config?.constant_learning_rate ?? defaultMessage('ConstantLearningRate');
      return LEARNING_RATES[name]({ learningRate: constant.learning_rate });
    }
    case 'exponential_decay_learning_rate': {
      const decay = config?.exponential_decay_learning_rate ?? defaultMessage('ExponentialDecayLearningRate');
      if (decay.decay_steps === 0) {
        throw new ConfigError('decay_steps: expected a whole number from 1, received 0', {
          at: locationOf(decay, 'decay_steps'),
        });
      }
      return LEARNING_RATES[name]({
        initialLearningRate: decay.initial_learning_rate,
        decaySteps: decay.decay_steps,
        decayFactor: decay.decay_factor,
        staircase: decay.staircase,
        burninLearningRate: decay.burnin_learning_rate,
        burninSteps: decay.burnin_steps,
        minLearningRate: decay.min_learning_rate,
      });
    }
    case 'cosine_decay_learning_rate':
    case 'manual_step_learning_rate':
    case 'poly_decay_learning_rate':
    case 'transformer_learning_rate':
    case null:
      throw unsupported('learning_rate', name, Object.keys(LEARNING_RATES), config ?? owner);
  }
}

function unsupported(what: string, name: string | null, known: readonly string[], at: object): ConfigError {
  const received = name === null ? 'none' : `${name}, which is not supported yet`;
  return new ConfigError(`${what}: expected ${known.join(' or ')}, received ${received}`, {
    at: locationOf(at),
  });
}
