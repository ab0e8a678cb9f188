#!/usr/bin/env node
// node scripts/make_detector.mjs DIRECTORY [PICTURE.jpg]   writes the detector of red, green and blue rectangles that
// the guide of object detection in docs/function.md deploys, as a SavedModel, and a picture to try it with.
import { writeFile } from 'node:fs/promises';
import { samplePicture, writeDetector } from '../dist/easyrec/serving/detector/index.js';

const words = process.argv.slice(2);
const [directory, picture] = words;

if (directory === undefined || words.length > 2 || words.some((word) => word.startsWith('-'))) {
  const isHelp = directory === '--help';
  console[isHelp ? 'log' : 'error']('usage: node make_detector.mjs DIRECTORY [PICTURE.jpg]');
  process.exit(isHelp ? 0 : 2);
}
try {
  await writeDetector(directory);
  if (picture !== undefined) await writeFile(picture, await samplePicture());
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
