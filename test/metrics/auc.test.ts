import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auc as areaUnderCurve } from '../../easyrec/metrics/index.js';
import { batchOf, drawnRows, pairwiseAuc } from './scored_rows.js';

test('AUC is near the share of rightly ordered pairs', () => {
  const rows = drawnRows(1000, 11, (u) => u);
  const auc = areaUnderCurve({ numThresholds: 200 });
  auc.update(batchOf(rows));
  assert.ok(Math.abs(auc.result() - pairwiseAuc(rows)) < 0.005);
});

test('AUC is 1 for perfect order and 0 for its opposite', () => {
  const auc = areaUnderCurve({ numThresholds: 200 });
  auc.update(batchOf({ labels: [1, 1, 0, 0], probs: [0.9, 0.8, 0.2, 0.1] }));
  assert.ok(Math.abs(auc.result() - 1) < 1e-6);
  auc.reset();
  auc.update(batchOf({ labels: [0, 0, 1, 1], probs: [0.9, 0.8, 0.2, 0.1] }));
  assert.ok(Math.abs(auc.result()) < 1e-6);
});

test('AUC is 0 before any row and after a reset', () => {
  const auc = areaUnderCurve({ numThresholds: 200 });
  assert.equal(auc.result(), 0);
  auc.update(batchOf({ labels: [1, 0], probs: [0.9, 0.1] }));
  auc.reset();
  assert.equal(auc.result(), 0);
});

test('a probability that is NaN makes the AUC NaN, whatever it was before', () => {
  const auc = areaUnderCurve({ numThresholds: 200 });
  auc.update(batchOf({ labels: [1, 0, 1], probs: [0.9, 0.1, 0.5] }));
  auc.update(batchOf({ labels: [1], probs: [NaN] }));
  assert.equal(auc.result(), NaN);
  auc.reset();
  auc.update(batchOf({ labels: [1, 0], probs: [0.9, 0.1] }));
  assert.ok(Math.abs(auc.result() - 1) < 1e-6);
});
