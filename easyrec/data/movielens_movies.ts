import type { Random } from '../input/random.js';

/** Genres of ml-1m with the weights at which they occur here; movies name theirs in this (alphabetical) order. */
const GENRE_WEIGHTS = {
  Action: 12,
  Adventure: 7,
  Animation: 3,
  "Children's": 5,
  Comedy: 22,
  Crime: 5,
  Documentary: 2,
  Drama: 26,
  Fantasy: 2,
  'Film-Noir': 1,
  Horror: 7,
  Musical: 3,
  Mystery: 3,
  Romance: 9,
  'Sci-Fi': 6,
  Thriller: 10,
  War: 4,
  Western: 2,
} as const;

/** Genres in alphabetical order; a movie's `genres` are indices into this list. */
export const GENRES = Object.keys(GENRE_WEIGHTS);
const WEIGHTS: readonly number[] = Object.values(GENRE_WEIGHTS);

const OPENINGS = (
  'Silent Golden Broken Hidden Crimson Distant Electric Frozen Gentle Hollow Endless Lonely Midnight Northern Paper ' +
  'Quiet Restless Savage Stolen Summer Tender Twisted Velvet Wandering Winter Black White Last First Secret Lost Brave'
).split(' ');
const NOUNS = (
  'River Garden Highway Letter Mirror Orchard Passage Promise Shadow Station Stranger Theatre Tiger Tower Valley Voyage ' +
  'Window Harbor Island Journey Kingdom Lantern Market Mountain Night Ocean Piano Road Circus Detective Doctor Sister ' +
  'Brother Captain Café Château León Señorita Über-Agent'
).split(' ');
const CLOSINGS = [
  'of the North',
  'in Love',
  'at Dawn',
  'Returns',
  'II',
  'of Fire',
  'by the Sea',
  'and the Moon',
];

/** A generated movie. */
export interface Movie {
  readonly id: number;
  /** As in the prepared ml-1m: articles behind a comma, a blank at the end where the year was cut off. */
  readonly title: string;
  readonly genres: readonly number[];
  readonly year: number;
  /** Whether the title names one of the movie's genres (1), another genre (-1) or none (0). */
  readonly titleGenre: -1 | 0 | 1;
}

function drawGenre(random: Random): number {
  let left = random.below(WEIGHTS.reduce((sum, weight) => sum + weight, 0));
  return WEIGHTS.findIndex((weight) => (left -= weight) < 0);
}

/** One genre for half of the movies, as in ml-1m, up to three for the others. */
function drawGenres(random: Random): number[] {
  const count = 1 + (random.uniform() < 0.48 ? 1 : 0) + (random.uniform() < 0.2 ? 1 : 0);
  const drawn = new Set<number>();
  for (let i = 0; i < count; i++) drawn.add(drawGenre(random));
  return [...drawn].sort((a, b) => a - b);
}

function pick(random: Random, words: readonly string[]): string {
  return words[random.below(words.length)] ?? '';
}

function drawTitle(random: Random, genreWord: string): string {
  const words = [pick(random, OPENINGS)];
  if (genreWord !== '') words.push(genreWord);
  if (genreWord === '' || random.uniform() < 0.5) words.push(pick(random, NOUNS));
  if (random.uniform() < 0.3) words.push(pick(random, CLOSINGS));
  const title = words.join(' ');
  return random.uniform() < 0.25 ? `${title}, The ` : `${title} `;
}

/** Movie number `id`: all of it comes from `random`. */
export function drawMovie(random: Random, id: number): Movie {
  const genres = drawGenres(random);
  const kind = random.uniform();
  const own = genres[random.below(genres.length)] ?? 0;
  const other = drawGenre(random);
  let titleGenre: Movie['titleGenre'] = 0;
  if (kind < 0.4) titleGenre = 1;
  else if (kind < 0.55 && !genres.includes(other)) titleGenre = -1;
  const word = titleGenre === 0 ? '' : (GENRES[titleGenre > 0 ? own : other] ?? '');
  const age = random.uniform();
  return {
    id,
    title: drawTitle(random, word),
    genres,
    year: 2000 - Math.floor(82 * age * age * age),
    titleGenre,
  };
}
