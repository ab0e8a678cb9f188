import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../easyrec/errors.js';
import { fingerprint64 } from '../../easyrec/input/fingerprint.js';
import { Random } from '../../easyrec/input/random.js';
import { Graph, makeStep, ops, Session, tensor } from '../../easyrec/tf/index.js';
import { fieldsOf, openCsv, optionsFor, readAll, temporaryFolder, writeIn } from './reader_case.js';

const folder = temporaryFolder();

// By EasyRec's own TensorFlow.
const VECTORS: readonly (readonly [string, bigint])[] = [
  ['', 0x9ae16a3b2f90404fn],
  ['a', 0xb3454265b6df75e3n],
  ['hello', 0xb48be5a931380ce8n],
  ['中文', 0x54b77afb85eb4cabn],
  ['0123456789abcdefg', 0xa6ddff87a449d24an],
  ['x'.repeat(33), 0xaa49185443e61637n],
  ['x'.repeat(65), 0x447cb9fd96f25f39n],
  ['easyrec_'.repeat(16), 0x64c5a519ff5af945n],
];

test('fingerprints are FarmHash’s', () => {
  for (const [text, expected] of VECTORS) assert.equal(fingerprint64(Buffer.from(text)), expected, text);
});

/** What TensorFlow's own op says. */
async function bucketsOf(texts: readonly string[], buckets: number | bigint): Promise<bigint[]> {
  using graph = new Graph();
  await using session = Session.create(graph);
  const fed = ops.placeholder(graph, 'string', [-1], 'texts');
  const step = makeStep({ feeds: [fed], fetches: [ops.stringToHashBucketFast(fed, buckets)] });
  using input = tensor('string', [texts.length], texts);
  const [ids] = await session.run(step, [input]);
  assert.ok(ids);
  using result = ids;
  return [...result.data('int64')];
}

test('ids are those of StringToHashBucketFast, of strings of any length and of integers as decimal text', async () => {
  const random = new Random(3);
  const letters = Array.from('abcdefghijklmnopqrstuvwxyz0123456789é中 ');
  const text = (length: number): string =>
    Array.from({ length }, () => letters[random.below(letters.length)]).join('');
  const texts = Array.from({ length: 260 }, (_, i) => text(i + 1));
  const numbers = texts.map((_, i) => (i % 2 === 0 ? -i : i * 7_919_000_000));
  const lines = texts.map((value, i) => `${value},${numbers[i] ?? 0},${i}`);
  const path = writeIn(folder, 'texts.csv', `${lines.join('\n')}\n`);
  for (const buckets of [1, 1000, 999_983, 2 ** 40, 2n ** 63n - 1n]) {
    const hashed = [
      { name: 'of_text', field: 't', buckets },
      { name: 'of_long', field: 'n', buckets },
      { name: 'of_int', field: 'i', buckets },
    ];
    const options = optionsFor(path, { fields: fieldsOf('t', 'n:int64', 'i:int32'), hashed });
    const rows = (await readAll(openCsv(options))).flat();
    const made = (column: number): unknown[] => rows.map((row) => row[column]);
    assert.deepEqual(made(3), await bucketsOf(texts, buckets));
    assert.deepEqual(made(4), await bucketsOf(numbers.map(String), buckets));
    assert.deepEqual(made(5), await bucketsOf(Object.keys(texts), buckets));
  }
});

test('an empty string has no id, -1; a default value and an empty integer have one', async () => {
  const fields = fieldsOf('a', 'b=none', 'c:int32', 'd:int64=012').map((field) => ({
    ...field,
    wanted: false,
  }));
  const hashed = fields.map(({ name }) => ({ name: `${name}_id`, field: name, buckets: 1000 }));
  const path = writeIn(folder, 'empty.csv', ',,,\n""," x",+7, 007\n');
  const [none, zero, twelve, x, seven] = await bucketsOf(['none', '0', '12', ' x', '7'], 1000);
  assert.deepEqual((await readAll(openCsv(optionsFor(path, { fields, hashed })))).flat(), [
    [-1n, none, zero, twelve],
    [-1n, x, seven, seven],
  ]);
});

test('texts are checked as those of the field', async () => {
  const fields = fieldsOf('n:int32', 't').map((field) => ({ ...field, wanted: false }));
  const hashed = fields.map(({ name }) => ({ name: `${name}_id`, field: name, buckets: 10 }));
  const read = (content: Uint8Array): Promise<unknown> =>
    readAll(openCsv(optionsFor(writeIn(folder, 'bad.csv', content), { fields, hashed })));
  await assert.rejects(
    read(Buffer.from('1.5,a\n')),
    /bad\.csv:1: column "n" .*whole number.*received "1\.5"$/,
  );
  await assert.rejects(read(Buffer.from([49, 44, 0xff, 10])), /bad\.csv:1: column "t" .*expected UTF-8 text/);
});

test('refuses fields that are not hashed, unknown ones, and names and counts that do not fit', () => {
  const path = writeIn(folder, 'any.csv', '1,a\n');
  const open = (name: string, field: string, buckets: number): (() => unknown) => {
    const options = optionsFor(path, {
      fields: fieldsOf('f:float32', 't'),
      hashed: [{ name, field, buckets }],
    });
    return () => openCsv(options);
  };
  assert.throws(
    open('id', 'f', 10),
    /"id": expected a field of strings or integers, received "f" \(float32\)$/,
  );
  assert.throws(open('id', 'x', 10), /received "x" \(no such field\)$/);
  assert.throws(open('t', 't', 10), /hashed column "t": another column has that name$/);
  assert.throws(open('id', 't', 0), ConfigError);
});
