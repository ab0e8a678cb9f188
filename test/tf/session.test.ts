import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import test from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { RunMetadata, Step } from '../../easyrec/tf/index.js';
import { Graph, makeStep, ops, Session, tensor, TensorflowError } from '../../easyrec/tf/index.js';

test('runs a matrix product', async () => {
  using graph = new Graph();
  const x = graph.op('Placeholder', [], { dtype: 'float32', shape: [-1, 2] }, { name: 'x' }).output();
  const y = graph.op('MatMul', [x, x], { transpose_b: true }).output();
  await using session = Session.create(graph);
  using feed = tensor('float32', [2, 2], [1, 2, 3, 4]);
  const [result] = await session.run(makeStep({ feeds: [x], fetches: [y] }), [feed]);
  assert.deepEqual(result?.shape, [2, 2]);
  assert.deepEqual([...result.data('float32')], [5, 11, 11, 25]);
  assert.deepEqual(y.shape, [-1, -1]);
  result.dispose();
});

test('keeps short and long strings through an op', () => {
  using graph = new Graph();
  const words = ['', 'short', 'x'.repeat(22), 'y'.repeat(23), 'ä'.repeat(100)];
  const x = graph.op('Placeholder', [], { dtype: 'string', shape: [-1] }).output();
  const y = graph.op('Identity', [x]).output();
  const session = Session.create(graph);
  using feed = tensor('string', [5], words);
  const [result] = session.runSync(makeStep({ feeds: [x], fetches: [y] }), [feed]);
  assert.deepEqual(result?.strings(), words);
  result.dispose();
});

test('reports TensorFlow errors whole, with their code', async () => {
  using graph = new Graph();
  const x = graph.op('Placeholder', [], { dtype: 'float32' }, { name: 'x' }).output();
  await using session = Session.create(graph);
  await assert.rejects(
    session.run(makeStep({ fetches: [x] })),
    (error: unknown) =>
      error instanceof TensorflowError &&
      error.code === 'INVALID_ARGUMENT' &&
      /placeholder/.test(error.detail),
  );
});

test('names the argument of a wrong input', () => {
  using graph = new Graph();
  const x = graph.op('Placeholder', [], { dtype: 'float32' }, { name: 'x' }).output();
  const i = graph.op('Placeholder', [], { dtype: 'int32' }, { name: 'i' }).output();
  assert.throws(
    () => graph.op('MatMul', [x, i]),
    /MatMul: input "b": expected float32 like "a", received int32 from "i:0"/,
  );
  assert.throws(() => graph.op('MatMul', [x]), /expected 2 inputs \(a, b\), received 1/);
  assert.throws(() => graph.op('MatMull', [x]), /did you mean .*"MatMul"/);
  assert.throws(
    () => graph.op('MatMul', [x, x], { transpose_c: true }),
    /no attribute "transpose_c"; did you mean "transpose_/,
  );
  assert.throws(() => graph.op('AddN', [x]), /expected a list of tensors, received one/);
});

/** A graph whose step waits until somebody puts something into a queue. */
function blocking(graph: Graph): { readonly step: Step; readonly release: Step } {
  const queue = graph.op('FIFOQueueV2', [], { component_types: ['int32'], capacity: 10 }).output();
  const [value] = graph.op('QueueDequeueV2', [queue], { component_types: ['int32'] }).outputs;
  assert.ok(value !== undefined);
  const enqueue = graph.op('QueueEnqueueV2', [queue, [ops.constant(graph, 'int32', 7)]]);
  return { step: makeStep({ fetches: [value] }), release: makeStep({ targets: [enqueue] }) };
}

const hasCode = (code: string) => (error: unknown) => error instanceof TensorflowError && error.code === code;

test('a run leaves the JavaScript thread free, and ends when its input comes', async () => {
  using graph = new Graph();
  const { step, release } = blocking(graph);
  await using session = Session.create(graph);
  let ended = false;
  const running = session.run(step).finally(() => (ended = true));
  await setTimeout(30);
  assert.equal(ended, false);
  await session.run(release);
  const [result] = await running;
  assert.deepEqual([...(result?.data('int32') ?? [])], [7]);
  result?.dispose();
});

test(
  'aborting a signal ends a waiting run with its reason and closes the session',
  { timeout: 30_000 },
  async () => {
    using graph = new Graph();
    const { step, release } = blocking(graph);
    const session = Session.create(graph);
    const controller = new AbortController();
    const running = session.run(step, [], { signal: controller.signal });
    await setTimeout(30);
    controller.abort(new Error('enough'));
    await assert.rejects(running, /^Error: enough$/);
    await assert.rejects(session.run(release), /session: used after close\(\)/);
    await session.close();
  },
);

test('a signal that was aborted before never starts the run', async () => {
  using graph = new Graph();
  const { step, release } = blocking(graph);
  await using session = Session.create(graph);
  await assert.rejects(session.run(step, [], { signal: AbortSignal.abort() }), { name: 'AbortError' });
  await session.run(release);
});

