import { readFileSync } from 'node:fs';
import { has } from '../config/message.js';
import type { ConfigFeature } from './config_feature.js';
import { embeddingSpec, fieldError, specBase } from './config_feature.js';
import { ALL_KEYS } from './spec.js';
import type {
  ComboFeatureSpec,
  IdFeatureSpec,
  IdSource,
  PassThroughFeatureSpec,
  TagFeatureSpec,
} from './spec.js';

/** @throws ConfigError for ids that cannot be made of the input. */
export function idSpec(feature: ConfigFeature): IdFeatureSpec {
  const ids = idSource(feature);
  const type = feature.inputTypes[0];
  if (ids.kind === 'identity' && type !== 'STRING' && type !== 'INT32' && type !== 'INT64') {
    throw fieldError(
      feature,
      'num_buckets',
      `expected an INT32, INT64 or STRING field, received ${type ?? ''}`,
    );
  }
  if (ids.kind === 'vocabulary' && type !== 'STRING') {
    const field = feature.config.vocab_list.length > 0 ? 'vocab_list' : 'vocab_file';
    throw fieldError(feature, field, `expected a STRING field, received ${type ?? ''}`);
  }
  const precision = ids.kind === 'hash' ? textPrecision(feature) : null;
  return { type: 'IdFeature', ...specBase(feature), ids, precision, embedding: embeddingSpec(feature) };
}

/** @throws ConfigError for an input that is no text, or for weights from two places. */
export function tagSpec(feature: ConfigFeature): TagFeatureSpec {
  const { config, inputTypes } = feature;
  const other = inputTypes.slice(0, 2).findIndex((type) => type !== 'STRING');
  if (other >= 0) {
    const message = `a TagFeature expects STRING fields, received ${inputTypes[other] ?? ''}`;
    throw fieldError(feature, 'input_names', message, other);
  }
  const hasKv = has(config, 'kv_separator');
  if (hasKv && config.input_names.length > 1) {
    throw fieldError(
      feature,
      'kv_separator',
      'expected either this or a second input with weights, received both',
    );
  }
  if (hasKv && config.kv_separator === '') throw fieldError(feature, 'kv_separator', 'expected a separator');
  return {
    type: 'TagFeature',
    ...specBase(feature),
    ids: idSource(feature),
    separator: config.separator,
    kvSeparator: hasKv ? config.kv_separator : null,
    embedding: embeddingSpec(feature),
  };
}

/** @throws ConfigError for fewer than two inputs, or separators that do not fit them. */
export function comboSpec(feature: ConfigFeature): ComboFeatureSpec {
  const { config, inputTypes, log, name } = feature;
  const { input_names: inputs, combo_input_seps: separators, combo_join_sep: joinSeparator } = config;
  if (config.feature_name === '') throw fieldError(feature, 'feature_name', 'a ComboFeature needs one');
  if (inputs.length < 2) {
    throw fieldError(feature, 'input_names', `expected two or more, received ${inputs.length}`);
  }
  if (config.hash_bucket_size < 1 && feature.keys === null) {
    throw fieldError(feature, 'hash_bucket_size', 'a ComboFeature needs one of at least 1');
  }
  if (separators.length > 0 && separators.length !== inputs.length) {
    const message = `expected ${inputs.length}, one for each input, received ${separators.length}`;
    throw fieldError(feature, 'combo_input_seps', message);
  }
  const unsplittable = inputTypes.findIndex((type, i) => (separators[i] ?? '') !== '' && type !== 'STRING');
  if (unsplittable >= 0) {
    const message = `only a STRING field can be split, "${inputs[unsplittable] ?? ''}" is ${inputTypes[unsplittable] ?? ''}`;
    throw fieldError(feature, 'combo_input_seps', message, unsplittable);
  }
  const joinsParts = joinSeparator !== '' && separators.length > 0;
  if (joinsParts) {
    log.warn(
      `feature "${name}": combo_join_sep has no effect beside combo_input_seps: parts are joined with "_X_", as in EasyRec`,
    );
  }
  return {
    type: 'ComboFeature',
    ...specBase(feature),
    buckets: feature.keys === null ? config.hash_bucket_size : ALL_KEYS,
    joinSeparator: joinSeparator === '' ? null : joinSeparator,
    inputSeparators: separators,
    precision: joinsParts ? null : textPrecision(feature),
    embedding: embeddingSpec(feature),
  };
}

/** What a config says about a PassThroughFeature: its inputs alone. */
export function passThroughSpec(feature: ConfigFeature): PassThroughFeatureSpec {
  return { type: 'PassThroughFeature', ...specBase(feature) };
}

/** Decimals of float inputs; null where there are none. */
function textPrecision(feature: ConfigFeature): number | null {
  const float = feature.inputTypes.findIndex((type) => type === 'FLOAT' || type === 'DOUBLE');
  if (float < 0) return null;
  const { precision, input_names: inputs } = feature.config;
  if (precision > 0) return precision;
  const message = `expected a number of decimals above 0, because the ${feature.inputTypes[float] ?? ''} field "${inputs[float] ?? ''}" becomes text; received ${precision}`;
  throw fieldError(feature, 'precision', message);
}

/**
 * Where several sources are given: hash_bucket_size before vocab_list before vocab_file before num_buckets. With a row for
 * each key, hash_bucket_size and num_buckets say where ids come from, not how many there are; numbers need neither.
 */
function idSource(feature: ConfigFeature): IdSource {
  const { config, keys, inputTypes } = feature;
  if (keys !== null && has(config, 'hash_bucket_size')) return { kind: 'hash', buckets: ALL_KEYS };
  if (config.hash_bucket_size > 0) return { kind: 'hash', buckets: config.hash_bucket_size };
  if (config.vocab_list.length > 0 || config.vocab_file !== '') {
    if (config.num_buckets > 0 && !has(config, 'hash_bucket_size')) {
      throw fieldError(feature, 'num_buckets', 'expected either this or a vocabulary, received both');
    }
    return { kind: 'vocabulary', words: vocabulary(feature) };
  }
  if (has(config, 'hash_bucket_size'))
    throw fieldError(feature, 'hash_bucket_size', 'expected at least 1, received 0');
  const isNumber = inputTypes[0] === 'INT32' || inputTypes[0] === 'INT64';
  if (keys !== null && (config.num_buckets > 0 || isNumber)) return { kind: 'identity', buckets: ALL_KEYS };
  if (config.num_buckets > 0) return { kind: 'identity', buckets: config.num_buckets };
  const sources = 'hash_bucket_size, vocab_list, vocab_file or num_buckets';
  throw fieldError(feature, 'feature_type', `a ${config.feature_type} needs ${sources}`);
}

function vocabulary(feature: ConfigFeature): readonly string[] {
  const { vocab_list: list, vocab_file: file } = feature.config;
  const field = list.length > 0 ? 'vocab_list' : 'vocab_file';
  const words = list.length > 0 ? list : readWords(feature, file);
  if (words.length === 0) throw fieldError(feature, field, `expected at least one word in ${file}`);
  const seen = new Set<string>();
  words.forEach((word, i) => {
    if (seen.has(word)) {
      const message = `expected distinct words, received ${JSON.stringify(word)} twice`;
      throw fieldError(feature, field, message, list.length > 0 ? i : 0);
    }
    seen.add(word);
  });
  return words;
}

/** One word a line. */
function readWords(feature: ConfigFeature, file: string): readonly string[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw fieldError(feature, 'vocab_file', `cannot read ${file}: ${reason}`);
  }
  const lines = text.split('\n').map((line) => line.replaceAll('\r', ''));
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}
