import assert from 'node:assert/strict';
import { test } from 'node:test';
import { swapUnderLoad } from '../serving/versions/swap_under_load.js';
import { temporaryFolder } from '../support/temporary.js';

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
}

test('50 swaps under load over REST and gRPC: no request fails, and p99 at most doubles', async (t) => {
  const load = { root: temporaryFolder(t), swaps: 50, clients: 32, steadyMs: 300 };
  const report = await swapUnderLoad(load);
  assert.deepEqual(report.failures, []);
  assert.equal(report.versionsSeen, 51);
  const steady = percentile(report.steadyLatenciesMs, 0.99);
  const swapping = percentile(report.swapLatenciesMs, 0.99);
  t.diagnostic(
    `${report.answers} answers; p99 ${steady.toFixed(1)} ms, ${swapping.toFixed(1)} ms during swaps`,
  );
  assert.ok(swapping <= 2 * steady, `p99 ${swapping} ms during swaps, ${steady} ms otherwise`);
});