test('runs that ended leave nothing on the signal', async () => {
  using graph = new Graph();
  const step = makeStep({ fetches: [ops.constant(graph, 'int32', 1)] });
  const session = Session.create(graph);
  const controller = new AbortController();
  for (let i = 0; i < 20; i++) {
    const results = await session.run(step, [], { signal: controller.signal });
    for (const result of results) result.dispose();
  }
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  await session.close();
});

test(
  'a run that takes too long fails with DEADLINE_EXCEEDED, and the session goes on',
  { timeout: 30_000 },
  async () => {
    using graph = new Graph();
    const { step, release } = blocking(graph);
    await using session = Session.create(graph);
    await assert.rejects(session.run(step, [], { timeoutMs: 50 }), hasCode('DEADLINE_EXCEEDED'));
    await session.run(release, [], { timeoutMs: 10_000 });
    const [result] = await session.run(step, [], { timeoutMs: 10_000 });
    assert.deepEqual([...(result?.data('int32') ?? [])], [7]);
    result?.dispose();
  },
);

test('closing cancels what is running and waits for it', { timeout: 30_000 }, async () => {
  using graph = new Graph();
  const { step } = blocking(graph);
  const session = Session.create(graph);
  const running = assert.rejects(session.run(step), hasCode('CANCELLED'));
  await setTimeout(30);
  await session.close();
  await running;
});

test('closing twice does nothing; every use after it is a named error', async () => {
  using graph = new Graph();
  const step = makeStep({ fetches: [ops.constant(graph, 'int32', 1)] });
  const session = Session.create(graph);
  await Promise.all([session.close(), session.close()]);
  await session.close();
  const message = /session: used after close\(\)/;
  await assert.rejects(session.run(step), message);
  assert.throws(() => session.runSync(step), message);
  assert.throws(() => session.devices(), message);
});

test('refuses the wrong number of feeds, and steps of another graph', async () => {
  using graph = new Graph();
  using other = new Graph();
  const x = ops.placeholder(graph, 'float32', [1], 'x');
  await using session = Session.create(graph);
  await assert.rejects(session.run(makeStep({ feeds: [x] })), /expected 1 tensors to feed, received 0/);
  const stranger = makeStep({ fetches: [ops.constant(other, 'float32', 1)] });
  await assert.rejects(
    session.run(stranger),
    /expected a step of the session's graph, received one with "Const:0"/,
  );
});

test('a fed tensor of the wrong dtype is refused by TensorFlow', async () => {
  using graph = new Graph();
  const x = ops.placeholder(graph, 'float32', [2], 'x');
  const step = makeStep({ feeds: [x], fetches: [ops.neg(x)] });
  await using session = Session.create(graph);
  using integer = tensor('int32', [2], [1, 2]);
  await assert.rejects(session.run(step, [integer]), hasCode('INVALID_ARGUMENT'));
});

test('sessions on one graph have variables of their own, and run side by side', async () => {
  using graph = new Graph();
  const handle = ops.varHandle(graph, 'v', 'int32', []);
  const increment = makeStep({ targets: [ops.assignAdd(handle, ops.constant(graph, 'int32', 1))] });
  const start = makeStep({ targets: [ops.assign(handle, ops.constant(graph, 'int32', 0))] });
  const read = makeStep({ fetches: [ops.readVariable(handle, 'int32')] });
  const count = async (times: number): Promise<number | undefined> => {
    await using session = Session.create(graph);
    await session.run(start);
    await Promise.all(Array.from({ length: times }, () => session.run(increment)));
    const [result] = await session.run(read);
    using kept = result;
    return kept?.data('int32')[0];
  };
  assert.deepEqual(await Promise.all([count(20), count(7)]), [20, 7]);
});

test('a variable that nothing has set is an error with its name', async () => {
  using graph = new Graph();
  const value = ops.readVariable(ops.varHandle(graph, 'tower/kernel', 'float32', [2]), 'float32');
  await using session = Session.create(graph);
  await assert.rejects(
    session.run(makeStep({ fetches: [value] })),
    (error: unknown) => hasCode('FAILED_PRECONDITION')(error) && /tower\/kernel/.test(String(error)),
  );
});

test('lists devices, traces a run and takes a configuration', async () => {
  using graph = new Graph();
  const x = ops.constant(graph, 'float32', 1, [8, 8]);
  const y = graph.scope('traced', () => ops.matmul(x, ops.identity(x)));
  const config = {
    intra_op_parallelism_threads: 1,
    inter_op_parallelism_threads: 1,
    device_count: { CPU: 1 },
  };
  await using session = Session.create(graph, { config });
  assert.ok(session.devices().some(({ type, name }) => type === 'CPU' && /CPU:0$/.test(name)));
  let trace: RunMetadata | undefined;
  const results = await session.run(makeStep({ fetches: [y] }), [], {
    onTrace: (metadata) => (trace = metadata),
  });
  for (const result of results) result.dispose();
  const nodes = trace?.step_stats?.dev_stats?.flatMap(({ node_stats: stats = [] }) => stats) ?? [];
  assert.ok(nodes.length > 0);
});

test('a server that does not exist is refused', () => {
  using graph = new Graph();
  assert.throws(() => Session.create(graph, { target: 'nosuch://somewhere' }), hasCode('NOT_FOUND'));
});
