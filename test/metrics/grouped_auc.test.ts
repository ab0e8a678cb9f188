import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupedAuc, type Reduction } from '../../easyrec/metrics/grouped_auc.js';
import { batchOf, drawnRows, pairwiseAuc, type ScoredRows } from './scored_rows.js';

/** User a: 3 rows, of its 2 pairs 1 right. User b: 4 rows, of its 3 pairs 2.5 right. User c: one class. */
const ROWS: ScoredRows = {
  labels: [1, 0, 0, 1, 1, 1, 0, 1, 1],
  probs: [0.5, 0.4, 0.6, 0.9, 0.3, 0.2, 0.2, 0.1, 0.9],
};
const USERS = ['a', 'a', 'a', 'b', 'b', 'b', 'b', 'c', 'c'];

function gauc(reduction: Reduction): number {
  const metric = groupedAuc({ column: 'user', reduction });
  const ids = (column: string): string[] => (column === 'user' ? USERS : []);
  metric.update(batchOf(ROWS, { ids }));
  return metric.result();
}

test('the AUCs of users count the same, by rows, or by positive rows', () => {
  const [a, b] = [1 / 2, 2.5 / 3];
  assert.ok(Math.abs(gauc('mean') - (a + b) / 2) < 1e-12);
  assert.ok(Math.abs(gauc('mean_by_sample_num') - (3 * a + 4 * b) / 7) < 1e-12);
  assert.ok(Math.abs(gauc('mean_by_positive_num') - (1 * a + 3 * b) / 4) < 1e-12);
});

test('a group is gathered over batches and is exact with many ties', () => {
  const rows = drawnRows(600, 31, (u) => Math.round(u * 6) / 6);
  const metric = groupedAuc({ column: 'session', reduction: 'mean' });
  for (let from = 0; from < 600; from += 200) {
    const part = {
      labels: rows.labels.slice(from, from + 200),
      probs: rows.probs.slice(from, from + 200),
    };
    metric.update(batchOf(part));
  }
  const groups = [0, 1, 2, 3, 4].map((group) => {
    const pick = (values: readonly number[]): number[] => values.filter((_, row) => row % 5 === group);
    return pairwiseAuc({ labels: pick(rows.labels), probs: pick(rows.probs) });
  });
  const mean = groups.reduce((sum, value) => sum + value, 0) / 5;
  assert.ok(Math.abs(metric.result() - mean) < 1e-12);
});

test('ids may be big integers, which are told apart by value', () => {
  const metric = groupedAuc({ column: 'user', reduction: 'mean' });
  const ids = (): BigInt64Array => BigInt64Array.from([2n ** 60n, 2n ** 60n, 2n ** 60n + 1n, 2n ** 60n + 1n]);
  metric.update(batchOf({ labels: [1, 0, 1, 0], probs: [0.9, 0.1, 0.1, 0.9] }, { ids }));
  assert.equal(metric.result(), 0.5);
});

test('without a group of both classes the result is 0', () => {
  const metric = groupedAuc({ column: 'user', reduction: 'mean_by_positive_num' });
  assert.equal(metric.result(), 0);
  metric.update(batchOf({ labels: [0, 0, 0], probs: [0.1, 0.2, 0.3] }));
  assert.equal(metric.result(), 0);
});

test('a probability that is NaN makes the grouped AUC NaN', () => {
  const metric = groupedAuc({ column: 'user', reduction: 'mean' });
  const ids = (): string[] => ['u', 'u', 'u'];
  metric.update(batchOf({ labels: [1, 0, 1], probs: [0.1, 0.2, NaN] }, { ids }));
  assert.equal(metric.result(), NaN);
});
