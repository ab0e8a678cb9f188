import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, ratios, summarize } from '../../bench/statistics.js';

test('the median is the middle value, or the mean of the two middle ones', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('numbers are ordered as numbers, and the argument stays as it was', () => {
  const values = [100, 20, 3];
  assert.equal(median(values), 20);
  assert.deepEqual(values, [100, 20, 3]);
});

test('a summary leaves out what was not measured', () => {
  assert.deepEqual(summarize([3, null, 1, undefined, NaN, 2]), { median: 2, least: 1, most: 3, runs: 3 });
  assert.equal(summarize([null, NaN]), null);
});

test('ratios pair the values of one run', () => {
  const ours = new Map([
    [1, 100],
    [2, 60],
    [3, 90],
  ]);
  const theirs = new Map([
    [1, 50],
    [2, 20],
  ]);
  assert.deepEqual(ratios(ours, theirs), [2, 3]);
});
