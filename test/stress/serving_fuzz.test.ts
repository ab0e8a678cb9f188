import assert from 'node:assert/strict';
import { test } from 'node:test';
import { halfPlusTwo } from '../serving/support.js';
import { fuzzGrpc, fuzzRest } from '../serving/tfserving/fuzz.js';

test('100,000 broken requests over REST and gRPC each have an answer, and leave nothing behind', async () => {
  await fuzzRest(halfPlusTwo(), 5000, 10);
  await fuzzGrpc(halfPlusTwo(), 5000, 11);
  const before = process.memoryUsage().rss;
  const rest = await fuzzRest(halfPlusTwo(), 60_000, 12);
  const grpc = await fuzzGrpc(halfPlusTwo(), 40_000, 13);
  assert.deepEqual([...rest.faults, ...grpc.faults].slice(0, 3), []);
  const grown = (process.memoryUsage().rss - before) / 2 ** 20;
  assert.ok(grown < 150, `${grown.toFixed()} MB more`);
});
