import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inOrder } from '../../easyrec/train/in_order.js';

async function* upTo(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) yield await Promise.resolve(i);
}

async function collect(results: AsyncIterable<number>): Promise<number[]> {
  const all: number[] = [];
  for await (const result of results) all.push(result);
  return all;
}

const discard = (): void => undefined;

test('results come in the order of the items, whichever is ready first', async () => {
  const work = async (i: number): Promise<number> => {
    await sleep((i * 7) % 5);
    return 10 * i;
  };
  const expected = Array.from({ length: 12 }, (_, i) => 10 * i);
  for (const limit of [1, 2, 3, 20]) {
    assert.deepEqual(await collect(inOrder(upTo(12), { limit, work, discard })), expected);
  }
});

test('no more items are worked on than the limit says, and no fewer', async () => {
  let running = 0;
  let most = 0;
  const work = async (i: number): Promise<number> => {
    most = Math.max(most, ++running);
    await sleep(2);
    running--;
    return i;
  };
  await collect(inOrder(upTo(10), { limit: 3, work, discard }));
  assert.equal(most, 3);
});

test('a failure comes in its turn, and what was under way is waited for and freed', async () => {
  const freed: number[] = [];
  const work = async (i: number): Promise<number> => {
    await sleep(i === 2 ? 0 : 5);
    if (i === 2) throw new Error('no');
    return i;
  };
  const seen: number[] = [];
  const results = inOrder(upTo(10), { limit: 4, work, discard: (result) => freed.push(result) });
  await assert.rejects(async () => {
    for await (const result of results) seen.push(result);
  }, /^Error: no$/);
  assert.deepEqual(seen, [0, 1]);
  assert.deepEqual(freed, [3, 4, 5].slice(0, freed.length));
  assert.ok(freed.length > 0);
});

test('a loop that is left closes the source and frees the rest', async () => {
  const freed: number[] = [];
  let closed = false;
  async function* source(): AsyncGenerator<number> {
    try {
      yield* upTo(10);
    } finally {
      closed = true;
    }
  }
  const work = (i: number): Promise<number> => Promise.resolve(i);
  for await (const result of inOrder(source(), { limit: 3, work, discard: (i) => freed.push(i) })) {
    if (result === 1) break;
  }
  assert.equal(closed, true);
  assert.deepEqual(freed, [2, 3]);
});

test('an error of the source is thrown, and results that were ready are freed', async () => {
  const freed: number[] = [];
  async function* failing(): AsyncGenerator<number> {
    yield* upTo(2);
    throw new Error('unreadable');
  }
  const work = (i: number): Promise<number> => Promise.resolve(i);
  const results = inOrder(failing(), { limit: 3, work, discard: (i) => freed.push(i) });
  await assert.rejects(collect(results), /unreadable/);
  assert.deepEqual(freed, [0, 1]);
});
