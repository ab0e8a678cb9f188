import { has, locationOf } from '../config/message.js';
import type { ConfigFeature } from './config_feature.js';
import { embeddingSpec, fieldError, specBase } from './config_feature.js';
import type { RawFeatureSpec, RawPooling } from './spec.js';

/** @throws ConfigError for numbers that cannot be had from the input. */
export function rawSpec(feature: ConfigFeature): RawFeatureSpec {
  const { config, inputTypes } = feature;
  const { raw_input_dim: width, min_val: min, max_val: max } = config;
  const type = inputTypes[0] ?? '';
  if (type === 'BOOL') {
    throw fieldError(feature, 'input_names', 'a RawFeature expects numbers or text, received BOOL');
  }
  if (width < 1) throw fieldError(feature, 'raw_input_dim', 'expected at least 1, received 0');
  if (width > 1 && type !== 'STRING') {
    throw fieldError(
      feature,
      'raw_input_dim',
      `only a STRING field holds ${width} numbers, received ${type}`,
    );
  }
  const pooling = rawPooling(feature);
  const boundaries = rawBoundaries(feature);
  if (boundaries === null && config.num_buckets > 1 && config.embedding_dim > 0) {
    throw fieldError(feature, 'num_buckets', 'buckets without boundaries need max_val above min_val');
  }
  return {
    type: 'RawFeature',
    ...specBase(feature),
    width,
    separator: config.separator,
    pooling,
    range: max > min ? { min, max } : null,
    normalizer: normalizer(feature),
    boundaries,
    embedding: embeddingSpec(feature, pooling !== null && boundaries === null),
  };
}

function isPooling(text: string): text is RawPooling['combiner'] {
  return text === 'max' || text === 'min' || text === 'sum' || text === 'mean';
}

/** Vectors are pooled where both seq_multi_sep and combiner are set, and only of text. */
function rawPooling(feature: ConfigFeature): RawPooling | null {
  const { config, inputTypes, log, name } = feature;
  if (!has(config, 'seq_multi_sep') || !has(config, 'combiner')) return null;
  if (inputTypes[0] !== 'STRING') {
    log.warn(
      `feature "${name}": seq_multi_sep has no effect on a ${inputTypes[0] ?? ''} field, as in EasyRec`,
    );
    return null;
  }
  const { seq_multi_sep: separator, combiner } = config;
  if (isPooling(combiner)) return { separator, combiner };
  throw fieldError(feature, 'combiner', `expected max, min, sum or mean, received "${combiner}"`);
}

/** Those of the config, sorted; or those that part [0, 1] into num_buckets, where numbers are brought there. */
function rawBoundaries(feature: ConfigFeature): readonly number[] | null {
  const { boundaries, num_buckets: count, min_val: min, max_val: max } = feature.config;
  if (boundaries.length > 0) {
    const sorted = [...boundaries].sort((a, b) => a - b);
    const twice = sorted.find((boundary, i) => i > 0 && boundary === sorted[i - 1]);
    if (twice === undefined) return sorted;
    throw fieldError(feature, 'boundaries', `expected distinct ones, received ${twice} twice`);
  }
  if (count <= 1 || max <= min) return null;
  return Array.from({ length: count }, (_, i) => i / count);
}

function normalizer(feature: ConfigFeature): RawFeatureSpec['normalizer'] {
  const { config, callable } = feature;
  if (!has(config, 'normalizer_fn')) return null;
  if (callable === undefined) throw fieldError(feature, 'normalizer_fn', 'not supported here');
  return callable(config.normalizer_fn, locationOf(config, 'normalizer_fn'));
}
