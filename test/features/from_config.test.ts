import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { pipelineConfigFromText } from '../../easyrec/config/load.js';
import { ConfigError } from '../../easyrec/errors.js';
import { featurePlan } from '../../easyrec/features/from_config.js';
import { featureType } from '../../easyrec/features/index.js';
import type { FeaturePlan } from '../../easyrec/features/plan.js';
import type { FeatureSpec } from '../../easyrec/features/spec.js';
import { ops } from '../../easyrec/tf/index.js';
import { withTempFolder } from '../support/temp_folder.js';

const FIELDS = [
  ['user_id', 'STRING'],
  ['item_id', 'INT64'],
  ['price', 'FLOAT'],
  ['tags', 'STRING'],
  ['flag', 'BOOL'],
] as const;

const DATA = `data_config {
${FIELDS.map(([name, type]) => `  input_fields { input_name: "${name}" input_type: ${type} }`).join('\n')}
}`;

function planOf(features: string, rest = '', options = {}): FeaturePlan {
  const text = `${DATA}\nfeature_config {\n${features}\n}\n${rest}`;
  return featurePlan(pipelineConfigFromText(text, 'test.config'), options);
}

function specsOf(...features: string[]): readonly FeatureSpec[] {
  return planOf(features.map((feature) => `features { ${feature} }`).join('\n')).features;
}

const ID = 'feature_type: IdFeature embedding_dim: 4';
const RAW = 'feature_type: RawFeature';
const TAG = 'feature_type: TagFeature embedding_dim: 4 hash_bucket_size: 9';
const COMBO = 'feature_type: ComboFeature embedding_dim: 4';

function assertSpec(feature: string, expected: object): void {
  const [spec] = specsOf(feature);
  assert.ok(spec);
  const entries = Object.entries(spec).filter(([key]) => Object.hasOwn(expected, key));
  assert.deepEqual(Object.fromEntries(entries), expected);
}

test('a feature is called feature_name, else its first input', () => {
  assertSpec(`input_names: "user_id" ${ID} hash_bucket_size: 10`, { name: 'user_id', inputs: ['user_id'] });
  assertSpec(`feature_name: "u" input_names: "user_id" ${ID} hash_bucket_size: 10`, { name: 'u' });
});

test('hash_bucket_size comes before vocab_list, vocab_list before num_buckets of text', () => {
  const input = `input_names: "user_id" ${ID}`;
  const hash = { kind: 'hash', buckets: 10 };
  assertSpec(`${input} hash_bucket_size: 10 vocab_list: "a" num_buckets: 5`, { ids: hash });
  assertSpec(`${input} vocab_list: ["b", "a"]`, { ids: { kind: 'vocabulary', words: ['b', 'a'] } });
  assertSpec(`${input} num_buckets: 5`, { ids: { kind: 'identity', buckets: 5 } });
});

test('reads a vocabulary file line by line', async () => {
  await withTempFolder((folder) => {
    const file = join(folder, 'words.txt');
    writeFileSync(file, 'b\r\n中文\na b\n');
    const words = ['b', '中文', 'a b'];
    assertSpec(`input_names: "user_id" ${ID} vocab_file: "${file}"`, { ids: { kind: 'vocabulary', words } });
    return Promise.resolve();
  });
});

test('sorts boundaries; buckets of a range part the normalized numbers', () => {
  assertSpec(`input_names: "price" ${RAW} boundaries: [3, 1, 2]`, { boundaries: [1, 2, 3], range: null });
  assertSpec(`input_names: "price" ${RAW} num_buckets: 4 min_val: 2 max_val: 6`, {
    boundaries: [0, 0.25, 0.5, 0.75],
    range: { min: 2, max: 6 },
  });
  assertSpec(`input_names: "price" ${RAW}`, { boundaries: null, range: null, width: 1, pooling: null });
});

test('pools vectors only where seq_multi_sep and combiner are both set, and of text', () => {
  const vectors = `input_names: "user_id" ${RAW} raw_input_dim: 2 seq_multi_sep: ";"`;
  assertSpec(`${vectors} combiner: "max"`, { pooling: { separator: ';', combiner: 'max' }, width: 2 });
  assertSpec(vectors, { pooling: null });
  const warnings: string[] = [];
  const log = { info: () => undefined, debug: () => undefined, warn: (text: string) => warnings.push(text) };
  planOf(`features { input_names: "price" ${RAW} seq_multi_sep: ";" combiner: "sum" }`, '', { log });
  assert.match(warnings.join(), /"price": seq_multi_sep has no effect on a FLOAT field/);
});

