import { ops, type Output } from '../../tf/index.js';
import type { CentredBox } from './anchors.js';

/**
 * Sums over windows, each from four corners of one table of running sums: their cost does not grow with their size.
 * @param x `[B, S, S, K]`; float64, since sums of whole pictures are subtracted from each other.
 * @param windows A windows; what lies outside the picture counts as zero.
 * @param margin by so many pixels windows are larger on each side. Default: 0.
 * @returns `[B, A, K]`
 */
export function windowSums(x: Output, windows: readonly CentredBox[], margin = 0): Output {
  const { graph, shape } = x;
  const side = shape?.[1] ?? 0;
  const channels = shape?.[3] ?? 0;
  const summed = cumsum(cumsum(x, 1), 2);
  // [B, S + 1, S + 1, K]: a row and a column of zeros in front.
  const table = ops.pad(summed, [[0, 0], [1, 0], [1, 0], [0, 0]]); // prettier-ignore
  const rows = ops.reshape(table, [-1, (side + 1) ** 2, channels]);
  const edge = (centre: number, reach: number): number =>
    Math.min(Math.max(Math.round(centre * side + reach), 0), side);
  const corners = (dy: number, dx: number): Output => {
    const at = ({ cy, cx, h, w }: CentredBox): number =>
      edge(cy, dy * ((h * side) / 2 + margin)) * (side + 1) + edge(cx, dx * ((w * side) / 2 + margin));
    return ops.gather(rows, ops.ints(graph, windows.map(at)), 1);
  };
  return ops.sub(ops.add(corners(1, 1), corners(-1, -1)), ops.add(corners(1, -1), corners(-1, 1)));
}

function cumsum(x: Output, axis: number): Output {
  return x.graph.op('Cumsum', [x, ops.constant(x.graph, 'int32', axis)]).output();
}
