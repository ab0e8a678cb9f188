import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, DataError } from '../errors.js';
import { Random } from '../input/random.js';
import { TEST_FILE, TRAIN_FILE } from './movielens_columns.js';
import type { PreparedFile } from './movielens_like.js';
import { writeLines } from './write_rows.js';

/** Codes of the seven age groups; a row holds their index. */
const AGE_CODES = ['1', '18', '25', '35', '45', '50', '56'];
const GENDER_CODES = ['F', 'M'];
/** Label of each rating; threes are left out. */
const LABELS: ReadonlyMap<string, string> = new Map([
  ['1', '0'],
  ['2', '0'],
  ['4', '1'],
  ['5', '1'],
]);

interface RawFile {
  readonly path: string;
  readonly columns: readonly string[];
}

interface RawRow {
  readonly values: readonly string[];
  readonly fail: (message: string) => never;
}

/** Rows of a raw ml-1m file: Latin-1 text, fields joined by `::`. */
function* rawRows({ path, columns }: RawFile): Generator<RawRow, void, void> {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(
      `expected a file of the MovieLens-1M archive (ml-1m.zip, from GroupLens), could not read it: ${reason}`,
      { at: { file: path }, cause: error },
    );
  }
  let line = 0;
  for (let begin = 0; begin < text.length;) {
    const found = text.indexOf('\n', begin);
    const end = found < 0 ? text.length : found;
    const row = text.slice(begin, text[end - 1] === '\r' ? end - 1 : end);
    begin = end + 1;
    line++;
    if (row === '') continue;
    const at = { file: path, line };
    const fail = (message: string): never => {
      throw new DataError(message, { at });
    };
    const values = row.split('::');
    if (values.length !== columns.length) {
      fail(`expected ${columns.join('::')}, received ${JSON.stringify(row.slice(0, 80))}`);
    }
    if (/[\t"]/.test(row)) fail('expected no tab and no quote, which the prepared file could not hold');
    yield { values, fail };
  }
  if (line === 0) throw new DataError('expected rows, received an empty file', { at: { file: path } });
}

function codeIndex(codes: readonly string[], what: string, code: string, row: RawRow): number {
  const index = codes.indexOf(code);
  return index >= 0
    ? index
    : row.fail(`${what}: expected one of ${codes.join(', ')}, received ${JSON.stringify(code)}`);
}

/** By user id: gender, age, job and zip code as a prepared row holds them. */
function readUsers(path: string): Map<string, string> {
  const users = new Map<string, string>();
  for (const row of rawRows({ path, columns: ['user', 'gender', 'age', 'job', 'zip'] })) {
    const [id = '', gender = '', age = '', job = '', zip = ''] = row.values;
    const genderIndex = codeIndex(GENDER_CODES, 'gender', gender, row);
    users.set(id, [genderIndex, codeIndex(AGE_CODES, 'age', age, row), job, zip].join('\t'));
  }
  return users;
}

/** By movie id: title (the blank before the year kept, as EasyRec's script keeps it), genres and year. */
function readMovies(path: string): Map<string, string> {
  const movies = new Map<string, string>();
  for (const row of rawRows({ path, columns: ['movie', 'title', 'genres'] })) {
    const [id = '', title = '', genres = ''] = row.values;
    const parts = /^(.*)\((\d+)\)$/.exec(title);
    if (parts === null) {
      return row.fail(`expected a title that ends in its year, as (1995), received ${JSON.stringify(title)}`);
    }
    movies.set(id, [parts[1], genres, parts[2]].join('\t'));
  }
  return movies;
}

function readSamples(directory: string): string[] {
  const users = readUsers(join(directory, 'users.dat'));
  const movies = readMovies(join(directory, 'movies.dat'));
  const samples: string[] = [];
  const path = join(directory, 'ratings.dat');
  for (const row of rawRows({ path, columns: ['user', 'movie', 'rating', 'timestamp'] })) {
    const [user = '', movie = '', rating = ''] = row.values;
    const label = LABELS.get(rating);
    if (label === undefined) {
      if (rating !== '3') row.fail(`rating: expected 1 to 5, received ${JSON.stringify(rating)}`);
      continue;
    }
    const about = users.get(user) ?? row.fail(`user ${JSON.stringify(user)} is not in users.dat`);
    const watched = movies.get(movie) ?? row.fail(`movie ${JSON.stringify(movie)} is not in movies.dat`);
    samples.push([label, user, movie, rating, about, watched].join('\t'));
  }
  return samples;
}

export interface PrepareMovielensOptions {
  /** Folder that holds ratings.dat, users.dat and movies.dat of MovieLens-1M. */
  readonly source: string;
  /** Folder that receives `movies_train_data` and `movies_test_data`; made if need be. */
  readonly target: string;
  readonly seed: number;
  /** Share of the rows that are for training, from 0 to 1. */
  readonly trainShare: number;
}

/**
 * Turns the raw files of MovieLens-1M into the columns of EasyRec's movielens_1m example: label 1 for ratings 4 and 5,
 * 0 for 1 and 2; threes are left out. Rows are shuffled: the split depends on the seed and the set of rows only.
 * @throws DataError for a file that is missing, empty or not in the raw format, with its line.
 */
export function prepareMovielens(options: PrepareMovielensOptions): {
  train: PreparedFile;
  test: PreparedFile;
} {
  const { source, target, seed, trainShare } = options;
  if (!(trainShare >= 0 && trainShare <= 1)) {
    throw new ConfigError(`share of training rows: expected 0 to 1, received ${trainShare}`);
  }
  const samples = readSamples(source).sort();
  new Random(seed).shuffle(samples);
  const border = Math.floor(samples.length * trainShare);
  const write = (name: string, rows: readonly string[]): PreparedFile => {
    const path = join(target, name);
    writeLines(path, rows);
    const positives = rows.filter((row) => row.startsWith('1')).length;
    return { path, rows: rows.length, labelMean: positives / rows.length };
  };
  return {
    train: write(TRAIN_FILE, samples.slice(0, border)),
    test: write(TEST_FILE, samples.slice(border)),
  };
}
