import assert from 'node:assert/strict';
import test from 'node:test';
import { pipelineConfigFromText } from '../../easyrec/config/load.js';
import { checkSupported, SUPPORT } from '../../easyrec/config/support/index.js';
import { ConfigError } from '../../easyrec/errors.js';
import { featurePlan } from '../../easyrec/features/from_config.js';
import { ALL_KEYS, type FeatureSpec } from '../../easyrec/features/spec.js';
import { parseIds, strings } from './run_feature.js';

const DATA = `data_config {
  input_fields { input_name: "name" input_type: STRING }
  input_fields { input_name: "number" input_type: INT64 }
}`;
const ID = 'feature_type: IdFeature embedding_dim: 4';
const OWN = 'ev_params { filter_freq: 3 steps_to_live: 70 }';

function textOf(features: readonly string[], model = ''): string {
  const listed = features.map((feature) => `features { ${feature} }`).join('\n');
  return `${DATA}\nfeature_config { ${listed} }\nmodel_config { ${model} }`;
}

function specsOf(features: readonly string[], model = ''): readonly FeatureSpec[] {
  return featurePlan(pipelineConfigFromText(textOf(features, model), 'test.config')).features;
}

function idsOf(spec: FeatureSpec | undefined): unknown {
  return spec !== undefined && 'ids' in spec ? spec.ids : undefined;
}

function keysOf(spec: FeatureSpec | undefined): unknown {
  return spec !== undefined && 'embedding' in spec ? spec.embedding.keys : undefined;
}

test('ids are hashed or numbers without a bound; the feature’s own parameters go before the model’s', () => {
  const features = [
    `input_names: "name" ${ID} hash_bucket_size: 10`,
    `feature_name: "own" input_names: "name" ${ID} hash_bucket_size: 0 ${OWN}`,
    `input_names: "number" ${ID} num_buckets: 10`,
    `feature_name: "bare" input_names: "number" ${ID}`,
    `feature_name: "words" input_names: "name" ${ID} vocab_list: ["a", "b"]`,
    `feature_name: "both" input_names: ["name", "number"] feature_type: ComboFeature embedding_dim: 4`,
  ];
  const specs = specsOf(features, 'ev_params {}');
  const [hash, identity] = ['hash', 'identity'].map((kind) => ({ kind, buckets: ALL_KEYS }));
  const words = { kind: 'vocabulary', words: ['a', 'b'] };
  assert.deepEqual(specs.slice(0, 5).map(idsOf), [hash, hash, identity, identity, words]);
  assert.equal(specs[5]?.type === 'ComboFeature' && specs[5].buckets, ALL_KEYS);
  const [model, own] = [
    { filterFreq: 0, stepsToLive: 0 },
    { filterFreq: 3, stepsToLive: 70 },
  ];
  assert.deepEqual(specs.map(keysOf), [model, own, model, model, model, model]);
  assert.deepEqual(specsOf([`input_names: "name" ${ID} hash_bucket_size: 10`]).map(keysOf), [undefined]);
});

test('hashes are modulo 2^63 - 1, numbers are what they are', () => {
  const [hashed, numbers] = specsOf(
    [`input_names: "name" ${ID} hash_bucket_size: 10`, `input_names: "number" ${ID} num_buckets: 10`],
    'ev_params {}',
  );
  assert.ok(hashed && numbers);
  const fingerprint = 0xb48be5a931380ce8n;
  assert.deepEqual(parseIds(hashed, strings('hello')).ids, [[Number(fingerprint % (2n ** 63n - 1n))]]);
  const values = [0n, -1n, -7n, 2n ** 62n, 2n ** 63n - 1n];
  const { ids } = parseIds(numbers, { dtype: 'int64', values: BigInt64Array.from(values) });
  assert.deepEqual(ids, [[0], [], [0], [2 ** 62], [0]]);
  const { ids: ofTexts } = parseIds(numbers, strings('5000000000'));
  assert.deepEqual(ofTexts, [[5e9]]);
});

test('of features that share a table the first one’s parameters count, and all or none have them', () => {
  const shared = `${ID} hash_bucket_size: 10 embedding_name: "t"`;
  const [first, other] = [`input_names: "name" ${shared}`, `feature_name: "b" input_names: "name" ${shared}`];
  const specs = specsOf([`${first} ${OWN}`, `${other} ev_params {}`]);
  assert.deepEqual(specs.map(keysOf), new Array(2).fill({ filterFreq: 3, stepsToLive: 70 }));
  assert.throws(() => specsOf([first, `${other} ${OWN}`]), /"b": ev_params: expected none as in "name"/);
  assert.throws(() => specsOf([`${first} ${OWN}`, other]), /"b": ev_params: expected them as in "name"/);
  assert.deepEqual(specsOf([first, `${other} ${OWN}`], 'ev_params {}').map(keysOf), [
    { filterFreq: 0, stepsToLive: 0 },
    { filterFreq: 0, stepsToLive: 0 },
  ]);
});

test('what such tables cannot have is refused with its place', () => {
  const feature = `input_names: "name" ${ID} hash_bucket_size: 10`;
  const glorot = `${feature} initializer { glorot_normal_initializer {} } ev_params {}`;
  assert.throws(
    () => specsOf([glorot]),
    /"name": initializer: glorot_normal_initializer needs a number of rows/,
  );
  for (const field of ['filter_freq', 'steps_to_live']) {
    const config = `${feature} ev_params { ${field}: 2147483647 }`;
    assert.throws(
      () => specsOf([config]),
      new RegExp(`"name": ev_params.${field}: expected a number from 0`),
    );
  }
  assert.throws(() => specsOf([`input_names: "name" ${ID} ev_params {}`]), ConfigError);
});

test('parameters of hybrid embeddings are accepted at their defaults alone', () => {
  const configOf = (fields: string): object =>
    pipelineConfigFromText(textOf([], `ev_params { ${fields} }`), 'test.config');
  checkSupported(configOf('use_cache: false init_capacity: 8388608 max_capacity: 16777216'), SUPPORT);
  for (const fields of ['use_cache: true', 'init_capacity: 5', 'max_capacity: 5']) {
    const name = fields.split(':')[0] ?? '';
    assert.throws(
      () => checkSupported(configOf(fields), SUPPORT),
      new RegExp(`field "${name}" of EVParams is not supported yet`),
    );
  }
});
