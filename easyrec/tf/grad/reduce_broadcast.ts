import type { Output, Shape } from '../graph.js';
import { ints, reshape, shapeOf, stridedSlice } from '../ops/array.js';
import { reduceSum } from '../ops/math.js';
import type { DimensionFacts } from './dimension_facts.js';

/** One input of a broadcasting op, and the gradient of the broadcast shape. */
export interface BroadcastInput {
  /** The output that has the broadcast shape. */
  readonly output: Output;
  readonly input: Output;
  readonly gradient: Output;
  /** Dimensions at the end that do not broadcast. */
  readonly trailing: number;
}

/**
 * Sums a gradient over the dimensions along which the input was repeated. Adds nothing when shapes, or what is known
 * of equal dimensions, show that nothing was.
 */
export function reduceBroadcast(facts: DimensionFacts, broadcast: BroadcastInput): Output {
  const { output, input, gradient, trailing } = broadcast;
  const from = facts.shape(output);
  const to = facts.shape(input);
  if (from === null || to === null) return reduceAtRunTime(broadcast);
  const missing = from.length - to.length;
  const ones: number[] = [];
  for (let axis = missing; axis < from.length - trailing; axis++) {
    const size = to[axis - missing] ?? -1;
    if (size === 1 && from[axis] !== 1) ones.push(axis);
    // Of unknown size, it may be 1 at run time and the output's another.
    if (size < 0 && !facts.same(output, axis, input, axis - missing)) return reduceAtRunTime(broadcast);
  }
  const leading = Array.from({ length: missing }, (_, axis) => axis);
  if (missing === 0) {
    return ones.length === 0 ? gradient : reduceSum(gradient, { axes: ones, keepDims: true });
  }
  const sum = reduceSum(gradient, { axes: [...leading, ...ones] });
  return ones.length === 0 ? sum : reshapeTo(sum, to, input);
}

/** `x` as the static shape of `like`, or as its run-time shape where that leaves more than one size open. */
export function reshapeTo(x: Output, shape: Shape, like: Output): Output {
  const target = staticTarget(shape);
  return reshape(x, target ?? shapeOf(like));
}

/** A shape that `Reshape` can take as a constant: at most one size open, and none zero then. */
export function staticTarget(shape: Shape): readonly number[] | null {
  if (shape === null) return null;
  const open = shape.filter((size) => size < 0).length;
  return open === 0 || (open === 1 && !shape.includes(0)) ? shape : null;
}

function reduceAtRunTime({ output, input, gradient, trailing }: BroadcastInput): Output {
  const { graph } = output;
  const shape = shapeOf(input);
  const [of, to] = [shapeOf(output), shape].map((dims) =>
    trailing === 0
      ? dims
      : stridedSlice(dims, ints(graph, [0]), ints(graph, [-trailing]), ints(graph, [1]), { beginMask: 1 }),
  );
  if (of === undefined || to === undefined) return gradient;
  const axes = graph.op('BroadcastGradientArgs', [to, of]).output(0);
  return reshape(reduceSum(gradient, { axes }), shape);
}
