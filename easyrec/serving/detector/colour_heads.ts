import { ops, type Output } from '../../tf/index.js';
import type { CentredBox } from './anchors.js';
import { windowSums } from './window_sums.js';

/** What is found in each anchor's window. */
export interface Heads {
  /** `[B, A, C]`, 0 to 1: how much the pixels of a class look like one rectangle that lies within the window. */
  readonly scores: Output;
  /** `[B, A, C, 4]`: its cy, cx, h and w. */
  readonly boxes: Output;
}

/** Of a rectangle of one colour, so many pixels are needed for full confidence. */
const FULL_MASS = 9;
/** By how much the score falls when the pixels fill the rectangle by 1 % too much or too little, in percent. */
const SHAPE_WEIGHT = 4;

/**
 * Measures the rectangle of each class in each window by its moments: a filled rectangle of width w has the variance
 * w^2 / 12 along x, and its area is the number of its pixels. What has two parts, or another shape, does not fit.
 * @param mask `[B, S, S, C]`, 0 to 1: which class a pixel belongs to.
 */
export function colourHeads(mask: Output, windows: readonly CentredBox[]): Heads {
  const side = mask.shape?.[1] ?? 0;
  const classes = mask.shape?.[3] ?? 0;
  const m = ops.cast(mask, 'float64');
  const [x, y] = coordinates(m, side);
  const features = ops.concat([m, ...[x, y, ops.square(x), ops.square(y)].map((by) => ops.mul(m, by))], 3);
  const sums = ops.split(
    windowSums(features, windows),
    Array.from({ length: 5 }, () => classes),
    2,
  );
  const [mass = m, sumX = m, sumY = m, sumXx = m, sumYy = m] = sums;
  const around = ops.sub(windowSums(m, windows, 1), mass);
  const mean = (sum: Output): Output => ops.div(sum, ops.maximum(mass, 1e-6));
  const size = (first: Output, second: Output): Output => {
    const variance = ops.sub(mean(second), ops.square(mean(first)));
    // A pixel's own variance, too: its values are means over its area.
    return ops.sqrt(ops.mul(ops.add(ops.maximum(variance, 0), 1 / 12 / side ** 2), 12));
  };
  const [h, w] = [size(sumY, sumYy), size(sumX, sumXx)];
  const fill = ops.div(mass, ops.mul(ops.mul(h, w), side ** 2));
  const shape = ops.maximum(ops.sub(1, ops.mul(ops.abs(ops.sub(1, fill)), SHAPE_WEIGHT)), 0);
  const presence = ops.minimum(ops.div(mass, FULL_MASS), 1);
  const scores = ops.mul(ops.mul(shape, presence), ops.exp(ops.neg(ops.maximum(around, 0))));
  const boxes = ops.stack([mean(sumY), mean(sumX), h, w], -1);
  return { scores: ops.cast(scores, 'float32'), boxes: ops.cast(boxes, 'float32') };
}

/** The centres of pixels: `[1, 1, S, 1]` along x and `[1, S, 1, 1]` along y. */
function coordinates({ graph }: Output, side: number): readonly [Output, Output] {
  const centres = Float64Array.from({ length: side }, (_, i) => (i + 0.5) / side);
  return [
    ops.constant(graph, 'float64', centres, [1, 1, side, 1]),
    ops.constant(graph, 'float64', centres, [1, side, 1, 1]),
  ];
}
