import { ops, type Output } from '../../tf/index.js';

/** What SSD divides offsets of centres and of sizes by, so that both are learned at one scale. */
const CENTRE_VARIANCE = 0.1;
const SIZE_VARIANCE = 0.2;

/**
 * Boxes as SSD's network gives them: how far centre and size are from an anchor's (arXiv 1512.02325, equation 2).
 * @param boxes `[..., 4]`: cy, cx, h, w.
 * @param anchors broadcast to the boxes' shape.
 * @returns `[..., 4]`: `(cy - cy_a) / h_a / 0.1`, `(cx - cx_a) / w_a / 0.1`, `ln(h / h_a) / 0.2`, `ln(w / w_a) / 0.2`.
 */
export function encodeBoxes(boxes: Output, anchors: Output): Output {
  const [centre, size] = halves(boxes);
  const [anchorCentre, anchorSize] = halves(anchors);
  const offset = ops.div(ops.div(ops.sub(centre, anchorCentre), anchorSize), CENTRE_VARIANCE);
  const scale = ops.div(ops.log(ops.div(size, anchorSize)), SIZE_VARIANCE);
  return ops.concat([offset, scale], -1);
}

/**
 * What `encodeBoxes` undoes, as corners.
 * @param offsets `[..., 4]` as it gives them.
 * @returns `[..., 4]`: ymin, xmin, ymax, xmax.
 */
export function decodeBoxes(offsets: Output, anchors: Output): Output {
  const [offset, scale] = halves(offsets);
  const [anchorCentre, anchorSize] = halves(anchors);
  const centre = ops.add(ops.mul(ops.mul(offset, CENTRE_VARIANCE), anchorSize), anchorCentre);
  const half = ops.mul(ops.mul(ops.exp(ops.mul(scale, SIZE_VARIANCE)), anchorSize), 0.5);
  return ops.concat([ops.sub(centre, half), ops.add(centre, half)], -1);
}

function halves(boxes: Output): readonly [Output, Output] {
  const [first, second] = ops.split(boxes, [2, 2], -1);
  if (first === undefined || second === undefined) throw new Error('a split in two has two parts');
  return [first, second];
}
