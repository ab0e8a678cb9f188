import { ConfigError, didYouMean } from '../errors.js';
import type { Initializer } from '../tf/index.js';
import {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
  normal,
  ones,
  truncatedNormal,
  uniform,
  zeros,
} from './initializers.js';

/** Initializers by the names that configs use for them, with Keras' parameters. */
export const INITIALIZERS = {
  zeros,
  ones,
  glorot_uniform: glorotUniform,
  glorot_normal: glorotNormal,
  he_uniform: heUniform,
  he_normal: heNormal,
  lecun_uniform: lecunUniform,
  lecun_normal: lecunNormal,
  random_uniform: () => uniform(-0.05, 0.05),
  random_normal: () => normal(0, 0.05),
  truncated_normal: () => truncatedNormal(0, 0.05),
} as const satisfies Readonly<Record<string, () => Initializer>>;

/** @throws ConfigError naming the nearest initializers. */
export function initializerNamed(name: string): Initializer {
  const table: Readonly<Record<string, () => Initializer>> = INITIALIZERS;
  const make = Object.hasOwn(table, name) ? table[name] : undefined;
  if (make !== undefined) return make();
  const known = Object.keys(INITIALIZERS);
  throw new ConfigError(
    `initializer: expected one of ${known.join(', ')}, received "${name}"${didYouMean(name, known)}`,
  );
}
