import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../../support/temporary.js';
import { swapUnderLoad } from './swap_under_load.js';

test('not one request fails while versions are swapped, over REST and gRPC', async (t) => {
  const report = await swapUnderLoad({ root: temporaryFolder(t), swaps: 8, clients: 8 });
  assert.deepEqual(report.failures, []);
  assert.equal(report.versionsSeen, 9, 'each version has answered');
  assert.ok(report.answers > 200, `${report.answers} answers`);
});
