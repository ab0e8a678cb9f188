import assert from 'node:assert/strict';
import test from 'node:test';
import type { RawFeatureSpec } from '../../easyrec/features/spec.js';
import { ops } from '../../easyrec/tf/index.js';
import { EMBEDDING, parseIds, parseNumbers, strings } from './run_feature.js';

const NO_EMBEDDING = { ...EMBEDDING, dim: 0 };

function spec(changes: Partial<RawFeatureSpec>): RawFeatureSpec {
  return {
    type: 'RawFeature',
    name: 'f',
    inputs: ['f'],
    width: 1,
    separator: ',',
    pooling: null,
    range: null,
    normalizer: null,
    boundaries: null,
    embedding: NO_EMBEDDING,
    ...changes,
  };
}

test('passes numbers through as float32', () => {
  for (const dtype of ['float32', 'float64', 'int32'] as const) {
    assert.deepEqual(parseNumbers(spec({}), { dtype, values: [1, -2, 300] }), [1, -2, 300]);
  }
  assert.deepEqual(parseNumbers(spec({}), strings('1.5', '-2e3')), [1.5, -2000]);
});

test('fails the run on a text that is no number', () => {
  assert.throws(() => parseNumbers(spec({}), strings('1', '')), /could not correctly convert string/);
});

test('normalizes without clipping, then applies the normalizer', () => {
  const range = { min: 2, max: 6 };
  const column = { dtype: 'float32', values: [2, 4, 6, 10, 0] } as const;
  assert.deepEqual(parseNumbers(spec({ range }), column), [0, 0.5, 1, 2, -0.5]);
  const squared = spec({ range, normalizer: ops.square });
  assert.deepEqual(parseNumbers(squared, column), [0, 0.25, 1, 4, 0.25]);
});

test('splits text into the numbers of a row, with zeros for a missing tail', () => {
  const wide = spec({ width: 3, separator: ',;' });
  assert.deepEqual(
    parseNumbers(wide, strings('1,2,3', '4;5', '', ',,6')),
    [1, 2, 3, 4, 5, 0, 0, 0, 0, 6, 0, 0],
  );
});

test('fails the run on a row with more numbers than raw_input_dim', () => {
  assert.throws(() => parseNumbers(spec({ width: 2 }), strings('1,2,3')), /out of bounds/);
});

const POOLED = { sum: [4, 6, 5, 6], mean: [2, 3, 5, 6], max: [3, 4, 5, 6], min: [1, 2, 5, 6] } as const;
for (const combiner of ['sum', 'mean', 'max', 'min'] as const) {
  test(`pools a list of vectors by ${combiner}; a row without any is 0`, () => {
    const pooling = { separator: ';', combiner };
    const vectors = strings('1,2;3,4', '5,6', '');
    assert.deepEqual(parseNumbers(spec({ pooling, width: 2 }), vectors), [...POOLED[combiner], 0, 0]);
    const scalars = parseNumbers(spec({ pooling }), strings('1;3', '', '-5;-5'));
    const expected = { sum: [4, 0, -10], mean: [2, 0, -5], max: [3, 0, -5], min: [1, 0, -5] }[combiner];
    assert.deepEqual(scalars, expected);
  });
}

test('puts a number into the bucket after all boundaries up to it, NaN into the last', () => {
  const bucketized = spec({ boundaries: [2.5, 5, 10], embedding: EMBEDDING });
  const { ids, isSingle } = parseIds(bucketized, {
    dtype: 'float32',
    values: [-1, 2.4, 2.5, 5, 9.9, 10, Infinity, NaN],
  });
  assert.deepEqual(ids, [[0], [0], [1], [2], [2], [3], [3], [3]]);
  assert.equal(isSingle, true);
});

test('gives each dimension buckets of its own', () => {
  const bucketized = spec({ width: 2, boundaries: [0, 1], embedding: EMBEDDING });
  const { ids, weights } = parseIds(bucketized, strings('-1,5', '0.5,-3', '1,0'));
  assert.deepEqual(ids, [
    [0, 5],
    [1, 3],
    [2, 4],
  ]);
  assert.equal(weights, null);
});

test('without boundaries, numbers are weights of one embedding row a dimension', () => {
  const projected = spec({ width: 2, embedding: EMBEDDING });
  const { ids, weights } = parseIds(projected, strings('3,-4', '0.5'));
  assert.deepEqual(ids, [
    [0, 1],
    [0, 1],
  ]);
  assert.deepEqual(weights, [
    [3, -4],
    [0.5, 0],
  ]);
});
