import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { LimitedModel } from '../../easyrec/serving/limited_model.js';
import type { RunRequest } from '../../easyrec/serving/servable.js';
import { ServingError } from '../../easyrec/serving/status.js';
import { FakeModel, halfPlusTwo } from './support.js';

const CALL: RunRequest = {
  signatureName: 'serving_default',
  inputs: new Map([['x', { dtype: 'float32', shape: [1], values: Float32Array.of(2) }]]),
};

/** A model whose calls end one by one. */
function stepwise(): { readonly model: FakeModel; readonly running: (() => void)[] } {
  const running: (() => void)[] = [];
  const base = halfPlusTwo();
  const model = new FakeModel(Object.fromEntries(base.signatures), async (request) => {
    await new Promise<void>((resolve) => running.push(resolve));
    return base.run(request);
  });
  return { model, running };
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    return error instanceof ServingError ? error.code : String(error);
  }
}

test('so many calls run, so many wait in order, and one more is refused', async () => {
  const { model, running } = stepwise();
  const limited = new LimitedModel(model, { running: 2, waiting: 2 });
  const ended: number[] = [];
  const calls = [0, 1, 2, 3].map((i) => limited.run(CALL).then(() => ended.push(i)));
  assert.equal(await codeOf(limited.run(CALL)), 'RESOURCE_EXHAUSTED');
  assert.equal(running.length, 2);
  while (ended.length < 4) {
    running.shift()?.();
    await delay(1);
  }
  await Promise.all(calls);
  assert.deepEqual(ended, [0, 1, 2, 3]);
  const last = limited.run(CALL);
  running.shift()?.();
  assert.equal(await codeOf(last), 'OK', 'places are free again');
});

test('waiting counts towards the time limit; who is over it, or gone, leaves the queue', async () => {
  const { model, running } = stepwise();
  const limited = new LimitedModel(model, { running: 1, waiting: 2 });
  const first = limited.run(CALL);
  const gone = new AbortController();
  const late = limited.run({ ...CALL, timeoutMs: 30 });
  const left = limited.run({ ...CALL, signal: gone.signal });
  gone.abort();
  assert.equal(await codeOf(left), 'CANCELLED');
  assert.equal(await codeOf(late), 'DEADLINE_EXCEEDED');
  const next = limited.run({ ...CALL, timeoutMs: 10_000 });
  await delay(50);
  running.shift()?.();
  await first;
  await delay(1);
  running.shift()?.();
  await next;
  const { timeoutMs = 0 } = model.requests.at(-1) ?? {};
  assert.ok(timeoutMs < 9990 && timeoutMs > 5000, `${timeoutMs} ms are left`);
});

test('a failed call gives its place back, and closing ends those that wait', async () => {
  const base = halfPlusTwo();
  const failing = new FakeModel(Object.fromEntries(base.signatures), () =>
    Promise.reject(new ServingError('INVALID_ARGUMENT', 'no')),
  );
  const limited = new LimitedModel(failing, { running: 1, waiting: 0 });
  assert.equal(await codeOf(limited.run(CALL)), 'INVALID_ARGUMENT');
  assert.equal(await codeOf(limited.run(CALL)), 'INVALID_ARGUMENT');
  const { model, running } = stepwise();
  const closing = new LimitedModel(model, { running: 1, waiting: 1 });
  const first = closing.run(CALL);
  const waiting = codeOf(closing.run(CALL));
  await closing.close();
  assert.equal(await waiting, 'UNAVAILABLE');
  assert.ok(model.closed);
  running.shift()?.();
  await first;
});
