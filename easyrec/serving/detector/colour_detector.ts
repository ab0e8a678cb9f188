import { type Graph, ops, type Output } from '../../tf/index.js';
import { anchorBoxes, type AnchorLayer } from './anchors.js';
import { decodeBoxes, encodeBoxes } from './box_coding.js';
import { colourHeads } from './colour_heads.js';

/** The detector's classes; the first has number 1, as 0 is the background in SSD. */
export const DETECTOR_CLASSES = ['red', 'green', 'blue'] as const;

/** Pictures are brought to this height and width, in pixels. */
const SIDE = 256;
/** From 1/16 of the picture's side to twice as much, each in three shapes. */
const LAYERS: readonly AnchorLayer[] = Array.from({ length: 11 }, (_, i) => 2 ** (i / 2 - 4)).flatMap(
  (side) =>
    [0.5, 1, 2].map((aspect) => ({ h: side / Math.sqrt(aspect), w: side * Math.sqrt(aspect), stride: 0.25 })),
);
/** `mask = clip(colour * KERNEL + BIAS)`: a class's colour must outshine the other two together. */
const GAIN = 8;
const THRESHOLD = 0.15;
const MAX_PER_CLASS = 50;
const MAX_DETECTIONS = 100;
const IOU_THRESHOLD = 0.45;
const SCORE_THRESHOLD = 0.3;

/** The detector's weights, by variable name. */
export const DETECTOR_WEIGHTS = {
  'colours/kernel': { shape: [3, 3], values: [1, -1, -1, -1, 1, -1, -1, -1, 1].map((v) => v * GAIN) },
  'colours/bias': { shape: [3], values: [1, 1, 1].map((v) => -v * THRESHOLD * GAIN) },
} as const satisfies Readonly<Record<string, { shape: readonly number[]; values: readonly number[] }>>;

/** What the detector gives, under the names that TensorFlow's Object Detection API has given them. */
export interface Detections {
  /** `float32 [B, 100, 4]`: ymin, xmin, ymax, xmax, as fractions of the picture's height and width. */
  readonly detection_boxes: Output;
  /** `float32 [B, 100]`, highest first. */
  readonly detection_scores: Output;
  /** `float32 [B, 100]`: from 1. */
  readonly detection_classes: Output;
  /** `float32 [B]`: how many of the 100 there are; the others are zeros. */
  readonly num_detections: Output;
}

/**
 * A detector of bright rectangles on a dark picture, made as SSD is: two heads give scores and offsets for each anchor,
 * which are decoded to boxes, of which non-maximum suppression keeps the best.
 * @param images `uint8 [B, height, width, 3]`
 * @param weight makes a variable of that name.
 */
export function colourDetector(
  images: Output,
  weight: (name: keyof typeof DETECTOR_WEIGHTS) => Output,
): Detections {
  const { graph } = images;
  const anchors = anchorBoxes(LAYERS);
  const { scores, boxes } = colourHeads(colourMask(images, weight), anchors);
  const corners = anchors.flatMap(({ cy, cx, h, w }) => [cy, cx, h, w]);
  // [A, 1, 4]: the same for all classes.
  const table = ops.constant(graph, 'float32', corners, [anchors.length, 1, 4]);
  const offsets = encodeBoxes(boxes, table);
  return suppress(graph, decodeBoxes(offsets, table), scores);
}

/** `uint8 [B, height, width, 3] -> float32 [B, S, S, C]`, 0 to 1. */
function colourMask(images: Output, weight: (name: keyof typeof DETECTOR_WEIGHTS) => Output): Output {
  const { graph } = images;
  // The mean over a pixel's area: nothing is lost between the pixels that are looked at.
  const resized = graph.op('ResizeArea', [images, ops.ints(graph, [SIDE, SIDE])]).output();
  const pixels = ops.reshape(ops.div(resized, 255), [-1, 3]);
  const classes = ops.biasAdd(ops.matmul(pixels, weight('colours/kernel')), weight('colours/bias'));
  const mask = ops.minimum(ops.maximum(classes, 0), 1);
  return ops.reshape(mask, [-1, SIDE, SIDE, DETECTOR_CLASSES.length]);
}

/** @param boxes `[B, A, C, 4]` @param scores `[B, A, C]` */
function suppress(graph: Graph, boxes: Output, scores: Output): Detections {
  const limits = [
    ops.constant(graph, 'int32', MAX_PER_CLASS),
    ops.constant(graph, 'int32', MAX_DETECTIONS),
    ops.constant(graph, 'float32', IOU_THRESHOLD),
    ops.constant(graph, 'float32', SCORE_THRESHOLD),
  ];
  const best = graph.op('CombinedNonMaxSuppression', [boxes, scores, ...limits], { clip_boxes: true });
  const [kept, keptScores, keptClasses, count] = [0, 1, 2, 3].map((i) => best.output(i));
  if (!kept || !keptScores || !keptClasses || !count) throw new Error('four outputs were asked for');
  return {
    detection_boxes: ops.identity(kept, 'detection_boxes'),
    detection_scores: ops.identity(keptScores, 'detection_scores'),
    detection_classes: ops.identity(ops.add(keptClasses, 1), 'detection_classes'),
    num_detections: ops.identity(ops.cast(count, 'float32'), 'num_detections'),
  };
}
