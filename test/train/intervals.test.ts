import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CheckpointClock } from '../../easyrec/train/intervals.js';

/** The steps at which checkpoints are saved when step k ends at k seconds. */
function savedSteps(clock: CheckpointClock, from: number, to: number): number[] {
  const saved: number[] = [];
  for (let step = from + 1; step <= to; step++) {
    if (!clock.isDue(step, step * 1000)) continue;
    saved.push(step);
    clock.saved(step, step * 1000);
  }
  return saved;
}

test('checkpoints are due every so many steps, counted from where training begins', () => {
  assert.deepEqual(savedSteps(new CheckpointClock(3, 0, { step: 0, nowMs: 0 }), 0, 10), [3, 6, 9]);
  assert.deepEqual(savedSteps(new CheckpointClock(3, 0, { step: 5, nowMs: 5000 }), 5, 12), [8, 11]);
});

test('seconds, where given, stand instead of steps', () => {
  assert.deepEqual(savedSteps(new CheckpointClock(3, 4, { step: 0, nowMs: 0 }), 0, 10), [4, 8]);
});

test('0 steps and 0 seconds mean never', () => {
  assert.deepEqual(savedSteps(new CheckpointClock(0, 0, { step: 0, nowMs: 0 }), 0, 100), []);
});
