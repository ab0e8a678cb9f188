import type { DatasetConfig_FieldType, EVParams, FeatureConfig } from '../config/generated/types.js';
import { featureName } from '../config/load.js';
import { has, locationOf } from '../config/message.js';
import type { SourceLocation } from '../errors.js';
import { ConfigError, didYouMean } from '../errors.js';
import type { Log } from '../log.js';
import type { Output } from '../tf/index.js';
import { initializerOf } from './initializer_from_config.js';
import type { SharedEmbeddings } from './shared_embeddings.js';
import type { Combiner, EmbeddingSpec, KeySpec } from './spec.js';

/** Turns a lambda or a dotted name into a function on tensors. */
export type Callable = (text: string, at: SourceLocation) => (x: Output) => Output;

/** What a feature's config is read with. */
export interface FeatureSurroundings {
  /** Input fields and their types. */
  readonly fields: ReadonlyMap<string, DatasetConfig_FieldType>;
  readonly shared: SharedEmbeddings;
  /** Of the model: every table has a row for each key. */
  readonly evParams: EVParams | null;
  readonly log: Log;
  readonly callable?: Callable;
}

/** One feature's config, its inputs looked up. */
export interface ConfigFeature extends FeatureSurroundings {
  readonly config: FeatureConfig;
  readonly name: string;
  /** Of `input_names`, in their order. */
  readonly inputTypes: readonly DatasetConfig_FieldType[];
  /** Of a table that has a row for each key; else null. */
  readonly keys: KeySpec | null;
}

/** @throws ConfigError for a feature that reads nothing, or no field that there is. */
export function configFeature(config: FeatureConfig, surroundings: FeatureSurroundings): ConfigFeature {
  const name = featureName(config);
  const { fields } = surroundings;
  if (config.input_names.length === 0) {
    throw new ConfigError(`feature "${name}": expected input_names, received none`, {
      at: locationOf(config),
    });
  }
  const inputTypes = config.input_names.map((input, i) => {
    const type = fields.get(input);
    if (type !== undefined) return type;
    throw new ConfigError(
      `feature "${name}": input_names: no input field "${input}"${didYouMean(input, fields.keys())}`,
      { at: locationOf(config, 'input_names', i) },
    );
  });
  return { ...surroundings, config, name, inputTypes, keys: keySpec(config, surroundings) };
}

/** The largest number that a store counts to. */
const MOST = 2 ** 31 - 2;

/** A feature's own `ev_params` go before the model's; of features that share a table, the first one's. */
function keySpec(config: FeatureConfig, { shared, evParams }: FeatureSurroundings): KeySpec | null {
  const params = shared.evParamsOf(config) ?? evParams;
  if (params === null) return null;
  for (const field of ['filter_freq', 'steps_to_live'] as const) {
    const value = params[field];
    if (Number.isSafeInteger(value) && value >= 0 && value <= MOST) continue;
    throw new ConfigError(
      `feature "${featureName(config)}": ev_params.${field}: expected a number from 0 to ${MOST}, received ${value}`,
      { at: locationOf(params, field) },
    );
  }
  return { filterFreq: params.filter_freq, stepsToLive: params.steps_to_live };
}

/** The error for one field of a feature, at its place in the config. */
export function fieldError(
  { config, name }: ConfigFeature,
  field: keyof FeatureConfig,
  message: string,
  index = 0,
): ConfigError {
  return new ConfigError(`feature "${name}": ${field}: ${message}`, { at: locationOf(config, field, index) });
}

/** The error for a feature_type that there is no spec for. */
export function unsupported(feature: ConfigFeature, supported: readonly string[]): ConfigError {
  const received = feature.config.feature_type;
  const message = `${received} is not supported yet; expected one of ${supported.join(', ')}`;
  return fieldError(feature, 'feature_type', message);
}

/** What every spec has. */
export function specBase({ config, name }: ConfigFeature): {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly at: SourceLocation;
} {
  return { name, inputs: config.input_names, at: locationOf(config) };
}

const COMBINERS: readonly string[] = ['sum', 'mean', 'sqrtn'] satisfies readonly Combiner[];

function isCombiner(text: string): text is Combiner {
  return COMBINERS.includes(text);
}

/**
 * How a feature is embedded.
 *
 * @param pooled where `combiner` has already been used to pool the input, it need not name one for embeddings
 */
export function embeddingSpec(feature: ConfigFeature, pooled = false): EmbeddingSpec {
  const { config, shared, keys } = feature;
  const { combiner, embedding_dim: dim } = config;
  const initializer = config.initializer && initializerOf(config.initializer);
  if (keys !== null && initializer?.kind === 'glorot_normal') {
    throw fieldError(
      feature,
      'initializer',
      'glorot_normal_initializer needs a number of rows, ev_params has none',
    );
  }
  if (!isCombiner(combiner) && !(pooled && dim === 0)) {
    throw fieldError(feature, 'combiner', `expected sum, mean or sqrtn, received "${combiner}"`);
  }
  return {
    dim,
    combiner: isCombiner(combiner) ? combiner : 'sum',
    initializer,
    sharedName: has(config, 'embedding_name') ? shared.nameOf(config) : null,
    ...(keys !== null && { keys }),
  };
}
