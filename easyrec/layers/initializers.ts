import { GraphError } from '../errors.js';
import type { DType, Graph, Initializer, Output } from '../tf/index.js';
import { elementCount, ops } from '../tf/index.js';

// All are functions of their seed alone: the same values on any number of threads, now and after a restart.

/** All elements 0. */
export function zeros(): Initializer {
  return constantValue(0);
}

/** All elements 1. */
export function ones(): Initializer {
  return constantValue(1);
}

/** All elements `value`. */
export function constantValue(value: number): Initializer {
  return (graph, shape, dtype) => ops.fill(ops.ints(graph, shape), ops.constant(graph, dtype, value));
}

/**
 * The given values in row-major order; where they are too few the last one repeats.
 *
 * @throws GraphError (when the variable is made) when there are none, or more than the variable has elements
 */
export function constants(values: readonly number[]): Initializer {
  return (graph, shape, dtype, seed) => {
    const count = elementCount(shape);
    const last = lastConstant(values, count);
    if (values.length === 1) return constantValue(last)(graph, shape, dtype, seed);
    const rest = constantValue(last)(graph, [count - values.length], dtype, seed);
    return ops.reshape(ops.concat([ops.constant(graph, dtype, values), rest], 0), shape);
  };
}

/**
 * The last of the values that fill `count` elements.
 *
 * @throws GraphError when there are none, or more than that.
 */
export function lastConstant(values: readonly number[], count: number): number {
  const last = values.at(-1);
  if (last !== undefined && values.length <= count) return last;
  throw new GraphError(`constant initializer: expected 1 to ${count} values, received ${values.length}`);
}

/** Uniform in [min, max). */
export function uniform(min: number, max: number): Initializer {
  return (graph, shape, dtype, seed) => {
    const draws = ops.randomUniform(ops.ints(graph, shape), seed, dtype);
    return ops.add(ops.mul(draws, max - min), min);
  };
}

/** Normal. */
export function normal(mean: number, deviation: number): Initializer {
  return (graph, shape, dtype, seed) =>
    shifted(ops.randomNormal(ops.ints(graph, shape), seed, dtype), mean, deviation);
}

/** Normal, redrawn beyond two standard deviations. */
export function truncatedNormal(mean = 0, deviation = 0.05): Initializer {
  return (graph, shape, dtype, seed) =>
    shifted(ops.truncatedNormal(ops.ints(graph, shape), seed, dtype), mean, deviation);
}

function shifted(draws: Output, mean: number, deviation: number): Output {
  const scaled = ops.mul(draws, deviation);
  return mean === 0 ? scaled : ops.add(scaled, mean);
}

/** Inputs and outputs of a kernel; a leading part of its shape counts as a receptive field. */
function fans(shape: readonly number[]): { readonly fanIn: number; readonly fanOut: number } {
  const [first = 1, second = first] = shape.slice(-2);
  const field = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return { fanIn: first * field, fanOut: second * field };
}

type Fan = (shape: readonly number[]) => number;
const FAN_IN: Fan = (shape) => fans(shape).fanIn;
const FAN_AVERAGE: Fan = (shape) => (fans(shape).fanIn + fans(shape).fanOut) / 2;

/** Uniform in ±sqrt(3 scale / fan). */
function scaledUniform(scale: number, fan: Fan): Initializer {
  return (graph: Graph, shape: readonly number[], dtype: DType, seed: Output) => {
    const limit = Math.sqrt((3 * scale) / Math.max(1, fan(shape)));
    return uniform(-limit, limit)(graph, shape, dtype, seed);
  };
}

/** The standard deviation that remains when a standard normal distribution is cut off at 2. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

/** Truncated normal with standard deviation sqrt(scale / fan) after the cut. */
function scaledNormal(scale: number, fan: Fan): Initializer {
  return (graph: Graph, shape: readonly number[], dtype: DType, seed: Output) => {
    const deviation = Math.sqrt(scale / Math.max(1, fan(shape))) / TRUNCATED_DEVIATION;
    return truncatedNormal(0, deviation)(graph, shape, dtype, seed);
  };
}

/** Uniform in ±sqrt(6 / (in + out)). */
export function glorotUniform(): Initializer {
  return scaledUniform(1, FAN_AVERAGE);
}

/** Truncated normal of variance 2 / (in + out). */
export function glorotNormal(): Initializer {
  return scaledNormal(1, FAN_AVERAGE);
}

/** Uniform in ±sqrt(6 / in). */
export function heUniform(): Initializer {
  return scaledUniform(2, FAN_IN);
}

/** Truncated normal of variance 2 / in. */
export function heNormal(): Initializer {
  return scaledNormal(2, FAN_IN);
}

/** Uniform in ±sqrt(3 / in). */
export function lecunUniform(): Initializer {
  return scaledUniform(1, FAN_IN);
}

/** Truncated normal of variance 1 / in. */
export function lecunNormal(): Initializer {
  return scaledNormal(1, FAN_IN);
}
