import assert from 'node:assert/strict';
import test from 'node:test';
import type { FeaturePlan } from '../../easyrec/features/plan.js';
import { withReadyIds, type FieldTraits } from '../../easyrec/features/ready_ids.js';
import type { FeatureSpec, IdSource } from '../../easyrec/features/spec.js';
import { featureType } from '../../easyrec/features/index.js';
import { Graph, ops } from '../../easyrec/tf/index.js';
import { EMBEDDING, parseIds } from './run_feature.js';

function idFeature(name: string, input: string, ids: IdSource): FeatureSpec {
  return { type: 'IdFeature', name, inputs: [input], ids, precision: null, embedding: EMBEDDING };
}

function planOf(...features: readonly FeatureSpec[]): FeaturePlan {
  return { features, groups: [], wideOutputDim: null, embeddingRegularization: 0 };
}

const FIELDS: ReadonlyMap<string, FieldTraits> = new Map([
  ['city', { isHashable: true, mayBeEmpty: true }],
  ['shop', { isHashable: true, mayBeEmpty: false }],
  ['price', { isHashable: false, mayBeEmpty: false }],
]);

const hash = (buckets: number): IdSource => ({ kind: 'hash', buckets });

test('hashed features read one column for each field and number of buckets', () => {
  const { plan, columns } = withReadyIds(
    planOf(
      idFeature('a', 'city', hash(100)),
      idFeature('b', 'city', hash(7)),
      idFeature('c', 'city', hash(100)),
      idFeature('d', 'shop', hash(100)),
    ),
    FIELDS,
    new Set(),
  );
  assert.deepEqual(columns, [
    { name: 'city#100', field: 'city', buckets: 100 },
    { name: 'city#7', field: 'city', buckets: 7 },
    { name: 'shop#100', field: 'shop', buckets: 100 },
  ]);
  assert.deepEqual(
    plan.features.map((spec) => spec.inputs),
    [['city#100'], ['city#7'], ['city#100'], ['shop#100']],
  );
  assert.deepEqual(plan.features[3], {
    ...idFeature('d', 'shop#100', { kind: 'ready', buckets: 100, complete: true }),
  });
});

test('features that need the text, or no hash of it, stay as they are', () => {
  const features = [
    idFeature('raw', 'city', hash(100)),
    idFeature('words', 'city', { kind: 'vocabulary', words: ['x'] }),
    idFeature('number', 'shop', { kind: 'identity', buckets: 5 }),
    idFeature('float', 'price', hash(100)),
  ];
  const { plan, columns } = withReadyIds(planOf(...features), FIELDS, new Set(['raw']));
  assert.deepEqual(plan.features, features);
  assert.deepEqual(columns, []);
});

test('ids that are ready are taken as they are, -1 as none', () => {
  const values = [3n, -1n, 0n, 99n];
  const some = parseIds(idFeature('f', 'f', { kind: 'ready', buckets: 100, complete: false }), {
    dtype: 'int64',
    values,
  });
  assert.deepEqual(some.ids, [[3], [], [0], [99]]);
  assert.equal(some.isSingle, false);
});

test('ids that every row has are the column itself', () => {
  using graph = new Graph();
  const column = ops.placeholder(graph, 'int64', [-1], 'ids');
  const spec = idFeature('f', 'f', { kind: 'ready', buckets: 100, complete: true });
  const value = featureType(spec).parse([column], spec);
  assert.ok(value.kind === 'sparse' && value.single === true);
  assert.equal(value.ids, column);
  assert.throws(() => featureType(spec).raw([column], spec), {
    name: 'GraphError',
    message: /has ids, no values/,
  });
});
