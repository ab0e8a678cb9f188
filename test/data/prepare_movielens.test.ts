import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareMovielens, type PrepareMovielensOptions } from '../../easyrec/data/prepare_movielens.js';
import { temporaryFolder, writeIn } from '../input/reader_case.js';

const folder = temporaryFolder();
const USERS = '1::F::1::10::48067\n2::M::56::16::70072-1234\n';
const MOVIES = Buffer.from(
  '1::Toy Story (1995)::Animation|Comedy\n7::Café au lait (Métisse) (1993)::Comedy',
  'latin1',
);
const RATINGS = '1::1::5::978300760\n1::7::3::978302109\r\n2::1::2::978301968\n2::7::4::978300275\n';

function raw(
  name: string,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): PrepareMovielensOptions {
  const source = join(folder, name);
  mkdirSync(source);
  const all = { 'users.dat': USERS, 'movies.dat': MOVIES, 'ratings.dat': RATINGS, ...files };
  for (const [file, content] of Object.entries(all)) writeIn(source, file, content);
  return { source, target: join(folder, `${name}-out`), seed: 1, trainShare: 0.7 };
}

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);

test('joins ratings, users and movies into the rows of the example, in UTF-8', () => {
  const { train, test: held } = prepareMovielens(raw('plain'));
  assert.deepEqual([train.rows, held.rows], [2, 1]);
  assert.deepEqual([...linesOf(train.path), ...linesOf(held.path)].sort(), [
    '0\t2\t1\t2\t1\t6\t16\t70072-1234\tToy Story \tAnimation|Comedy\t1995',
    '1\t1\t1\t5\t0\t0\t10\t48067\tToy Story \tAnimation|Comedy\t1995',
    '1\t2\t7\t4\t1\t6\t16\t70072-1234\tCafé au lait (Métisse) \tComedy\t1993',
  ]);
});

test('the split depends on the seed and the set of ratings, not on their order', () => {
  const ratings = Array.from(
    { length: 400 },
    (_, i) => `${1 + (i % 2)}::${i % 3 === 0 ? 1 : 7}::${4 + (i % 5 === 0 ? 1 : 0)}::${i}`,
  );
  const prepare = (name: string, list: readonly string[], seed: number): string[][] => {
    const options = { ...raw(name, { 'ratings.dat': `${list.join('\n')}\n` }), seed };
    const { train, test: held } = prepareMovielens(options);
    return [linesOf(train.path), linesOf(held.path)];
  };
  const first = prepare('order-1', ratings, 7);
  assert.deepEqual([first[0]?.length, first[1]?.length], [280, 120]);
  assert.deepEqual(prepare('order-2', ratings.toReversed(), 7), first);
  assert.notDeepEqual(prepare('order-3', ratings, 8), first);
});

test('says which raw file is missing or empty', () => {
  const source = join(folder, 'none');
  assert.throws(() => prepareMovielens({ source, target: folder, seed: 1, trainShare: 0.9 }), {
    name: 'DataError',
    message: /none\/users\.dat: expected a file of the MovieLens-1M archive .*ENOENT/,
  });
  assert.throws(
    () => prepareMovielens(raw('empty', { 'ratings.dat': '' })),
    /ratings\.dat: expected rows, received an empty file/,
  );
});

const FAULTS: readonly (readonly [string, string, string, RegExp])[] = [
  [
    'a row with a field too few',
    'ratings.dat',
    '1::1::5\n',
    /ratings\.dat:1: expected user::movie::rating::timestamp, received "1::1::5"/,
  ],
  [
    'an unknown rating',
    'ratings.dat',
    '1::1::5::0\n1::1::6::0\n',
    /ratings\.dat:2: rating: expected 1 to 5, received "6"/,
  ],
  ['an unknown user', 'ratings.dat', '9::1::5::0\n', /ratings\.dat:1: user "9" is not in users\.dat/],
  ['an unknown movie', 'ratings.dat', '1::9::5::0\n', /ratings\.dat:1: movie "9" is not in movies\.dat/],
  [
    'an unknown age',
    'users.dat',
    '1::F::19::10::48067\n',
    /users\.dat:1: age: expected one of 1, 18, .*, received "19"/,
  ],
  [
    'a title without year',
    'movies.dat',
    '1::Toy Story::Comedy\n',
    /movies\.dat:1: expected a title that ends in its year/,
  ],
  ['a tab', 'movies.dat', '1::Toy\tStory (1995)::Comedy\n', /movies\.dat:1: expected no tab/],
];

for (const [title, file, content, message] of FAULTS) {
  test(`refuses ${title}, naming file and line`, () => {
    assert.throws(() => prepareMovielens(raw(title.replaceAll(' ', '-'), { [file]: content })), {
      name: 'DataError',
      message,
    });
  });
}

test('refuses a share outside of 0 to 1', () => {
  assert.throws(() => prepareMovielens({ ...raw('share'), trainShare: 90 }), /expected 0 to 1, received 90/);
});
