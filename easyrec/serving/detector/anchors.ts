/** Anchors of one size, evenly spread over the picture. All lengths are fractions of its height and width. */
export interface AnchorLayer {
  readonly h: number;
  readonly w: number;
  /** From one centre to the next, as a fraction of the anchor's height and width; the first lie on the edges. */
  readonly stride: number;
}

/** A box by its centre and size, as fractions of the picture's. */
export interface CentredBox {
  readonly cy: number;
  readonly cx: number;
  readonly h: number;
  readonly w: number;
}

/** The anchors of all layers, layer by layer and row by row. */
export function anchorBoxes(layers: readonly AnchorLayer[]): readonly CentredBox[] {
  return layers.flatMap(({ h, w, stride }) => {
    const [rows, columns] = [centres(h * stride), centres(w * stride)];
    return rows.flatMap((cy) => columns.map((cx) => ({ cy, cx, h, w })));
  });
}

/** From edge to edge, at most so far from each other. */
function centres(step: number): readonly number[] {
  const count = Math.ceil(1 / step);
  return Array.from({ length: count + 1 }, (_, i) => i / count);
}
