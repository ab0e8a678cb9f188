import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { editDistanceReference } from './edit_distance_reference.js';
import { inferredShape, type OpCall, pick, random, runTextOp, texts } from './support.js';

function editDistance(attrs: OpCall['attrs'], dtype: OpCall['dtype'] = 'float32'): OpCall {
  return { library: 'edit_distance', type: 'MyEditDistance', attrs, dtype };
}

const PLAIN = { normalize: false, encoding: 'utf-8' };

describe('MyEditDistance', () => {
  test('counts insertions, deletions and substitutions', () => {
    const hypotheses = texts('kitten', 'flaw', '', 'abc', 'abc', 'same');
    const truths = texts('sitting', 'lawn', 'abc', '', 'axc', 'same');
    assert.deepEqual(runTextOp(editDistance(PLAIN, 'int32'), hypotheses, truths), {
      shape: [6],
      values: [3, 2, 3, 3, 1, 0],
    });
  });

  test('counts code points as utf-8 and bytes as latin', () => {
    const pair = [texts('中文'), texts('中国')] as const;
    assert.deepEqual(runTextOp(editDistance(PLAIN, 'int32'), ...pair).values, [1]);
    assert.deepEqual(runTextOp(editDistance({ ...PLAIN, encoding: 'latin' }, 'int32'), ...pair).values, [3]);
    assert.deepEqual(runTextOp(editDistance({ normalize: false }, 'int32'), ...pair).values, [3]);
  });

  test('divides by the length of the truth unless told otherwise', () => {
    const result = runTextOp(
      editDistance({ encoding: 'utf-8' }, 'float64'),
      texts('中', 'ab', ''),
      texts('中文中', 'abcd', ''),
    );
    assert.deepEqual(result.values, [2 / 3, 0.5, 0]);
  });

  test('gives infinity where there is no length to divide by, as tf.edit_distance does', () => {
    assert.deepEqual(runTextOp(editDistance({}), texts('a'), texts('')).values, [Infinity]);
  });

  test('gives every dtype the same distances', () => {
    for (const dtype of ['int32', 'int64', 'float32', 'float64'] as const) {
      assert.deepEqual(
        runTextOp(editDistance(PLAIN, dtype), texts('kitten'), texts('sitting')).values,
        [3],
        dtype,
      );
    }
  });

  test('takes a damaged byte for a symbol of its own', () => {
    const bytes = (...values: number[]) => Uint8Array.from(values);
    const hypotheses = texts(
      bytes(0xff),
      bytes(0xff),
      bytes(0xe4, 0xb8),
      bytes(0xed, 0xa0, 0x80),
      bytes(0xc0, 0x80),
      bytes(0x61, 0xff, 0x62),
    );
    const truths = texts(bytes(0xfe), bytes(0xff), '中', '', 'a', 'ab');
    assert.deepEqual(runTextOp(editDistance(PLAIN, 'int32'), hypotheses, truths).values, [1, 0, 2, 3, 2, 1]);
  });

  test('agrees with the reference on random texts, damaged UTF-8 among them', () => {
    const next = random(1);
    const symbols = ['a', 'b', 'é', '中', '😀', '\u{10ffff}', '\ufeff'].map((symbol) => Buffer.from(symbol));
    const damaged = [0x80, 0xbf, 0xc1, 0xc3, 0xe0, 0xed, 0xf0, 0xf4, 0xf5, 0xff, 0].map((byte) =>
      Buffer.from([byte]),
    );
    const text = (): Buffer =>
      Buffer.concat(
        Array.from({ length: Math.floor(next() * 25) }, () => pick(next, next() < 0.7 ? symbols : damaged)),
      );
    const pairs = Array.from({ length: 500 }, () => [text(), text()] as const);
    for (const encoding of ['latin', 'utf-8'] as const) {
      for (const normalize of [true, false]) {
        const expected = pairs.map(([a, b]) => editDistanceReference(a, b, { encoding, normalize }));
        const result = runTextOp(
          editDistance({ encoding, normalize }, 'float64'),
          texts(...pairs.map(([a]) => a)),
          texts(...pairs.map(([, b]) => b)),
        );
        assert.deepEqual(result, { shape: [500], values: expected }, `${encoding}, normalize ${normalize}`);
      }
    }
  });

  test("keeps the inputs' shape, and compares a single text with all", () => {
    const matrix = { shape: [2, 2], values: ['a', 'b', 'ab', 'abc'] };
    const call = editDistance(PLAIN, 'int32');
    assert.deepEqual(runTextOp(call, matrix, matrix), { shape: [2, 2], values: [0, 0, 0, 0] });
    assert.deepEqual(runTextOp(call, matrix, { shape: [], values: ['ab'] }), {
      shape: [2, 2],
      values: [1, 1, 0, 1],
    });
    assert.deepEqual(runTextOp(call, texts('ab'), matrix), { shape: [2, 2], values: [1, 1, 0, 1] });
    assert.deepEqual(runTextOp(call, texts(), texts()), { shape: [0], values: [] });
    assert.throws(() => runTextOp(call, matrix, texts('a', 'b')), /received \[2,2\] and \[2\]/);
  });

  test('tells the shape of the output while the graph is built, as far as it follows', () => {
    const call = editDistance(PLAIN, 'int32');
    const cases: [number[] | null, number[] | null, number[] | null][] = [
      [[-1], [-1], [-1]],
      [[3], [-1], [3]],
      [[1], [-1], [-1]],
      [[], [4, 2], [4, 2]],
      [[1, 1], [7], [7]],
      [
        [-1, 3],
        [4, -1],
        [4, 3],
      ],
      [
        [-1, 1],
        [-1, 7],
        [-1, 7],
      ],
      [[-1, 1], [-1], null],
      [[0], [1], [0]],
      [null, [3], [3]],
      [null, [1], null],
      [null, null, null],
    ];
    for (const [first, second, expected] of cases) {
      const name = JSON.stringify([first, second]);
      assert.deepEqual(inferredShape(call, first, second), expected, name);
      assert.deepEqual(inferredShape(call, second, first), expected, `${name} swapped`);
    }
    assert.throws(
      () => inferredShape(call, [-1, 2], [5]),
      /hypothesis and truth: .* received \[\?,2\] and \[5\]/,
    );
  });

  test('refuses to divide into an integer', () => {
    assert.throws(
      () => runTextOp(editDistance({}, 'int32'), texts('a'), texts('a')),
      /normalize: expected false with an integer dtype/,
    );
  });
});
