import assert from 'node:assert/strict';
import { test } from 'node:test';
import { halfPlusTwo } from '../support.js';
import { fuzzGrpc, fuzzRest } from './fuzz.js';

test('REST answers every request that is broken somewhere with an error of its own, or with a result', async () => {
  const { answers, faults } = await fuzzRest(halfPlusTwo(), 4000, 1);
  assert.deepEqual(faults.slice(0, 3), []);
  assert.ok(
    (answers.get('400') ?? 0) > 1000 && (answers.get('200') ?? 0) > 200,
    JSON.stringify([...answers]),
  );
});

test('gRPC answers every message that is broken somewhere with an error of its own, or with a result', async () => {
  const { answers, faults } = await fuzzGrpc(halfPlusTwo(), 2000, 2);
  assert.deepEqual(faults.slice(0, 3), []);
  const codes = [...answers.keys()].sort();
  assert.deepEqual(codes, ['FAILED_PRECONDITION', 'INTERNAL', 'INVALID_ARGUMENT', 'NOT_FOUND', 'OK']);
});
