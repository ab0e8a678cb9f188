/** A filled rectangle, in pixels; the upper bounds are exclusive. */
export interface Rectangle {
  readonly colour: readonly [number, number, number];
  readonly xmin: number;
  readonly ymin: number;
  readonly xmax: number;
  readonly ymax: number;
}

export const RED = [230, 40, 30] as const;
export const GREEN = [20, 220, 60] as const;
export const BLUE = [30, 60, 240] as const;

/** Rectangles on a dark ground, `[height, width, 3]`. */
export function picture(width: number, height: number, rectangles: readonly Rectangle[]): Uint8Array {
  const pixels = new Uint8Array(width * height * 3).fill(18);
  for (const { colour, xmin, ymin, xmax, ymax } of rectangles) {
    for (let y = ymin; y < ymax; y++) {
      for (let x = xmin; x < xmax; x++) pixels.set(colour, (y * width + x) * 3);
    }
  }
  return pixels;
}
