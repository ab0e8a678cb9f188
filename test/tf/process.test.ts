import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';

// libtensorflow's threads outlive sessions. A process that unloads the library, or a worker thread that ends while
// they run, would crash after all its work was done; an exit code of 0 and no signal show that it does not.

const TF = new URL('../../easyrec/tf/index.js', import.meta.url).href;
const TIMEOUT_MS = 120_000;

function runScript(body: string): {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
} {
  const script = `
    import { Graph, makeStep, ops, Session, tensor } from ${JSON.stringify(TF)};
    const product = async () => {
      const graph = new Graph();
      const x = ops.constant(graph, 'float32', 1, [50, 50]);
      const session = Session.create(graph);
      const [result] = await session.run(makeStep({ fetches: [ops.matmul(x, x)] }));
      return { graph, session, result, value: result.data('float32')[0] };
    };
    ${body}`;
  const { status, signal, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  return { status, signal, stdout: stdout.trim() };
}

test('a process that disposes of everything ends by itself', () => {
  const outcome = runScript(`
    const { graph, session, result, value } = await product();
    result.dispose();
    await session.close();
    graph.dispose();
    console.log(value);`);
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: '50' });
});

test('a process that disposes of nothing ends by itself', () => {
  const outcome = runScript('console.log((await product()).value);');
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: '50' });
});

test('process.exit() during a run ends the process with its code', () => {
  // Long enough to be running still: 20 products of 600 x 600 matrices, one after the other.
  const outcome = runScript(`
    const graph = new Graph();
    let x = ops.mul(ops.onesLike(ops.placeholder(graph, 'float32', [600, 600], 'x')), 0.001);
    for (let i = 0; i < 20; i++) x = ops.matmul(x, x);
    const feed = tensor('float32', [600, 600], new Float32Array(360_000));
    const step = makeStep({ feeds: [graph.output('x')], fetches: [x] });
    void Session.create(graph).run(step, [feed]).then(() => console.log('ended'));
    setImmediate(() => process.exit(3));`);
  assert.deepEqual(outcome, { status: 3, signal: null, stdout: '' });
});

const IN_WORKER = (then: string): string => `
    import { Worker } from 'node:worker_threads';
    const { value } = await product();
    const source = \`
      import { parentPort } from 'node:worker_threads';
      import { Graph, makeStep, ops, Session } from ${JSON.stringify(TF)};
      const graph = new Graph();
      const x = ops.constant(graph, 'float32', 2, [50, 50]);
      const session = Session.create(graph);
      const [result] = await session.run(makeStep({ fetches: [ops.matmul(x, x)] }));
      parentPort.postMessage(result.data('float32')[0]);
      ${then}\`;
    const url = new URL('data:text/javascript,' + encodeURIComponent(source));
    const values = await Promise.all([0, 1].map(() => new Promise((resolve, reject) => {
      const worker = new Worker(url);
      let value;
      worker.on('message', (message) => { value = message; worker.emit('answered'); });
      worker.on('answered', () => { if (globalThis.terminate) void worker.terminate(); });
      worker.on('error', reject);
      worker.on('exit', () => resolve(value));
    })));
    console.log([value, ...values, (await product()).value].join(' '));`;

test('worker threads use TensorFlow beside the main thread and end', () => {
  const outcome = runScript(IN_WORKER('result.dispose(); await session.close(); graph.dispose();'));
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: '50 200 200 50' });
});

test('worker threads that are terminated leave the process alive', () => {
  const outcome = runScript(`globalThis.terminate = true; ${IN_WORKER('setInterval(() => {}, 1000);')}`);
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: '50 200 200 50' });
});
