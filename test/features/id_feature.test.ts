import assert from 'node:assert/strict';
import test from 'node:test';
import type { IdFeatureSpec, IdSource } from '../../easyrec/features/spec.js';
import { EMBEDDING, parseIds, strings } from './run_feature.js';

function spec(ids: IdSource, precision: number | null = null): IdFeatureSpec {
  return { type: 'IdFeature', name: 'f', inputs: ['f'], ids, precision, embedding: EMBEDDING };
}

// FarmHash Fingerprint64, unsigned.
const FINGERPRINTS: readonly (readonly [string, bigint])[] = [
  ['a', 0xb3454265b6df75e3n],
  ['hello', 0xb48be5a931380ce8n],
  ['中文', 0x54b77afb85eb4cabn],
  ['0123456789abcdefg', 0xa6ddff87a449d24an],
  ['x'.repeat(33), 0xaa49185443e61637n],
  ['x'.repeat(65), 0x447cb9fd96f25f39n],
  ['easyrec_'.repeat(16), 0x64c5a519ff5af945n],
];

for (const buckets of [7, 1000, 1_000_003]) {
  test(`hashes text to its fingerprint modulo ${buckets}`, () => {
    const texts = FINGERPRINTS.map(([text]) => text);
    const { ids, weights } = parseIds(spec({ kind: 'hash', buckets }), strings(...texts));
    assert.deepEqual(
      ids,
      FINGERPRINTS.map(([, fingerprint]) => [Number(fingerprint % BigInt(buckets))]),
    );
    assert.equal(weights, null);
  });
}

test('gives no id to an empty text', () => {
  const { ids, isSingle } = parseIds(spec({ kind: 'hash', buckets: 1000 }), strings('', 'a', '', 'a', ''));
  const a = Number(0xb3454265b6df75e3n % 1000n);
  assert.deepEqual(ids, [[], [a], [], [a], []]);
  assert.equal(isSingle, false);
});

test('hashes integers as their decimal text, -1 included', () => {
  const hash = spec({ kind: 'hash', buckets: 100_000 });
  const ofNumbers = parseIds(hash, { dtype: 'int64', values: [0n, -1n, 42n, 9007199254740993n] });
  const ofTexts = parseIds(hash, strings('0', '-1', '42', '9007199254740993'));
  assert.deepEqual(ofNumbers.ids, ofTexts.ids);
  assert.equal(ofNumbers.isSingle, true);
});

test('hashes floats with the decimals asked for', () => {
  const ofNumbers = parseIds(spec({ kind: 'hash', buckets: 100_000 }, 2), {
    dtype: 'float32',
    values: [1, 0.126],
  });
  assert.deepEqual(
    ofNumbers.ids,
    parseIds(spec({ kind: 'hash', buckets: 100_000 }), strings('1.00', '0.13')).ids,
  );
});

test('takes numbers as ids: -1 is none, others out of range are 0', () => {
  const identity = spec({ kind: 'identity', buckets: 10 });
  const { ids } = parseIds(identity, { dtype: 'int64', values: [0n, 9n, 10n, -1n, -2n, 1n << 40n] });
  assert.deepEqual(ids, [[0], [9], [0], [], [0], [0]]);
});

test('parses text as the number that is the id', () => {
  const identity = spec({ kind: 'identity', buckets: 10 });
  assert.deepEqual(parseIds(identity, strings('3', ' 7', '-1', '99')).ids, [[3], [7], [], [0]]);
});

for (const text of ['', '1.0', 'x']) {
  test(`fails the run on ${JSON.stringify(text)} where a number is the id`, () => {
    const identity = spec({ kind: 'identity', buckets: 10 });
    assert.throws(
      () => parseIds(identity, strings('3', text)),
      /StringToNumberOp could not correctly convert/,
    );
  });
}

test('takes the position in the vocabulary; unknown words share the first', () => {
  const vocabulary = spec({ kind: 'vocabulary', words: ['M', 'F', 'U', '中文'] });
  const { ids } = parseIds(vocabulary, strings('F', 'zz', '', 'M', '中文', 'U'));
  assert.deepEqual(ids, [[1], [0], [], [0], [3], [2]]);
});

test('finds every word of a vocabulary of 100,000', () => {
  const words = Array.from({ length: 100_000 }, (_, i) => `word ${(i * 7919) % 100_000}`);
  const wanted = [0, 1, 17, 49_999, 99_998, 99_999];
  const texts = [...wanted.map((i) => words[i] ?? ''), 'word 100000', 'Word 1'];
  const { ids } = parseIds(spec({ kind: 'vocabulary', words }), strings(...texts));
  assert.deepEqual(ids, [...wanted.map((i) => [i]), [0], [0]]);
});

test('makes nothing of an empty batch', () => {
  const sources: readonly IdSource[] = [
    { kind: 'hash', buckets: 5 },
    { kind: 'vocabulary', words: ['a'] },
    { kind: 'identity', buckets: 5 },
  ];
  for (const source of sources) assert.deepEqual(parseIds(spec(source), strings()).ids, []);
});
