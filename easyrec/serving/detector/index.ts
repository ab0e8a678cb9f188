/**
 * The detector that the guide of object detection in docs/function.md deploys, and its parts: anchors, offsets from
 * them, and non-maximum suppression.
 *
 * @module
 */
export { anchorBoxes, type AnchorLayer, type CentredBox } from './anchors.js';
export { decodeBoxes, encodeBoxes } from './box_coding.js';
export { colourDetector, DETECTOR_CLASSES, type Detections } from './colour_detector.js';
export { paint, type Rectangle, samplePicture } from './sample_picture.js';
export { writeDetector } from './write_detector.js';
