import type { Block, EasyRecModel, FeatureGroupConfig } from '../config/generated/types.js';
import type { PipelineConfig } from '../config/load.js';
import { featureConfigs, featureName } from '../config/load.js';
import { has, locationOf } from '../config/message.js';
import { ConfigError } from '../errors.js';
import type { Log } from '../log.js';
import { SILENT_LOG } from '../log.js';
import type { Callable, ConfigFeature } from './config_feature.js';
import { configFeature, unsupported } from './config_feature.js';
import { comboSpec, idSpec, passThroughSpec, tagSpec } from './id_specs.js';
import type { FeatureGroup, FeaturePlan } from './plan.js';
import { rawSpec } from './raw_spec.js';
import { SharedEmbeddings } from './shared_embeddings.js';
import type { FeatureSpec } from './spec.js';

export interface FeaturePlanOptions {
  /** Hears of options that have no effect, as in EasyRec. */
  readonly log?: Log;
  /** Turns the text of a `normalizer_fn` into graph ops; without it features with one are refused. */
  readonly callable?: Callable;
}

const SPECS = {
  IdFeature: idSpec,
  RawFeature: rawSpec,
  TagFeature: tagSpec,
  ComboFeature: comboSpec,
  PassThroughFeature: passThroughSpec,
} as const satisfies { readonly [K in FeatureSpec['type']]: (feature: ConfigFeature) => FeatureSpec };

/**
 * Resolves all that a config says about features and feature groups.
 *
 * @throws ConfigError naming the place
 */
export function featurePlan(config: PipelineConfig, options: FeaturePlanOptions = {}): FeaturePlan {
  const model = config.model_config;
  return {
    features: featureSpecs(config, options),
    groups: featureGroups(model),
    wideOutputDim: wideOutputDim(model),
    embeddingRegularization: model?.embedding_regularization ?? 0,
  };
}

/** The features of a config, in its order. */
function featureSpecs(config: PipelineConfig, options: FeaturePlanOptions): readonly FeatureSpec[] {
  const configs = featureConfigs(config);
  const fields = new Map(
    (config.data_config?.input_fields ?? []).map((field) => [field.input_name, field.input_type]),
  );
  const evParams = config.model_config?.ev_params ?? null;
  const shared = new SharedEmbeddings(configs, evParams !== null);
  const seen = new Set<string>();
  return configs.map((feature) => {
    const name = featureName(feature);
    if (seen.has(name)) {
      const message = `feature "${name}": expected distinct names, received this one twice; set feature_name`;
      throw new ConfigError(message, { at: locationOf(feature) });
    }
    seen.add(name);
    const { log = SILENT_LOG, callable } = options;
    return specOf(configFeature(feature, { fields, shared, evParams, log, ...(callable && { callable }) }));
  });
}

function specOf(feature: ConfigFeature): FeatureSpec {
  const type = feature.config.feature_type;
  if (Object.hasOwn(SPECS, type)) return SPECS[type as keyof typeof SPECS](feature);
  throw unsupported(feature, Object.keys(SPECS));
}

function featureGroups(model: EasyRecModel | null): readonly FeatureGroup[] {
  const groups = new Map<string, FeatureGroup>();
  for (const config of model?.feature_groups ?? []) {
    const group = featureGroup(config);
    if (groups.has(group.name)) {
      throw new ConfigError(`feature group "${group.name}": defined twice`, { at: group.at });
    }
    groups.set(group.name, group);
  }
  return [...groups.values()];
}

function featureGroup(config: FeatureGroupConfig): FeatureGroup {
  const { group_name: name, feature_names: featureNames, wide_deep: kind } = config;
  const at = locationOf(config, 'group_name');
  const what = `feature group "${name}"`;
  if (kind === 'WIDE_AND_DEEP') {
    throw new ConfigError(`${what}: wide_deep: expected WIDE or DEEP, received WIDE_AND_DEEP`, {
      at: locationOf(config, 'wide_deep'),
    });
  }
  if (config.sequence_features.length > 0) {
    throw new ConfigError(`${what}: sequence_features are not supported yet`, {
      at: locationOf(config, 'sequence_features'),
    });
  }
  if (config.negative_sampler) {
    throw new ConfigError(`${what}: negative_sampler is not supported yet`, {
      at: locationOf(config, 'negative_sampler'),
    });
  }
  const twice = featureNames.findIndex((feature, i) => featureNames.indexOf(feature) !== i);
  if (twice >= 0) {
    throw new ConfigError(`${what}: feature "${featureNames[twice] ?? ''}" is listed twice`, {
      at: locationOf(config, 'feature_names', twice),
    });
  }
  return { name, isWide: kind === 'WIDE', featureNames, at };
}

/** With a backbone its `input_layer` blocks say how wide wide groups are, and all that do must agree. */
function wideOutputDim(model: EasyRecModel | null): number | null {
  const backbone = model?.backbone;
  if (!backbone) return null;
  let found: number | null = null;
  const blocks: readonly Block[] = [...backbone.packages.flatMap((part) => part.blocks), ...backbone.blocks];
  for (const { input_layer: layer } of blocks) {
    if (layer === null || !has(layer, 'wide_output_dim')) continue;
    if (found !== null && found !== layer.wide_output_dim) {
      throw new ConfigError(
        `wide_output_dim: expected ${found} as in the other input_layer blocks, received ${layer.wide_output_dim}`,
        { at: locationOf(layer, 'wide_output_dim') },
      );
    }
    found = layer.wide_output_dim;
  }
  return found;
}
