import type { Output } from '../graph.js';
import type { DType } from '../dtype.js';

// All of these are functions of their seed alone: the same seed gives the same numbers, on any number of threads
// and after a restart. A seed is `[2]`, int32 or int64.

function stateless(type: string): (shape: Output, seed: Output, dtype?: DType) => Output {
  return (shape, seed, dtype = 'float32') => shape.graph.op(type, [shape, seed], { dtype }).output();
}

/** Uniform in [0, 1). */
export const randomUniform = stateless('StatelessRandomUniform');
/** Normal, mean 0, standard deviation 1. */
export const randomNormal = stateless('StatelessRandomNormal');
/** Normal, mean 0, standard deviation 1, redrawn beyond 2. */
export const truncatedNormal = stateless('StatelessTruncatedNormal');
