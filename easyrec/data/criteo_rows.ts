import type { Random } from '../input/random.js';
import { CATEGORY_SHAPES, type CategoryShape, NUMBER_SHAPES, type NumberShape } from './criteo_columns.js';
import type { RowBytes } from './row_bytes.js';

const BIAS = -1.35;
/** Categories whose pairs have effects of their own. */
const PAIRED = new Set([0, 1, 6, 8, 9, 13, 16, 22]);
const PAIR_WIDTH = 4;
const PAIR_SCALE = 0.22;
const MISSING_CATEGORY_EFFECT = 0.05;
const MISSING_NUMBER_EFFECT = -0.1;
/** Hashes of one value under different salts are independent. */
const EFFECT_SALT = 1;
const PAIR_SALT = 10;
const TEXT_SALT = 100;
/** The standard deviation of a sum of four uniforms. */
const FOUR_UNIFORMS = Math.sqrt(4 / 12);

/** Spreads 32 bits over 32 bits, one to one: no two ranks of a category have the same text. */
function mix(bits: number): number {
  let h = bits | 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}

function hash(category: number, rank: number, salt: number): number {
  return mix(mix(Math.imul(category + 1, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b)) ^ rank);
}

/** Nearly normal, mean 0, variance 1, a function of the value and the salt. */
function hashNormal(category: number, rank: number, salt: number): number {
  const first = hash(category, rank, salt);
  const second = mix(first ^ 0x5bd1e995);
  const sum = (first & 0xffff) + (first >>> 16) + (second & 0xffff) + (second >>> 16);
  return (sum / 0x1_0000 - 2) / FOUR_UNIFORMS;
}

/** Small vocabularies carry more signal a value than the tail of large ones. */
function effectScale(values: number): number {
  return values >= 1000 && values < 20_000 ? 0.34 : 0.3;
}

/** The rank (from 0) at which a bounded Zipf law's distribution function reaches `u`. */
function zipfRank(u: number, { values, exponent }: CategoryShape): number {
  const power = 1 - exponent;
  const edge = power === 0 ? (values + 1) ** u : (((values + 1) ** power - 1) * u + 1) ** (1 / power);
  return Math.min(Math.floor(edge) - 1, values - 1);
}

/** Draws rows one by one; the last one drawn stands in `label` and `logit`. */
export class CriteoRows {
  label: 0 | 1 = 0;
  logit = 0;
  readonly #random: Random;
  /** NaN: missing. */
  readonly #numbers = new Float64Array(NUMBER_SHAPES.length);
  /** -1: missing. */
  readonly #ranks = new Int32Array(CATEGORY_SHAPES.length);
  readonly #sums = new Float64Array(PAIR_WIDTH);
  #spareNormal = NaN;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Draws the next row. */
  draw(): void {
    const logit = BIAS + this.#drawNumbers() + this.#drawCategories();
    this.logit = logit;
    this.label = this.#random.uniform() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
  }

  /** Puts the row into a file. */
  write(bytes: RowBytes): void {
    bytes.integer(this.label, true);
    for (const value of this.#numbers) {
      if (Number.isNaN(value)) bytes.empty();
      else bytes.integer(value);
    }
    this.#ranks.forEach((rank, category) => {
      if (rank < 0) bytes.empty();
      else bytes.hex(hash(category, rank, TEXT_SALT));
    });
    bytes.endRow();
  }

  #drawNumbers(): number {
    let logit = 0;
    NUMBER_SHAPES.forEach((shape, k) => {
      const value = this.#drawNumber(shape);
      const missing = this.#random.uniform() < shape.missing;
      this.#numbers[k] = missing ? NaN : value;
      const spread = (Math.log1p(Math.max(value, 0)) - shape.mean) / Math.max(shape.deviation, 0.5);
      const weight = k % 2 === 0 ? 0.18 : -0.14;
      logit += missing ? MISSING_NUMBER_EFFECT : weight * Math.min(Math.max(spread, -2.5), 2.5);
    });
    return logit;
  }

  #drawNumber({ mean, deviation, least, most }: NumberShape): number {
    const value = Math.floor(Math.exp(mean + deviation * this.#normal()));
    if (least < 0 && this.#random.uniform() < 0.1) return least + this.#random.below(-least);
    return Math.min(value, most);
  }

  #drawCategories(): number {
    let logit = 0;
    let squares = 0;
    this.#sums.fill(0);
    CATEGORY_SHAPES.forEach((shape, category) => {
      const rank = zipfRank(this.#random.uniform(), shape);
      const missing = this.#random.uniform() < shape.missing;
      this.#ranks[category] = missing ? -1 : rank;
      if (missing) {
        logit += MISSING_CATEGORY_EFFECT;
        return;
      }
      logit += hashNormal(category, rank, EFFECT_SALT) * effectScale(shape.values);
      if (PAIRED.has(category)) squares += this.#addPairVector(category, rank);
    });
    // Half of (the square of the sum, less the sum of squares) is the sum over all pairs.
    return logit + 0.5 * (this.#sums.reduce((sum, value) => sum + value * value, 0) - squares);
  }

  #addPairVector(category: number, rank: number): number {
    let squares = 0;
    for (let d = 0; d < PAIR_WIDTH; d++) {
      const value = hashNormal(category, rank, PAIR_SALT + d) * PAIR_SCALE;
      this.#sums[d] = (this.#sums[d] ?? 0) + value;
      squares += value * value;
    }
    return squares;
  }

  /** Box and Muller's method, which yields two at a time: its tails are right, unlike those of sums of uniforms. */
  #normal(): number {
    const spare = this.#spareNormal;
    if (!Number.isNaN(spare)) {
      this.#spareNormal = NaN;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.#random.uniform()));
    const angle = 2 * Math.PI * this.#random.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}
