import assert from 'node:assert/strict';
import test from 'node:test';
import { gradients } from '../../easyrec/tf/grad/index.js';
import type { Step } from '../../easyrec/tf/index.js';
import { Graph, makeStep, ops, Output, Session, tensor } from '../../easyrec/tf/index.js';

const RUNS = 10_000;
const WARM_UP = 2_000;
/** One leaked tensor of 10 kB a run would be 80 MB. */
const MAX_GROWTH_BYTES = 16 * 2 ** 20;

/** A step that reads numbers, strings and a variable, and updates it by gradients. */
function buildStep(graph: Graph): { readonly initialize: Step; readonly step: Step } {
  const x = ops.placeholder(graph, 'float32', [-1, 20], 'x');
  const words = ops.placeholder(graph, 'string', [-1], 'words');
  const handle = ops.varHandle(graph, 'w', 'float32', [20, 5]);
  const value = ops.readVariable(handle, 'float32');
  const loss = ops.reduceMean(ops.square(ops.sub(ops.matmul(x, value), 1)));
  const [dw] = gradients(loss, [handle]);
  assert.ok(dw instanceof Output);
  const update = ops.assignSub(handle, ops.mul(dw, 0.01));
  const initialize = makeStep({
    targets: [ops.assign(handle, ops.constant(graph, 'float32', 0.1, [20, 5]))],
  });
  const fetches = [loss, ops.identity(words), ops.stringLength(words)];
  return { initialize, step: makeStep({ feeds: [x, words], fetches, targets: [update] }) };
}

test(`${RUNS} runs leave the memory as it was`, { timeout: 600_000 }, async () => {
  using graph = new Graph();
  const { initialize, step } = buildStep(graph);
  await using session = Session.create(graph);
  await session.run(initialize);
  const numbers = Float32Array.from({ length: 128 * 20 }, (_, i) => Math.sin(i));
  const texts = Array.from({ length: 128 }, (_, i) => 'long enough to be stored apart '.repeat(1 + (i % 4)));
  let before = 0;
  for (let i = 0; i < RUNS; i++) {
    if (i === WARM_UP) before = process.memoryUsage().rss;
    using x = tensor('float32', [128, 20], numbers);
    using words = tensor('string', [128], texts);
    const results = i % 2 === 0 ? await session.run(step, [x, words]) : session.runSync(step, [x, words]);
    for (const result of results) result.dispose();
  }
  const growth = process.memoryUsage().rss - before;
  assert.ok(
    growth < MAX_GROWTH_BYTES,
    `expected less than ${MAX_GROWTH_BYTES} bytes more, received ${growth}`,
  );
});

test('1,000 graphs and sessions leave the memory as it was', { timeout: 600_000 }, async () => {
  let before = 0;
  for (let i = 0; i < 1_000; i++) {
    if (i === 200) before = process.memoryUsage().rss;
    using graph = new Graph();
    const { initialize } = buildStep(graph);
    await using session = Session.create(graph);
    await session.run(initialize);
  }
  const growth = process.memoryUsage().rss - before;
  assert.ok(growth < 32 * 2 ** 20, `expected less than 32 MiB more, received ${growth} bytes`);
});
