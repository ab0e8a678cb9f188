import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OVERLAP_METHODS, overlapReference } from './overlap_reference.js';
import { inferredShape, type OpCall, pick, random, runTextOp, texts } from './support.js';

function overlap(attrs: OpCall['attrs'] = {}, dtype: 'float32' | 'int32' = 'float32'): OpCall {
  return {
    library: 'overlap',
    type: 'OverlapFgOp',
    attrs: { separator: ',', methods: OVERLAP_METHODS, ...attrs },
    dtype,
  };
}

describe('OverlapFgOp', () => {
  test('gives the documented example', () => {
    const result = runTextOp(
      overlap(),
      texts('high,high2,fiberglass,abc'),
      texts('high,quality,fiberglass,tube,for,golf,bag'),
    );
    assert.deepEqual(result, { shape: [1, 4], values: [5, 28, 0, 0] });
  });

  test('has one column a method, in the order given, with repetitions', () => {
    const methods = ['is_equal', 'title_common_ratio', 'is_equal'];
    const result = runTextOp(overlap({ methods }), texts('a', 'a,b'), texts('a', 'a,c'));
    assert.deepEqual(result, { shape: [2, 3], values: [1, 100, 1, 0, 50, 0] });
  });

  test('splits at chr(29) and gives -1 for texts without terms unless told otherwise', () => {
    const call: OpCall = { ...overlap(), attrs: { methods: ['query_common_ratio', 'is_equal'] } };
    const result = runTextOp(call, texts('a\x1db', '', 'a', '\x1d'), texts('b\x1dc', 'a', '', 'a'));
    assert.deepEqual(result.values, [5, 0, -1, -1, -1, -1, -1, -1]);
  });

  test('counts a repeated term of the query each time, and at most 100 for the title', () => {
    const call = overlap({ methods: ['query_common_ratio', 'title_common_ratio'] });
    assert.deepEqual(runTextOp(call, texts('a,a,b'), texts('a')).values, [6, 100]);
  });

  test('finds the query in the title only in its order, with others between', () => {
    const call = overlap({ methods: ['is_contain'] });
    const queries = texts('a,c', 'c,a', 'a,a', 'a,a', 'ab');
    const titles = texts('a,b,c', 'a,b,c', 'a,b', 'a,b,a', 'a,b');
    assert.deepEqual(runTextOp(call, queries, titles).values, [1, 0, 0, 1, 0]);
  });

  test('takes a separator of several bytes as a whole', () => {
    const call = overlap({ separator: '::', methods: ['query_common_ratio'] });
    assert.deepEqual(runTextOp(call, texts('a::b:c', 'x、y'), texts('b:c', 'x、y')).values, [5, 10]);
  });

  test('counts the boundaries that are not above the value, for default values too', () => {
    const call = overlap(
      { boundaries: [0, 5, 28], methods: ['query_common_ratio', 'title_common_ratio'] },
      'int32',
    );
    const queries = texts('high,high2,fiberglass,abc', '', 'x');
    const titles = texts('high,quality,fiberglass,tube,for,golf,bag', 'a', 'y');
    assert.deepEqual(runTextOp(call, queries, titles).values, [2, 3, 0, 0, 1, 1]);
    assert.deepEqual(runTextOp({ ...call, dtype: 'float32' }, queries, titles).values, [2, 3, 0, 0, 1, 1]);
  });

  test('compares one query with every title, and every query with one title', () => {
    const call = overlap({ methods: ['is_equal'] });
    assert.deepEqual(runTextOp(call, texts('a'), texts('a', 'b', 'a')), { shape: [3, 1], values: [1, 0, 1] });
    assert.deepEqual(runTextOp(call, texts('a', 'b'), { shape: [], values: ['b'] }), {
      shape: [2, 1],
      values: [0, 1],
    });
  });

  test('gives nothing for an empty batch', () => {
    assert.deepEqual(runTextOp(overlap(), texts(), texts()), { shape: [0, 4], values: [] });
    assert.deepEqual(runTextOp(overlap(), texts('a'), texts()), { shape: [0, 4], values: [] });
  });

  test('agrees with the reference on random texts, damaged UTF-8 and long ones among them', () => {
    const next = random(3);
    const terms = ['a', 'b', 'c', 'ab', '中', '文中', '', '\xff', 'é'].map((term) =>
      Buffer.from(term, 'utf8'),
    );
    const damaged = [Buffer.from([0xff]), Buffer.from([0xe4, 0xb8]), Buffer.from([0])];
    const text = (): Buffer => {
      const count = Math.floor(next() ** 3 * 60);
      const parts = Array.from({ length: count }, () => pick(next, [...terms, ...damaged]));
      return Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [Buffer.from(','), part])));
    };
    const pairs = Array.from({ length: 400 }, () => {
      const query = text();
      return [query, next() < 0.1 ? query : text()] as const;
    });
    for (const boundaries of [[], [1, 2.5, 40]]) {
      const options = { methods: OVERLAP_METHODS, separator: ',', defaultValue: 7, boundaries };
      const expected = pairs.flatMap(([query, title]) => overlapReference(query, title, options));
      const result = runTextOp(
        overlap({ default_value: '7', boundaries }),
        texts(...pairs.map(([query]) => query)),
        texts(...pairs.map(([, title]) => title)),
      );
      assert.deepEqual(result, { shape: [400, 4], values: expected });
    }
  });

  test('tells the shape of the output while the graph is built, all but the number of methods', () => {
    const call = overlap();
    assert.deepEqual(inferredShape(call, [-1], [-1]), [-1, -1]);
    assert.deepEqual(inferredShape(call, [-1], [7]), [7, -1]);
    assert.deepEqual(inferredShape(call, [1], [-1]), [-1, -1]);
    assert.deepEqual(inferredShape(call, [], [5]), [5, -1]);
  });

  test('fails on texts whose shapes do not go together, naming both', () => {
    const problem =
      /query and title: expected equal shapes or a single element in one of them, received \[2\] and \[3\]/;
    assert.throws(() => runTextOp(overlap(), texts('a', 'b'), texts('a', 'b', 'c')), problem);
    assert.throws(() => inferredShape(overlap(), [2], [3]), problem);
  });

  test('refuses attributes that make no sense, naming them', () => {
    const run = (attrs: OpCall['attrs'], dtype?: 'int32') => () =>
      runTextOp(overlap(attrs, dtype), texts('a'), texts('a'));
    assert.throws(run({ separator: '' }), /separator: expected at least one byte/);
    assert.throws(run({ default_value: 'none' }), /default_value: expected a number, received 'none'/);
    assert.throws(run({ default_value: '1x' }), /default_value: expected a number, received '1x'/);
    assert.throws(
      run({ default_value: '0.5' }, 'int32'),
      /default_value: expected a whole number.*received '0\.5'/,
    );
    assert.throws(run({ default_value: '3e9' }, 'int32'), /default_value: expected a whole number/);
    assert.throws(run({ boundaries: [2, 1] }), /boundaries: expected finite numbers in ascending order/);
    assert.throws(run({ methods: ['common_word'] }), /common_word.*query_common_ratio/s);
    assert.throws(run({ methods: [] }), /methods/);
  });
});