test('hands normalizer_fn to the given compiler, with its place', () => {
  const seen: unknown[] = [];
  const callable = (text: string, at: unknown): typeof ops.square => {
    seen.push(text, at);
    return ops.square;
  };
  const feature = `features { input_names: "price" ${RAW} normalizer_fn: "tf.square" }`;
  const [spec] = planOf(feature, '', { callable }).features;
  assert.ok(spec?.type === 'RawFeature');
  assert.equal(spec.normalizer, ops.square);
  assert.equal(seen[0], 'tf.square');
  assert.throws(() => planOf(feature), /normalizer_fn: not supported here/);
});

test('a table is shared by two or more features of one embedding_name', () => {
  const shared = 'embedding_name: "t" hash_bucket_size: 10';
  const names = specsOf(
    `input_names: "user_id" ${ID} ${shared}`,
    `feature_name: "b" input_names: "tags" ${TAG} embedding_name: "t"`,
    `feature_name: "c" input_names: "tags" ${ID} hash_bucket_size: 3 embedding_name: "alone"`,
  ).map((spec) => spec.type !== 'PassThroughFeature' && spec.embedding.sharedName);
  assert.deepEqual(names, ['t', 't', null]);
});

test('columns and table sizes are as in the names and shapes of checkpoints', () => {
  const specs = specsOf(
    `input_names: "user_id" ${ID} hash_bucket_size: 10`,
    `input_names: "price" ${RAW} embedding_dim: 4 boundaries: [1, 2]`,
    `feature_name: "p2" input_names: "price" ${RAW} embedding_dim: 4`,
    `feature_name: "p3" input_names: "price" ${RAW}`,
    `input_names: "tags" ${TAG}`,
    `feature_name: "kv" input_names: "tags" ${TAG} kv_separator: ":"`,
    `feature_name: "tw" input_names: ["tags", "user_id"] ${TAG}`,
    `feature_name: "x" input_names: ["tags", "item_id"] ${COMBO} hash_bucket_size: 7`,
  );
  assert.deepEqual(
    specs.map((spec) => [featureType(spec).columnName(spec), featureType(spec).tableRows(spec)]),
    [
      ['user_id', 10],
      ['price_bucketized', 3],
      ['p2_weighted_by_p2_raw_proj_val', 1],
      ['p3_weighted_by_p3_raw_proj_val', 0],
      ['tags', 9],
      ['kv_weighted_by_kv_w', 9],
      ['tw_weighted_by_tw_w', 9],
      ['x', 7],
    ],
  );
});

test('reads feature groups and what goes with them', () => {
  const plan = planOf(
    `features { input_names: "user_id" ${ID} hash_bucket_size: 10 }`,
    `model_config {
      feature_groups { group_name: "w" feature_names: ["user_id", "price"] wide_deep: WIDE }
      feature_groups { group_name: "d" feature_names: "user_id" }
      backbone { blocks { name: "w" inputs { feature_group_name: "w" } input_layer { wide_output_dim: 2 } } }
      embedding_regularization: 0.5
    }`,
  );
  assert.deepEqual(
    plan.groups.map(({ name, isWide, featureNames }) => ({ name, isWide, featureNames })),
    [
      { name: 'w', isWide: true, featureNames: ['user_id', 'price'] },
      { name: 'd', isWide: false, featureNames: ['user_id'] },
    ],
  );
  assert.equal(plan.wideOutputDim, 2);
  assert.equal(plan.embeddingRegularization, 0.5);
});

