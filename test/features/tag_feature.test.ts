import assert from 'node:assert/strict';
import test from 'node:test';
import type { IdSource, TagFeatureSpec } from '../../easyrec/features/spec.js';
import { EMBEDDING, parseIds, strings } from './run_feature.js';

const IDENTITY: IdSource = { kind: 'identity', buckets: 10 };

function spec(changes: Partial<TagFeatureSpec> = {}): TagFeatureSpec {
  return {
    type: 'TagFeature',
    name: 't',
    inputs: ['t'],
    ids: IDENTITY,
    separator: '|',
    kvSeparator: null,
    embedding: EMBEDDING,
    ...changes,
  };
}

test('splits at any character of the separator and drops empty parts', () => {
  const { ids, weights } = parseIds(spec({ separator: '|;' }), strings('1|2;3', '', '||4|', '5'));
  assert.deepEqual(ids, [[1, 2, 3], [], [4], [5]]);
  assert.equal(weights, null);
});

test('hashes tags as single texts are hashed', () => {
  const { ids } = parseIds(spec({ ids: { kind: 'hash', buckets: 1000 } }), strings('hello|a', 'a'));
  const [hello, a] = [0xb48be5a931380ce8n, 0xb3454265b6df75e3n].map((h) => Number(h % 1000n));
  assert.deepEqual(ids, [[hello, a], [a]]);
});

test('takes numbers out of range, -1 included, and unknown words as id 0', () => {
  assert.deepEqual(parseIds(spec(), strings('-1|10|9', '3')).ids, [[0, 0, 9], [3]]);
  const vocabulary: IdSource = { kind: 'vocabulary', words: ['x', 'y'] };
  assert.deepEqual(parseIds(spec({ ids: vocabulary }), strings('y|z', 'x|y')).ids, [
    [1, 0],
    [0, 1],
  ]);
});

test('reads weights behind the key', () => {
  const { ids, weights } = parseIds(spec({ kvSeparator: ':' }), strings('1:0.5|2:-3', '', '7:1e2'));
  assert.deepEqual(ids, [[1, 2], [], [7]]);
  assert.deepEqual(weights, [[0.5, -3], [], [100]]);
});

test('accepts a batch without any tag', () => {
  assert.deepEqual(parseIds(spec({ kvSeparator: ':' }), strings('', '')).ids, [[], []]);
});

for (const bad of ['1', '1:2:3', '1|2:3:4', '1|2:3']) {
  test(`fails the run on ${JSON.stringify(bad)}, naming the feature`, () => {
    const weighted = spec({ kvSeparator: ':' });
    assert.throws(
      () => parseIds(weighted, strings('5:1', bad)),
      /TagFeature t: expected each tag as key:weight/,
    );
  });
}

test('reads weights from a second column', () => {
  const weighted = spec({ inputs: ['t', 'w'] });
  const { ids, weights } = parseIds(weighted, strings('1|2', '', '3'), strings('0.5|2', '', '-1'));
  assert.deepEqual(ids, [[1, 2], [], [3]]);
  assert.deepEqual(weights, [[0.5, 2], [], [-1]]);
});

test('fails the run when there are more or fewer weights than tags', () => {
  const weighted = spec({ inputs: ['t', 'w'] });
  assert.throws(
    () => parseIds(weighted, strings('1|2', '3'), strings('0.5|2', '')),
    /TagFeature t: expected as many weights in w as tags in t/,
  );
});

test('takes a column of rank 2 as tags already split', () => {
  const column = { dtype: 'string', values: ['1', '2', '', '3', '', ''], shape: [3, 2] } as const;
  const weightColumn = { dtype: 'float32', values: [0.5, 2, 9, 3, 9, 9], shape: [3, 2] } as const;
  assert.deepEqual(parseIds(spec(), column).ids, [[1, 2], [3], []]);
  const { weights } = parseIds(spec({ inputs: ['t', 'w'] }), column, weightColumn);
  assert.deepEqual(weights, [[0.5, 2], [3], []]);
});
