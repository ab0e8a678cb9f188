import type { ComponentContextOptions } from '../components/context.js';
import { COMPONENTS } from '../components/index.js';
import { normalizerFn } from '../components/normalizer_fn.js';
import { OpLibraries } from '../components/op_libraries.js';
import { withPlugins, type Plugin } from '../components/plugin.js';
import type { EasyRecModel } from '../config/generated/types.js';
import type { PipelineConfig } from '../config/load.js';
import { locationOf } from '../config/message.js';
import { checkSupported, SUPPORT } from '../config/support/index.js';
import { ConfigError, didYouMean } from '../errors.js';
import { featurePlan } from '../features/from_config.js';
import type { FeaturePlan } from '../features/plan.js';
import type { Log } from '../log.js';
import { MODELS } from '../models/index.js';
import type { GradientRules } from '../tf/grad/index.js';
import { loadOpLibrary } from '../tf/index.js';
import { DEFAULT_SEED, planInput, type InputPlan } from './input_plan.js';
import { type MetricFactory, planMetrics } from './metric_config.js';

/** Everything that is known of a model before a graph is built: the config, checked and resolved. */
export interface ModelPlan {
  readonly config: PipelineConfig;
  readonly modelConfig: EasyRecModel;
  readonly modelClass: keyof typeof MODELS;
  readonly input: InputPlan;
  readonly features: FeaturePlan;
  /** Makes the metrics of `eval_config`. */
  readonly createMetrics: MetricFactory;
  readonly components: ComponentContextOptions;
  /** Rules of plugins, beside the toolkit's own. */
  readonly gradientRules: GradientRules;
  /** Of initial values, the order of rows, dropout. */
  readonly seed: number;
  /** Whether training keeps to standard ops where native ones are faster. */
  readonly plain: boolean;
  readonly log: Log;
}

export interface PlanOptions {
  readonly plugins?: readonly Plugin[];
  readonly opLibraries?: readonly string[];
  /** Whether `model_params.l2_regularization` also acts on the kernels of components, as its name says. Default: no. */
  readonly regularizeComponents?: boolean;
  /** Whether max_f1 compares probabilities rather than logits. Default: no. */
  readonly maxF1OnProbs?: boolean;
  /** Default: 2020, as EasyRec's shuffling. */
  readonly seed?: number;
  /** Whether training keeps to standard TensorFlow ops, where native ones are faster. Default: no. */
  readonly plain?: boolean;
  readonly log: Log;
}

/**
 * Checks a config and resolves what it names.
 *
 * @throws ConfigError at the first thing that is wrong or not supported yet.
 * @throws NativeError for an op library that does not load.
 */
export function planModel(config: PipelineConfig, options: PlanOptions): ModelPlan {
  const { plugins = [], opLibraries = [], regularizeComponents = false, seed = DEFAULT_SEED, log } = options;
  if (!Number.isSafeInteger(seed)) {
    throw new ConfigError(`seed: expected a whole number, received ${seed}`);
  }
  checkSupported(config, SUPPORT);
  const modelConfig = config.model_config;
  if (modelConfig === null) {
    throw new ConfigError('expected a model_config, received none', { at: locationOf(config) });
  }
  const modelClass = knownModel(modelConfig);
  const l2 = modelConfig.model_params?.l2_regularization ?? 0;
  if (l2 > 0 && !regularizeComponents) {
    log.warn(
      'model_params.l2_regularization has no effect on components, as in EasyRec; --regularize_components makes it act',
    );
  }
  const libraries = [...plugins.flatMap((plugin) => plugin.opLibraries), ...opLibraries];
  // All that are named, used or not: one that does not load is a mistake to tell of at once.
  for (const library of libraries) loadOpLibrary(library);
  return {
    config,
    modelConfig,
    modelClass,
    input: planInput(config),
    features: featurePlan(config, { log, callable: normalizerFn }),
    createMetrics: planMetrics(config.eval_config, { maxF1OnProbs: options.maxF1OnProbs ?? false, log }),
    components: {
      log,
      opLibraries: new OpLibraries(libraries),
      components: withPlugins(COMPONENTS, plugins),
      kernelL2: regularizeComponents ? l2 : 0,
    },
    gradientRules: Object.assign({}, ...plugins.map((plugin) => plugin.gradients)) as GradientRules,
    seed,
    plain: options.plain ?? false,
    log,
  };
}

function knownModel(config: EasyRecModel): keyof typeof MODELS {
  const name = config.model_class;
  if (Object.hasOwn(MODELS, name)) return name as keyof typeof MODELS;
  const known = Object.keys(MODELS);
  throw new ConfigError(
    `model_class: expected ${known.join(' or ')}, received "${name}"${didYouMean(name, known)}`,
    { at: locationOf(config, 'model_class') },
  );
}
