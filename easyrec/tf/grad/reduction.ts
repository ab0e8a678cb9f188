import { GraphError } from '../../errors.js';
import type { Operation, Output } from '../graph.js';
import {
  broadcastTo,
  constant,
  expandDims,
  fill,
  gather,
  ints,
  reshape,
  shapeOf,
  sizeOf,
  transpose,
} from '../ops/array.js';
import * as m from '../ops/math.js';
import { boolAttr, constantInts, isStatic, positiveAxis } from './constant_value.js';
import type { GradientRules, RuleFunction } from './rule.js';

/** The reduced axes, ascending and counted from the front; null when only a run knows them. */
function reducedAxes(op: Operation): readonly number[] | null {
  const rank = op.input(0).shape?.length;
  const axes = constantInts(op.input(1));
  if (rank === undefined || axes === null) return null;
  return [...new Set(axes.map((axis) => positiveAxis(axis, rank)))].sort((a, b) => a - b);
}

/** The result, or a gradient of its shape, with the reduced axes as 1 where broadcasting would need them. */
function withReducedAxes(op: Operation, value: Output): Output {
  if (boolAttr(op, 'keep_dims')) return value;
  const axes = reducedAxes(op);
  if (axes === null) return reshape(value, keptShape(op));
  // Broadcasting adds dimensions in front by itself.
  if (axes.every((axis, i) => axis === i)) return value;
  return axes.reduce((expanded, axis) => expandDims(expanded, axis), value);
}

/** The run-time shape of the input with 1 at the reduced axes. */
function keptShape(op: Operation): Output {
  const [x, given] = [op.input(0), m.cast(op.input(1), 'int32')];
  const { graph } = op;
  const rank = graph.op('Rank', [x]).output();
  const [zero, one] = [constant(graph, 'int32', 0), constant(graph, 'int32', 1)];
  const all = graph.op('Range', [zero, rank, one]).output();
  const axes = reshape(m.floorMod(m.add(given, rank), rank), [-1]);
  const parts = [shapeOf(x), fill(shapeOf(axes), one)];
  return graph.op('DynamicStitch', [[all, axes], parts]).output();
}

/** A gradient of the result's shape, repeated to the input's. */
function spread(op: Operation, dy: Output): Output {
  const x = op.input(0);
  const shape = isStatic(x.shape) ? ints(op.graph, x.shape) : shapeOf(x);
  return broadcastTo(withReducedAxes(op, dy), shape);
}

/** How many elements went into each element of the result, as a number or a scalar. */
function reducedCount(op: Operation): Output | number {
  const [x, y] = [op.input(0), op.output()];
  const axes = reducedAxes(op);
  const sizes = axes?.map((axis) => x.shape?.[axis] ?? -1);
  if (sizes?.every((size) => size >= 0) === true) return sizes.reduce((a, b) => a * b, 1);
  // An empty result has no element to divide.
  const count = m.floorDiv(sizeOf(x, 'int64'), m.maximum(sizeOf(y, 'int64'), 1));
  return m.cast(count, x.dtype);
}

/** To all elements that equal the extremum, in equal parts. */
const extremum: RuleFunction = (op, [dy]) => {
  const x = op.input(0);
  const isExtremum = m.cast(m.equal(x, withReducedAxes(op, op.output())), x.dtype);
  const ties = m.reduceSum(isExtremum, { axes: op.input(1), keepDims: true });
  const share = m.div(isExtremum, ties);
  return [m.mul(share, withReducedAxes(op, dy)), null];
};

// dy/dx_i = the product of all others, which stays right where some x are 0
const product: RuleFunction = (op, [dy]) => {
  const x = op.input(0);
  const axes = reducedAxes(op);
  const rank = x.shape?.length;
  if (axes === null || rank === undefined) {
    throw new GraphError(`gradient of Prod "${op.name}": expected constant axes and a known rank`);
  }
  const kept = Array.from({ length: rank }, (_, i) => i).filter((axis) => !axes.includes(axis));
  const order = [...axes, ...kept];
  const inFront = transpose(x, order);
  const shape = shapeOf(inFront);
  const count = m.reduceProd(
    gather(
      shape,
      ints(
        op.graph,
        axes.map((_, i) => i),
      ),
    ),
    { axes: [0] },
  );
  const others = m.reduceProd(
    gather(
      shape,
      ints(
        op.graph,
        kept.map((_, i) => axes.length + i),
      ),
    ),
    { axes: [0] },
  );
  const table = reshape(inFront, op.graph.op('Pack', [[count, others]]).output());
  const along = (reverse: boolean): Output =>
    op.graph.op('Cumprod', [table, constant(op.graph, 'int32', 0)], { exclusive: true, reverse }).output();
  const rest = reshape(m.mul(along(false), along(true)), shape);
  const back = order.map((_, axis) => order.indexOf(axis));
  return [m.mul(withReducedAxes(op, dy), transpose(rest, back)), null];
};

/** Rules of reductions; the second input, the axes, has no gradient. */
export const REDUCTION_RULES = {
  // dy/dx_i = 1
  Sum: (op, [dy]) => [spread(op, dy), null],
  // dy/dx_i = 1 / n
  Mean: (op, [dy]) => [spread(op, m.div(dy, reducedCount(op))), null],
  Max: extremum,
  Min: extremum,
  Prod: product,
  // y_i = x_0 + ... + x_i: dy/dx_j = 1 for j <= i
  Cumsum: (op, [dy]) => [
    op.graph
      .op('Cumsum', [dy, op.input(1)], {
        exclusive: boolAttr(op, 'exclusive'),
        reverse: !boolAttr(op, 'reverse'),
      })
      .output(),
    null,
  ],
  // y = sum(x^2) / 2
  L2Loss: (op, [dy]) => [m.mul(op.input(0), dy)],
} satisfies GradientRules;
