import { join } from 'node:path';
import { ConfigError } from '../errors.js';
import { Random } from '../input/random.js';
import { TEST_FILE, TRAIN_FILE } from './movielens_columns.js';
import { createWorld, score, type MovielensWorld } from './movielens_world.js';
import { writeLines } from './write_rows.js';

/** Shares of ratings 1, 2 and 4 in ml-1m without its threes, summed up; the rest are fives. */
const RATING_SHARES = [0.076, 0.222, 0.694];
const RATINGS = [1, 2, 4, 5];
const PILOT_ROWS = 50_000;

/** One generated row. */
export interface MovielensLikeRow {
  /** The row as text, without line end. */
  readonly line: string;
  readonly label: 0 | 1;
  /** What the label depends on apart from noise: no model can order rows better than this does. */
  readonly score: number;
}

interface Draw {
  readonly user: MovielensWorld['users'][number];
  readonly movie: MovielensWorld['movies'][number];
  readonly score: number;
  readonly liking: number;
}

/** One user watches one movie; early ones of either list are drawn more often. */
function draw(random: Random, world: MovielensWorld): Draw {
  const u = random.uniform();
  const m = random.uniform();
  const user = world.users[Math.floor(world.users.length * u * (0.2 + 0.8 * u))];
  const movie = world.movies[Math.floor(world.movies.length * m * (0.1 + 0.9 * m))];
  if (user === undefined || movie === undefined) throw new Error('a world without users or movies');
  const value = score(world, user, movie);
  return { user, movie, score: value, liking: value + random.gaussian() };
}

/** The likings at which ratings change, from a pilot draw: the mean label is the same for every seed. */
function ratingBounds(world: MovielensWorld, seed: number): number[] {
  const random = new Random(seed, 2);
  const likings = Float64Array.from({ length: PILOT_ROWS }, () => draw(random, world).liking).sort();
  return RATING_SHARES.map((share) => likings[Math.floor(share * PILOT_ROWS)] ?? 0);
}

/**
 * Endless MovieLens-shaped rows, a function of the seed alone on every machine (integers, sums and products only).
 *
 * Columns and value ranges are those of ml-1m as EasyRec's example prepares it: 6,040 users, 3,883 movies, genres joined
 * by `|`, label = rating >= 4 (3 does not occur), mean label near 0.778. Users and movies have latent factors, genres are
 * liked differently by gender and age, and some titles name a genre: their movie's own, which raises the chance of a
 * label 1, or another, which lowers it. Of movies with a single genre (half of all) a term overlap of `genres` and `title`,
 * both split at blanks, sees the former.
 */
export function* movielensLikeRows(seed: number): Generator<MovielensLikeRow, never, void> {
  const world = createWorld(seed);
  const bounds = ratingBounds(world, seed);
  const random = new Random(seed, 3);
  for (;;) {
    const { user, movie, score: value, liking } = draw(random, world);
    const step = bounds.findIndex((bound) => liking < bound);
    const rating = RATINGS[step < 0 ? bounds.length : step] ?? 0;
    const label = rating >= 4 ? 1 : 0;
    yield { line: [label, user.id, movie.id, rating, user.text, movie.text].join('\t'), label, score: value };
  }
}

export interface MovielensLikeOptions {
  /** Folder that receives `movies_train_data` and `movies_test_data`; made if need be. */
  readonly directory: string;
  readonly trainRows: number;
  readonly testRows: number;
  readonly seed: number;
}

/** A file of rows that was written. */
export interface PreparedFile {
  readonly path: string;
  readonly rows: number;
  /** Share of label 1; NaN without rows. */
  readonly labelMean: number;
}

/**
 * Writes training and test rows; see `movielensLikeRows`. Existing files are replaced once the new ones are complete.
 * @throws ConfigError for counts that are no whole numbers.
 */
export function generateMovielensLike(options: MovielensLikeOptions): {
  train: PreparedFile;
  test: PreparedFile;
} {
  const source = movielensLikeRows(options.seed);
  const write = (name: string, rows: number): PreparedFile => {
    if (!Number.isSafeInteger(rows) || rows < 0) {
      throw new ConfigError(`rows of ${name}: expected a whole number from 0, received ${rows}`);
    }
    let positives = 0;
    const lines = function* (): Generator<string, void, void> {
      for (let i = 0; i < rows; i++) {
        const { line, label } = source.next().value;
        positives += label;
        yield line;
      }
    };
    const path = join(options.directory, name);
    writeLines(path, lines());
    return { path, rows, labelMean: positives / rows };
  };
  const train = write(TRAIN_FILE, options.trainRows);
  return { train, test: write(TEST_FILE, options.testRows) };
}
