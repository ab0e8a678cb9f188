import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxF1 } from '../../easyrec/metrics/max_f1.js';
import { batchOf, drawnRows } from './scored_rows.js';

/** F1 at each threshold, counted row by row. */
function bruteForce(labels: readonly number[], scores: readonly number[]): number {
  const thresholds = Array.from({ length: 200 }, (_, k) => Math.fround(k / 199));
  thresholds[0] = -1e-7;
  thresholds[199] = Math.fround(1 + 1e-7);
  const values = thresholds.map((threshold) => {
    const said = scores.map((score) => Math.fround(score) > threshold);
    const truePositives = said.filter((positive, i) => positive && labels[i] === 1).length;
    const precision = truePositives / Math.max(said.filter(Boolean).length, 1);
    const recall = truePositives / Math.max(labels.filter((label) => label === 1).length, 1);
    return (2 * precision * recall) / (precision + recall + 1e-12);
  });
  return Math.max(...values);
}

const ROWS = drawnRows(300, 21, (u) => 0.6 * u);
const LOGITS = [...batchOf(ROWS).logits];

test('max_f1 compares logits with thresholds from 0 to 1, as EasyRec does', () => {
  const metric = maxF1({ scores: 'logits' });
  metric.update(batchOf(ROWS));
  assert.ok(Math.abs(metric.result() - bruteForce(ROWS.labels, LOGITS)) < 1e-9);
});

test('max_f1 compares probabilities where that is asked for', () => {
  const metric = maxF1({ scores: 'probs' });
  metric.update(batchOf(ROWS));
  const ofProbs = bruteForce(ROWS.labels, ROWS.probs);
  assert.ok(Math.abs(metric.result() - ofProbs) < 1e-9);
  assert.ok(ofProbs > bruteForce(ROWS.labels, LOGITS) + 0.01, 'the two would be the same');
});

test('max_f1 of a case worked by hand', () => {
  const metric = maxF1({ scores: 'probs' });
  // Above any threshold from 0.4 to 0.6: 2 of 3 positives and 1 negative, so p = r = 2/3. Above 0.1 to 0.3: p = 3/5, r = 1.
  metric.update(batchOf({ labels: [1, 1, 1, 0, 0], probs: [0.9, 0.8, 0.3, 0.7, 0.3] }));
  assert.ok(Math.abs(metric.result() - (2 * 1 * (2 / 3)) / (1 + 2 / 3)) < 1e-9, String(metric.result()));
});

test('max_f1 is 0 without a positive row, and before any row', () => {
  const metric = maxF1({ scores: 'logits' });
  assert.equal(metric.result(), 0);
  metric.update(batchOf({ labels: [0, 0], probs: [0.9, 0.1] }));
  assert.equal(metric.result(), 0);
});

test('a score that is NaN makes max_f1 NaN', () => {
  const metric = maxF1({ scores: 'probs' });
  metric.update(batchOf({ labels: [1, 0, 1], probs: [0.9, 0.2, NaN] }));
  assert.equal(metric.result(), NaN);
});
