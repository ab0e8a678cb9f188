import assert from 'node:assert/strict';
import test from 'node:test';
import type { ComboFeatureSpec, IdFeatureSpec, RawFeatureSpec } from '../../easyrec/features/spec.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../support/python.js';
import { EMBEDDING, parseIds, strings } from './run_feature.js';

const ROWS = 200;
const BUCKETS = 10_007;
const BOUNDARIES = [-1.5, 0, 0.1, 3, 1e6];

/** A small random generator (mulberry32), so that each run tests the same texts. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function randomTexts(seed: number): string[] {
  const next = random(seed);
  const alphabet = Array.from('abcXYZ019 _|é中🙂');
  const letter = (): string => alphabet[Math.floor(next() * alphabet.length)] ?? '';
  return Array.from({ length: ROWS }, () =>
    Array.from({ length: Math.floor(next() ** 3 * 90) }, letter).join(''),
  );
}

function randomNumbers(seed: number): number[] {
  const next = random(seed);
  const spread = Array.from({ length: ROWS - BOUNDARIES.length }, () => Math.fround((next() - 0.5) * 8));
  return [...spread, ...BOUNDARIES.map(Math.fround)];
}

const SCRIPT = `
import json, sys
import tensorflow as tf
tf.compat.v1.disable_eager_execution()
data = json.loads(sys.argv[1])
fc = tf.feature_column
a, b, c = (tf.constant(data[k]) for k in 'abc')
features = {'a': a, 'b': b, 'c': c, 'x': tf.constant(data['x'])}
def ids(column):
  tensors = column.get_sparse_tensors(fc_v2.FeatureTransformationCache(features), None)
  return tensors.id_tensor
from tensorflow.python.feature_column import feature_column_v2 as fc_v2
buckets = data['buckets']
split = tf.compat.v1.string_split(b, '|')
features_split = dict(features, b=split)
def split_ids():
  column = fc.crossed_column(['a', 'b', 'c'], buckets)
  return column.get_sparse_tensors(fc_v2.FeatureTransformationCache(features_split), None).id_tensor
numeric = fc.numeric_column('x')
out = {
  'hash': ids(fc.categorical_column_with_hash_bucket('a', buckets)),
  'cross': ids(fc.crossed_column(['a', 'b', 'c'], buckets)),
  'split': split_ids(),
  'bucketized': ids(fc.bucketized_column(numeric, data['boundaries'])),
}
with tf.compat.v1.Session() as session:
  values = session.run(out)
print(json.dumps({k: [v.indices[:, 0].tolist(), v.values.tolist()] for k, v in values.items()}))
`;

type Expected = Readonly<Record<'hash' | 'cross' | 'split' | 'bucketized', readonly [number[], number[]]>>;

function perRow([rows, ids]: readonly [number[], number[]]): number[][] {
  return Array.from({ length: ROWS }, (_, row) => ids.filter((_id, i) => rows[i] === row));
}

for (const version of ORACLE_VERSIONS) {
  test(
    `gives the ids of TensorFlow ${version}'s feature columns`,
    { skip: skipWithoutTensorflow(version) },
    async () => {
      const [a, b, c, x] = [randomTexts(1), randomTexts(2), randomTexts(3), randomNumbers(4)];
      const data = { a, b, c, x, buckets: BUCKETS, boundaries: BOUNDARIES };
      const expected = JSON.parse(await runPython(version, SCRIPT, [JSON.stringify(data)])) as Expected;

      const id: IdFeatureSpec = {
        type: 'IdFeature',
        name: 'a',
        inputs: ['a'],
        ids: { kind: 'hash', buckets: BUCKETS },
        precision: null,
        embedding: EMBEDDING,
      };
      assert.deepEqual(parseIds(id, strings(...a)).ids, perRow(expected.hash));

      const combo: ComboFeatureSpec = {
        type: 'ComboFeature',
        name: 'abc',
        inputs: ['a', 'b', 'c'],
        buckets: BUCKETS,
        joinSeparator: null,
        inputSeparators: [],
        precision: null,
        embedding: EMBEDDING,
      };
      const columns = [a, b, c].map((texts) => strings(...texts));
      assert.deepEqual(parseIds(combo, ...columns).ids, perRow(expected.cross));
      const split = { ...combo, inputSeparators: ['', '|', ''] };
      assert.deepEqual(parseIds(split, ...columns).ids, perRow(expected.split));

      const raw: RawFeatureSpec = {
        type: 'RawFeature',
        name: 'x',
        inputs: ['x'],
        width: 1,
        separator: '|',
        pooling: null,
        range: null,
        normalizer: null,
        boundaries: BOUNDARIES,
        embedding: EMBEDDING,
      };
      assert.deepEqual(parseIds(raw, { dtype: 'float32', values: x }).ids, perRow(expected.bucketized));
    },
  );
}
