import { Random } from '../input/random.js';
import { drawMovie, GENRES, type Movie } from './movielens_movies.js';

const USERS = 6040;
const MOVIES = 3883;
const FACTORS = 4;
const AGES = 7;
const JOBS = 21;
/** Shares of the seven age groups and of women among ml-1m's users. */
const AGE_SHARES = [0.037, 0.183, 0.347, 0.198, 0.091, 0.082, 0.062];
const FEMALE_SHARE = 0.283;

/** Standard deviations of what makes a score, beside noise of 1. */
const USER_BIAS = 0.5;
const MOVIE_QUALITY = 0.7;
const FACTOR = 0.55;
const AFFINITY = 0.35;
/** Effect of the title's naming one of the movie's own genres (or, negative, another). */
const TITLE_GENRE = 0.7;

interface User {
  readonly gender: number;
  readonly age: number;
  readonly bias: number;
  readonly factors: readonly number[];
  /** `user_id`, then gender, age, job and zip code as a row holds them. */
  readonly id: number;
  readonly text: string;
}

interface RatedMovie extends Movie {
  readonly quality: number;
  readonly factors: readonly number[];
  /** Title, genres and year as a row holds them. */
  readonly text: string;
}

/** Who watches and what: everything that rows are drawn from. */
export interface MovielensWorld {
  readonly users: readonly User[];
  readonly movies: readonly RatedMovie[];
  /** By genre, then gender (2) and age group (7). */
  readonly affinity: readonly (readonly number[])[];
}

function gaussians(random: Random, count: number, deviation: number): number[] {
  return Array.from({ length: count }, () => random.gaussian() * deviation);
}

function drawUser(random: Random, id: number): User {
  const gender = random.uniform() < FEMALE_SHARE ? 0 : 1;
  let left = random.uniform();
  const group = AGE_SHARES.findIndex((share) => (left -= share) < 0);
  const age = group < 0 ? AGES - 1 : group;
  let zip = String(random.below(100_000)).padStart(5, '0');
  if (random.uniform() < 0.01) zip += `-${String(random.below(10_000)).padStart(4, '0')}`;
  const text = [gender, age, random.below(JOBS), zip].join('\t');
  const [bias = 0, ...factors] = gaussians(random, 1 + FACTORS, 1);
  return { gender, age, bias: bias * USER_BIAS, factors: factors.map((f) => f * FACTOR), id, text };
}

function rate(random: Random, movie: Movie): RatedMovie {
  const names = movie.genres.map((genre) => GENRES[genre] ?? '').join('|');
  const [quality = 0, ...factors] = gaussians(random, 1 + FACTORS, 1);
  const text = [movie.title, names, movie.year].join('\t');
  return { ...movie, quality: quality * MOVIE_QUALITY, factors: factors.map((f) => f * FACTOR), text };
}

/** The users and movies of a seed, the most active and popular first (their ids are in no order). */
export function createWorld(seed: number): MovielensWorld {
  const random = new Random(seed, 1);
  const users = Array.from({ length: USERS }, (_, i) => drawUser(random, i + 1));
  const movies = Array.from({ length: MOVIES }, (_, i) => rate(random, drawMovie(random, i + 1)));
  const affinity = GENRES.map(() => gaussians(random, 2 + AGES, AFFINITY));
  random.shuffle(users);
  random.shuffle(movies);
  return { users, movies, affinity };
}

/** How much a user likes a movie, before noise. */
export function score(world: MovielensWorld, user: User, movie: RatedMovie): number {
  let sum = user.bias + movie.quality + (2000 - movie.year) / 160 + TITLE_GENRE * movie.titleGenre;
  for (let k = 0; k < FACTORS; k++) sum += (user.factors[k] ?? 0) * (movie.factors[k] ?? 0);
  for (const genre of movie.genres) {
    const liking = world.affinity[genre] ?? [];
    sum += ((liking[user.gender] ?? 0) + (liking[2 + user.age] ?? 0)) / movie.genres.length;
  }
  return sum;
}
