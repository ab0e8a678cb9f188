import { Graph, makeStep, ops, Session, tensor } from '../../tf/index.js';

/** A filled rectangle, in pixels; the upper bounds are exclusive. */
export interface Rectangle {
  /** Red, green and blue, 0 to 255. */
  readonly colour: readonly [number, number, number];
  readonly xmin: number;
  readonly ymin: number;
  readonly xmax: number;
  readonly ymax: number;
}

/** What the sample shows: a red and a blue rectangle. */
const RECTANGLES: readonly Rectangle[] = [
  { colour: [235, 35, 30], xmin: 48, ymin: 240, xmax: 195, ymax: 371 },
  { colour: [25, 60, 240], xmin: 8, ymin: 12, xmax: 352, ymax: 198 },
];
const WIDTH = 353;
const HEIGHT = 500;
const GROUND = 18;
const QUALITY = 95;

/** A picture of rectangles on a dark ground, `[height, width, 3]`. */
export function paint(width: number, height: number, rectangles: readonly Rectangle[]): Uint8Array {
  const pixels = new Uint8Array(width * height * 3).fill(GROUND);
  for (const { colour, xmin, ymin, xmax, ymax } of rectangles) {
    for (let y = ymin; y < ymax; y++) {
      for (let x = xmin; x < xmax; x++) pixels.set(colour, (y * width + x) * 3);
    }
  }
  return pixels;
}

/** A picture for the detector to be tried with, as a JPEG file. */
export async function samplePicture(): Promise<Uint8Array> {
  using graph = new Graph();
  const image = ops.placeholder(graph, 'uint8', [HEIGHT, WIDTH, 3], 'image');
  const file = graph.op('EncodeJpeg', [image], { quality: QUALITY, chroma_downsampling: false }).output();
  await using session = Session.create(graph);
  using pixels = tensor('uint8', [HEIGHT, WIDTH, 3], paint(WIDTH, HEIGHT, RECTANGLES));
  const [result] = await session.run(makeStep({ feeds: [image], fetches: [file] }), [pixels]);
  using encoded = result;
  const [bytes] = encoded?.bytes() ?? [];
  if (bytes === undefined) throw new Error('one file was asked for');
  return bytes;
}
