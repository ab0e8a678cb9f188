import assert from 'node:assert/strict';
import test from 'node:test';
import type { ComboFeatureSpec, IdFeatureSpec } from '../../easyrec/features/spec.js';
import { EMBEDDING, parseIds, strings } from './run_feature.js';

const BUCKETS = 1_000_000;

function spec(changes: Partial<ComboFeatureSpec> = {}): ComboFeatureSpec {
  return {
    type: 'ComboFeature',
    name: 'c',
    inputs: ['a', 'b'],
    buckets: BUCKETS,
    joinSeparator: null,
    inputSeparators: [],
    precision: null,
    embedding: EMBEDDING,
    ...changes,
  };
}

/** The ids of texts hashed as they are. */
function hashed(...texts: string[]): number[] {
  const ids = { kind: 'hash', buckets: BUCKETS } as const;
  const id: IdFeatureSpec = {
    type: 'IdFeature',
    name: 'h',
    inputs: ['h'],
    ids,
    precision: null,
    embedding: EMBEDDING,
  };
  return parseIds(id, strings(...texts)).ids.flat();
}

test('crosses columns by chained fingerprints, empty texts included', () => {
  const two = parseIds(spec(), strings('a', ''), strings('b', 'b'));
  assert.deepEqual(two.ids, [[674986], [56927]]);
  assert.equal(two.isSingle, true);
  const three = parseIds(spec({ inputs: ['a', 'b', 'c'] }), strings('a'), strings('b'), strings('c'));
  assert.deepEqual(three.ids, [[369792]]);
});

test('crosses integers as their decimal text', () => {
  const numbers = parseIds(spec(), { dtype: 'int32', values: [20, -1] }, strings('x', 'y'));
  assert.deepEqual(numbers.ids, parseIds(spec(), strings('20', '-1'), strings('x', 'y')).ids);
});

test('crosses each part of a split input, split inputs first', () => {
  const split = spec({ inputSeparators: ['', ',;'] });
  const { ids, isSingle } = parseIds(split, strings('b', 'b', 'b'), strings('a,;', '', ',x'));
  const [[xb] = []] = parseIds(spec(), strings('x'), strings('b')).ids;
  assert.deepEqual(ids, [[674986], [], [xb]]);
  assert.equal(isSingle, false);
});

test('makes all pairs of two split inputs', () => {
  const split = spec({ inputSeparators: [',', ','] });
  const { ids } = parseIds(split, strings('a,x'), strings('b,y'));
  const pairs = parseIds(spec(), strings('a', 'a', 'x', 'x'), strings('b', 'y', 'b', 'y')).ids;
  assert.deepEqual(new Set(ids[0]), new Set(pairs.flat()));
  assert.equal(ids[0]?.length, 4);
});

test('joins texts with combo_join_sep before hashing; two empty texts have an id too', () => {
  const joined = spec({ joinSeparator: 'X' });
  const { ids, isSingle } = parseIds(joined, { dtype: 'int64', values: [20n, 7n] }, strings('F', ''));
  assert.deepEqual(ids.flat(), hashed('20XF', '7X'));
  assert.equal(isSingle, true);
  assert.deepEqual(parseIds(joined, strings(''), strings('')).ids.flat(), hashed('X'));
});

test('with separators as well, parts are joined with _X_, split inputs first', () => {
  const joined = spec({ joinSeparator: 'X', inputSeparators: ['', ','] });
  const { ids } = parseIds(joined, { dtype: 'int32', values: [20, 21] }, strings('F,M', ''));
  assert.deepEqual(ids, [hashed('F_X_20', 'M_X_20'), []]);
});
