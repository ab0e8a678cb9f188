#!/usr/bin/env node
// node scripts/make_detector.mjs DIRECTORY   writes the detector of red, green and blue rectangles that the guide of
// object detection in docs/function.md deploys, as a SavedModel. Prints its folder.
import { writeDetector } from '../dist/easyrec/serving/detector/index.js';

const [directory, ...rest] = process.argv.slice(2);

if (directory === undefined || directory.startsWith('-') || rest.length > 0) {
  console.error('usage: node make_detector.mjs DIRECTORY');
  process.exit(directory === '--help' ? 0 : 2);
}
try {
  await writeDetector(directory);
  console.log(directory);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(2);
}
