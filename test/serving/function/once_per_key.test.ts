import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OncePerKey } from '../../../easyrec/serving/function/once_per_key.js';

/** Runs work for two callers at once that fails the first `failures` times. */
async function twice(
  failures: number,
): Promise<{ readonly outcomes: readonly string[]; readonly tries: number; readonly waits: number }> {
  const once = new OncePerKey();
  let [tries, waits, isDone] = [0, 0, false];
  const work = async (): Promise<void> => {
    tries++;
    await new Promise((resolve) => setImmediate(resolve));
    if (tries <= failures) throw new Error('no');
    isDone = true;
  };
  const run = (): Promise<void> =>
    once.run(
      'key',
      () => isDone,
      work,
      () => waits++,
    );
  const results = await Promise.allSettled([run(), run()]);
  return { outcomes: results.map(({ status }) => status), tries, waits };
}

test('what two ask for at once is done once', async () => {
  assert.deepEqual(await twice(0), { outcomes: ['fulfilled', 'fulfilled'], tries: 1, waits: 1 });
});

test('who waits for one that fails tries too', async () => {
  assert.deepEqual(await twice(1), { outcomes: ['rejected', 'fulfilled'], tries: 2, waits: 1 });
});
