import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ops } from '../../easyrec/tf/index.js';
import { addLibrary, ASK, buildFaulty, writeFaultyModel } from '../serving/workers/faulty_model.js';
import { mustEnd } from '../serving/workers/loading.js';
import { CLI } from '../support/cli.js';
import { writePlainModel } from '../support/plain_model.js';
import { temporaryFolder } from '../support/temporary.js';

function writeHalfPlusTwo(directory: string): Promise<void> {
  return writePlainModel(directory, (graph) => {
    const x = ops.placeholder(graph, 'float32', [-1], 'x');
    const half = graph.op('Mul', [x, ops.constant(graph, 'float32', 0.5)]).output();
    const y = graph.op('AddV2', [half, ops.constant(graph, 'float32', 2)]).output();
    return { inputs: { x }, outputs: { y } };
  });
}

interface Serving {
  readonly log: () => string;
  readonly port: number;
  /** How long it took to start. */
  readonly startMs: number;
  /** The process that runs the faulty model. */
  readonly worker: () => number;
  /** Ends the server and returns its exit code. */
  readonly stop: () => Promise<number | null>;
}

/** A server of the models `faulty`, which multiplies by 2, and `half`. */
async function serve(t: TestContext): Promise<Serving> {
  const folder = temporaryFolder(t);
  const library = await buildFaulty(folder, 2);
  await writeFaultyModel(join(folder, 'faulty/1'), library);
  addLibrary(join(folder, 'faulty/1'), library);
  await writeHalfPlusTwo(join(folder, 'half/1'));
  const models = ['faulty', 'half'].map(
    (name) => `config { name: "${name}" base_path: "${folder}/${name}" model_platform: "tensorflow" }`,
  );
  const config = join(folder, 'models.config');
  writeFileSync(config, `model_config_list { ${models.join(' ')} }`);
  const flags = ['--model_config_file', config, '--rest_api_port', '0', '--load_op_libraries'];
  const server = spawn(process.execPath, [CLI, 'serve', ...flags, '--rest_api_timeout_in_ms', '5000']);
  t.after(() => server.kill('SIGKILL'));
  let log = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exit = once(server, 'exit') as Promise<[number | null]>;
  const begin = performance.now();
  const port = await firstMatch(() => /serving at http:\/\/[^:]+:(\d+)/.exec(log)?.[1]);
  return {
    log: () => log,
    port: Number(port),
    startMs: performance.now() - begin,
    worker: () => Number([...log.matchAll(/runs in worker process (\d+)/g)].at(-1)?.[1]),
    stop: async () => {
      server.kill('SIGTERM');
      const [code] = await exit;
      return code;
    },
  };
}

async function firstMatch(find: () => string | undefined): Promise<string> {
  for (let waited = 0; waited < 60_000; waited += 50) {
    const found = find();
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error('the server does not start');
}

async function predict(
  { port }: Serving,
  model: string,
  x: number,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/models/${model}:predict`, {
    method: 'POST',
    body: JSON.stringify({ inputs: [x] }),
  });
  return { status: response.status, body: await response.json() };
}

test('an op that crashes, a process that is killed or stopped: only their own calls fail', async (t) => {
  const server = await serve(t);
  // A process is replaced within 2 s, unless the machine is so busy that all takes longer.
  const limit = Math.max(3000, 2 * server.startMs);
  const over = new AbortController();
  const neighbour = (async () => {
    let calls = 0;
    for (; !over.signal.aborted; calls++) {
      const answer = await predict(server, 'half', calls);
      assert.deepEqual(answer, { status: 200, body: { outputs: [calls / 2 + 2] } });
      await sleep(5);
    }
    return calls;
  })();
  const crashed = await predict(server, 'faulty', ASK.crash);
  assert.equal(crashed.status, 503);
  assert.match(JSON.stringify(crashed.body), /"error":".*worker process ended with SIGSEGV; try again"/);
  assert.deepEqual(await predict(server, 'faulty', 4), { status: 200, body: { outputs: [8] } });
  for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
    process.kill(server.worker(), signal);
    const begin = Date.now();
    let answer = await predict(server, 'faulty', 5);
    if (answer.status === 503) answer = await predict(server, 'faulty', 5);
    assert.deepEqual(answer, { status: 200, body: { outputs: [10] } }, signal);
    assert.ok(Date.now() - begin < limit, `${signal}: took ${Date.now() - begin} ms`);
  }
  over.abort();
  assert.ok((await neighbour) > 50);
  const state = await fetch(`http://127.0.0.1:${server.port}/v1/models/faulty`);
  assert.match(await state.text(), /"state": "AVAILABLE"/);
  const last = server.worker();
  assert.equal(await server.stop(), 0, server.log());
  await mustEnd(last);
});
