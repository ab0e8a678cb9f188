import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackOff } from '../../easyrec/serving/back_off.js';

const OPTIONS = { backOffMs: 250, maxBackOffMs: 3000, maxUsefulBackOffMs: 500, stableMs: 30_000 };
const USELESS = { heldMs: 0, wasUseful: false };

test('the first wait is none, and each later one twice the last, to a limit', () => {
  const backOff = new BackOff(OPTIONS);
  const waits = Array.from({ length: 7 }, () => backOff.next(USELESS));
  assert.deepEqual(waits, [0, 250, 500, 1000, 2000, 3000, 3000]);
});

test('after a try that was of use the wait is short', () => {
  const backOff = new BackOff(OPTIONS);
  const waits = Array.from({ length: 5 }, () => backOff.next({ heldMs: 1000, wasUseful: true }));
  assert.deepEqual(waits, [0, 250, 500, 500, 500]);
  assert.equal(backOff.next(USELESS), 3000);
});

test('what held for long starts anew', () => {
  const backOff = new BackOff(OPTIONS);
  backOff.next(USELESS);
  backOff.next(USELESS);
  assert.equal(backOff.next({ heldMs: 30_000, wasUseful: true }), 0);
  assert.equal(backOff.next(USELESS), 250);
});