const BAD_FEATURES: readonly (readonly [string, RegExp])[] = [
  [`input_names: "user_di" ${ID} hash_bucket_size: 3`, /no input field "user_di"; did you mean "user_id"/],
  [`${ID} hash_bucket_size: 3 feature_name: "f"`, /expected input_names, received none/],
  [`input_names: "user_id" ${ID}`, /needs hash_bucket_size, vocab_list, vocab_file or num_buckets/],
  [
    `input_names: "user_id" ${ID} hash_bucket_size: 0 num_buckets: 3`,
    /hash_bucket_size: expected at least 1/,
  ],
  [`input_names: "user_id" ${ID} vocab_list: "a" num_buckets: 3`, /either this or a vocabulary/],
  [
    `input_names: "user_id" ${ID} vocab_list: ["a", "b", "a"]`,
    /vocab_list: expected distinct words, received "a"/,
  ],
  [
    `input_names: "user_id" ${ID} vocab_file: "no/such/file"`,
    /vocab_file: cannot read no\/such\/file: ENOENT/,
  ],
  [`input_names: "item_id" ${ID} vocab_list: "a"`, /vocab_list: expected a STRING field, received INT64/],
  [
    `input_names: "price" ${ID} num_buckets: 3`,
    /num_buckets: expected an INT32, INT64 or STRING field, received FLOAT/,
  ],
  [`input_names: "price" ${ID} hash_bucket_size: 3`, /precision: expected a number of decimals above 0/],
  [
    `input_names: "user_id" ${ID} hash_bucket_size: 3 combiner: "max"`,
    /combiner: expected sum, mean or sqrtn/,
  ],
  [
    `input_names: "user_id" ${ID} hash_bucket_size: 3 initializer {}`,
    /initializer: expected one to be chosen/,
  ],
  [`input_names: "flag" ${RAW}`, /expects numbers or text, received BOOL/],
  [`input_names: "price" ${RAW} raw_input_dim: 2`, /only a STRING field holds 2 numbers, received FLOAT/],
  [
    `input_names: "price" ${RAW} boundaries: [1, 2, 1]`,
    /boundaries: expected distinct ones, received 1 twice/,
  ],
  [
    `input_names: "price" ${RAW} num_buckets: 3 embedding_dim: 4`,
    /buckets without boundaries need max_val above/,
  ],
  [`input_names: "item_id" ${TAG}`, /a TagFeature expects STRING fields, received INT64/],
  [`input_names: ["tags", "price"] ${TAG}`, /a TagFeature expects STRING fields, received FLOAT/],
  [`input_names: ["tags", "user_id"] ${TAG} kv_separator: ":"`, /either this or a second input with weights/],
  [`input_names: ["tags", "user_id"] ${COMBO} hash_bucket_size: 3`, /feature_name: a ComboFeature needs one/],
  [`feature_name: "c" input_names: "tags" ${COMBO} hash_bucket_size: 3`, /expected two or more, received 1/],
  [
    `feature_name: "c" input_names: ["tags", "user_id"] ${COMBO}`,
    /hash_bucket_size: a ComboFeature needs one/,
  ],
  [
    `feature_name: "c" input_names: ["tags", "user_id"] ${COMBO} hash_bucket_size: 3 combo_input_seps: ","`,
    /combo_input_seps: expected 2, one for each input, received 1/,
  ],
  [
    `feature_name: "c" input_names: ["tags", "item_id"] ${COMBO} hash_bucket_size: 3 combo_input_seps: ["", ","]`,
    /only a STRING field can be split, "item_id" is INT64/,
  ],
  [
    'input_names: "tags" feature_type: SequenceFeature',
    /SequenceFeature is not supported yet; expected one of IdFeature/,
  ],
];

for (const [feature, message] of BAD_FEATURES) {
  test(`refuses ${feature}`, () => {
    assert.throws(
      () => specsOf(feature),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, message);
        // The features begin in the line after the data and "feature_config {".
        assert.deepEqual([error.at?.file, error.at?.line], ['test.config', FIELDS.length + 4]);
        return true;
      },
    );
  });
}

test('refuses two features of one name', () => {
  const feature = `input_names: "user_id" ${ID} hash_bucket_size: 3`;
  assert.throws(() => specsOf(feature, feature), /"user_id": expected distinct names/);
});

test('refuses to share a table between features that embed differently', () => {
  const shared = 'feature_type: IdFeature embedding_name: "t" hash_bucket_size: 3';
  const first = `input_names: "user_id" ${shared} embedding_dim: 4`;
  const others = [
    ['embedding_dim: 8', /"b": embedding_dim: expected 4 as in "user_id".*received 8/],
    ['embedding_dim: 4 combiner: "mean"', /"b": combiner: expected "sum"/],
    ['embedding_dim: 4 initializer { glorot_normal_initializer {} }', /"b": initializer: expected null/],
  ] as const;
  for (const [other, message] of others) {
    const second = `feature_name: "b" input_names: "tags" ${shared} ${other}`;
    assert.throws(() => specsOf(first, second), message);
  }
});

const BAD_GROUPS: readonly (readonly [string, RegExp])[] = [
  ['feature_groups { group_name: "g" } feature_groups { group_name: "g" }', /"g": defined twice/],
  ['feature_groups { group_name: "g" feature_names: ["a", "b", "a"] }', /"g": feature "a" is listed twice/],
  ['feature_groups { group_name: "g" wide_deep: WIDE_AND_DEEP }', /expected WIDE or DEEP/],
  ['feature_groups { group_name: "g" negative_sampler: true }', /negative_sampler is not supported yet/],
  ['feature_groups { group_name: "g" sequence_features {} }', /sequence_features are not supported yet/],
  [
    `backbone {
      blocks { name: "a" input_layer { wide_output_dim: 2 } }
      blocks { name: "b" input_layer { wide_output_dim: 3 } }
    }`,
    /wide_output_dim: expected 2 as in the other input_layer blocks, received 3/,
  ],
];

for (const [model, message] of BAD_GROUPS) {
  test(`refuses ${message.source}`, () => {
    assert.throws(() => planOf('', `model_config { ${model} }`), message);
  });
}
