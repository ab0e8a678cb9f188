// node bench/worker_channel.mjs [--seconds=3]
// What a process of its own costs a model: the time of a call of y = x + 1 in the server's process and in a worker
// process, for 8 numbers and for 10 MB of them each way, one call after the other, and calls/s of 16 at a time. Each
// figure is the median of rounds that take turns. Run npm run build first.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import minimist from 'minimist';
import { SavedModelServable } from '../dist/easyrec/serving/saved_model_servable.js';
import { WorkerLoader } from '../dist/easyrec/serving/workers/index.js';
import { Graph, loadSavedModel, ops, Session, writeSavedModel } from '../dist/easyrec/tf/index.js';

const args = minimist(process.argv.slice(2), { default: { seconds: 3 } });
const ROUNDS = 5;
const SIZES = { '8 numbers': 8, '10 MB': 10e6 / 4 };
const CONCURRENCY = 16;
const silent = { info() {}, warn() {}, debug() {} };

async function writeModel(directory) {
  const graph = new Graph();
  const x = ops.placeholder(graph, 'float32', [-1], 'x');
  const y = graph.op('AddV2', [x, ops.constant(graph, 'float32', 1)]).output();
  const session = Session.create(graph);
  const signatures = new Map([
    ['serving_default', { inputs: new Map([['x', x]]), outputs: new Map([['y', y]]) }],
  ]);
  await writeSavedModel(directory, { session, variables: [], signatures });
  await session.close();
}

function request(length) {
  const x = { dtype: 'float32', shape: [length], values: new Float32Array(length).fill(0.5) };
  return { signatureName: 'serving_default', inputs: new Map([['x', x]]) };
}

async function latencies(model, length, seconds) {
  const times = [];
  const call = request(length);
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const begin = performance.now();
    await model.run(call);
    times.push(performance.now() - begin);
  }
  return times;
}

async function rate(model, length, seconds) {
  const begin = performance.now();
  const end = begin + seconds * 1000;
  let calls = 0;
  const loop = async () => {
    while (performance.now() < end) {
      await model.run(request(length));
      calls++;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, loop));
  return (1000 * calls) / (performance.now() - begin);
}

const quantile = (values, q) => values.sort((a, b) => a - b)[Math.floor(q * (values.length - 1))];

const folder = mkdtempSync(join(tmpdir(), 'easyrec-bench-'));
const loader = new WorkerLoader({ trust: { fromModels: false } });
try {
  const directory = join(folder, '1');
  await writeModel(directory);
  const models = {
    'in the process': new SavedModelServable(await loadSavedModel(directory)),
    'in a worker': await loader.load({ modelName: 'm', version: 1n, directory }, silent),
  };
  const seconds = args.seconds / ROUNDS;
  for (const [size, length] of Object.entries(SIZES)) {
    const figures = Object.fromEntries(
      Object.keys(models).map((name) => [name, { p50: [], p99: [], rate: [] }]),
    );
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, model] of Object.entries(models)) {
        const times = await latencies(model, length, seconds);
        figures[name].p50.push(quantile(times, 0.5));
        figures[name].p99.push(quantile(times, 0.99));
        figures[name].rate.push(await rate(model, length, seconds));
      }
    }
    for (const [name, { p50, p99, rate: rates }] of Object.entries(figures)) {
      const [a, b, c] = [p50, p99, rates].map((values) => quantile(values, 0.5));
      console.log(`${size} ${name}: p50 ${a.toFixed(3)} ms, p99 ${b.toFixed(3)} ms, ${c.toFixed(0)} calls/s`);
    }
  }
  await models['in the process'].close();
} finally {
  await loader.close();
  rmSync(folder, { recursive: true, force: true });
}
