import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServableModel } from '../../../easyrec/serving/servable.js';
import { addLibrary, ASK, buildFaulty, callWith, writeFaultyModel } from './faulty_model.js';
import type { Loaded } from './loading.js';
import { isAlive, isUnavailable, load, mustEnd, pidOf } from './loading.js';
import { until } from '../versions/support.js';

let folder = '';
/** Multiplies by 2. */
let doubling = '';

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'easyrec-test-'));
  doubling = join(folder, 'doubling');
  const library = await buildFaulty(folder, 2);
  await writeFaultyModel(doubling, library);
  addLibrary(doubling, library);
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** 2 s, or as much more as all that is loaded takes on a machine that is busy. */
function replacementLimit({ loadMs }: Loaded): number {
  return Math.max(2000, 4 * loadMs);
}

function states({ healths }: Loaded): (string | number)[][] {
  return healths.map(({ state, restarts }) => [state, restarts]);
}

test('an op that crashes fails its own call, and another process takes over within 2 s', async (t) => {
  const loaded = await load(t, doubling);
  const limit = replacementLimit(loaded);
  const first = pidOf(loaded);
  await assert.rejects(callWith(loaded.model, [ASK.crash]), (error: unknown) => {
    assert.ok(isUnavailable(error));
    assert.match(String(error), /model "faulty" version 1: its worker process ended with SIGSEGV; try again/);
    return true;
  });
  const begin = Date.now();
  // It arrived after the crash, and so waits for the new process.
  assert.deepEqual(await callWith(loaded.model, [5]), [10]);
  assert.ok(Date.now() - begin < limit, `took ${Date.now() - begin} ms`);
  assert.notEqual(pidOf(loaded), first);
  assert.deepEqual(states(loaded), [
    ['restarting', 0],
    ['running', 1],
  ]);
  assert.equal(loaded.healths.at(-1)?.problem, 'the worker process ended with SIGSEGV');
});

test('a process that is killed loses the calls it works on, and no others', async (t) => {
  const loaded = await load(t, doubling);
  const failed = assert.rejects(callWith(loaded.model, [ASK.hang]), isUnavailable);
  process.kill(pidOf(loaded), 'SIGKILL');
  await failed;
  assert.deepEqual(await callWith(loaded.model, [1]), [2]);
});

test('calls that only wait are not lost with a process', async (t) => {
  const { model } = await load(t, doubling, { limits: { threads: 1 } });
  const crash = assert.rejects(callWith(model, [ASK.crash]), isUnavailable);
  const waiting = Array.from({ length: 20 }, (_, i) => callWith(model, [i]));
  await crash;
  assert.deepEqual(
    await Promise.all(waiting),
    Array.from({ length: 20 }, (_, i) => [2 * i]),
  );
});

test('a process that takes over is warmed up before calls are sent to it', async (t) => {
  const events: string[] = [];
  const warmUp = async (model: ServableModel): Promise<void> => {
    await sleep(100);
    events.push(`warm-up: ${String(await callWith(model, [7]))}`);
  };
  const loaded = await load(t, doubling, { warmUp: (_, model) => warmUp(model) });
  assert.equal(events.length, 0, 'the first one is up to whoever loads the model');
  await assert.rejects(callWith(loaded.model, [ASK.crash]), isUnavailable);
  events.push(`call: ${String(await callWith(loaded.model, [5]))}`);
  assert.deepEqual(events, ['warm-up: 14', 'call: 10']);
});

test('a warm-up that does not end, or fails, keeps no process from taking over', async (t) => {
  const limits = { warmUpMs: 100 };
  const endless = await load(t, doubling, {
    limits,
    warmUp: (_, model) => callWith(model, [ASK.hang]).then(),
  });
  await assert.rejects(callWith(endless.model, [ASK.crash]), isUnavailable);
  assert.deepEqual(await callWith(endless.model, [5]), [10]);
  const failing = await load(t, doubling, { warmUp: () => Promise.reject(new Error('no such signature')) });
  await assert.rejects(callWith(failing.model, [ASK.crash]), isUnavailable);
  assert.deepEqual(await callWith(failing.model, [5]), [10]);
  assert.match(failing.lines.join('\n'), /process \d+ is not warmed up: no such signature/);
});

test('a process that ends while it is warmed up is replaced, later each time', async (t) => {
  let crashes = 2;
  const warmUp = async (model: ServableModel): Promise<void> => {
    if (crashes-- > 0) await callWith(model, [ASK.crash]);
  };
  const limits = { backOffMs: 10 };
  const loaded = await load(t, doubling, { limits, warmUp: (_, model) => warmUp(model) });
  await assert.rejects(callWith(loaded.model, [ASK.crash]), isUnavailable);
  assert.deepEqual(await callWith(loaded.model, [5]), [10]);
  assert.deepEqual(states(loaded), [
    ['restarting', 0],
    ['restarting', 0],
    ['restarting', 0],
    ['running', 1],
  ]);
  assert.match(loaded.healths.at(-1)?.problem ?? '', /cannot be loaded again: .*while it was warmed up/);
});

test('a process that was stopped is replaced within 2 s', async (t) => {
  const loaded = await load(t, doubling);
  const limit = replacementLimit(loaded);
  const stopped = pidOf(loaded);
  process.kill(stopped, 'SIGSTOP');
  const begin = Date.now();
  await assert.rejects(callWith(loaded.model, [1]), /its worker process was stopped and was killed/);
  assert.deepEqual(await callWith(loaded.model, [2]), [4]);
  assert.ok(Date.now() - begin < limit, `took ${Date.now() - begin} ms`);
  assert.equal(isAlive(stopped), false);
});

test('a process that does not answer is replaced', async (t) => {
  const loaded = await load(t, doubling, { limits: { hangMs: 1000 } });
  await assert.rejects(
    callWith(loaded.model, [ASK.freeze]),
    /its worker process did not answer for 1 s and was killed/,
  );
  assert.deepEqual(await callWith(loaded.model, [2]), [4]);
});

test('an op that does not end misses its deadline, and later its process is given up', async (t) => {
  const loaded = await load(t, doubling, { limits: { overdueMs: 400, drainMs: 5000 } });
  const hung = pidOf(loaded);
  const begin = Date.now();
  await assert.rejects(callWith(loaded.model, [ASK.hang], { timeoutMs: 200 }), {
    code: 'DEADLINE_EXCEEDED',
  });
  assert.ok(Date.now() - begin < replacementLimit(loaded), `took ${Date.now() - begin} ms`);
  assert.deepEqual(await callWith(loaded.model, [3]), [6]);
  // It is on its way when the process is given up, and still answered by it.
  const draining = callWith(loaded.model, [ASK.sleep400Ms]);
  assert.deepEqual(await draining, [2 * ASK.sleep400Ms]);
  await until(() => loaded.healths.at(-1)?.state === 'running');
  assert.deepEqual(await callWith(loaded.model, [1]), [2]);
  await mustEnd(hung, 10_000);
  assert.notEqual(pidOf(loaded), hung);
  assert.deepEqual(states(loaded), [
    ['restarting', 0],
    ['running', 1],
  ]);
});

test('a client that has gone gets CANCELLED, and what is left of its call is given up', async (t) => {
  const loaded = await load(t, doubling, { limits: { abandonedMs: 300, drainMs: 100 } });
  const abort = new AbortController();
  const cancelled = assert.rejects(callWith(loaded.model, [ASK.hang], { signal: abort.signal }), {
    code: 'CANCELLED',
  });
  await sleep(50);
  abort.abort();
  await cancelled;
  await sleep(600);
  assert.deepEqual(await callWith(loaded.model, [3]), [6]);
  assert.equal(loaded.healths.at(-1)?.restarts, 1);
});

test('the longest time limit is no short one', async (t) => {
  const { model } = await load(t, doubling);
  const timeoutMs = 2 ** 31 - 1;
  assert.deepEqual(await callWith(model, [ASK.sleep400Ms], { timeoutMs }), [2 * ASK.sleep400Ms]);
});

test('a deadline holds for calls that wait for a process', async (t) => {
  const { model } = await load(t, doubling, { limits: { threads: 1 } });
  const hung = callWith(model, [ASK.hang]).catch(() => 'closed');
  const begin = Date.now();
  await assert.rejects(callWith(model, [1], { timeoutMs: 200 }), { code: 'DEADLINE_EXCEEDED' });
  const took = Date.now() - begin;
  assert.ok(took >= 190 && took < 2000, `took ${took} ms`);
  await model.close();
  assert.equal(await hung, 'closed');
});

test('no more calls wait than there is room for, and those that ended make room', async (t) => {
  const { model } = await load(t, doubling, { limits: { threads: 1, maxQueued: 2 } });
  const first = callWith(model, [ASK.sleep400Ms]);
  const late = assert.rejects(callWith(model, [1], { timeoutMs: 50 }), { code: 'DEADLINE_EXCEEDED' });
  const second = callWith(model, [1]);
  await assert.rejects(callWith(model, [2]), { code: 'RESOURCE_EXHAUSTED' });
  await late;
  assert.deepEqual(await callWith(model, [3]), [6]);
  assert.deepEqual(await Promise.all([first, second]), [[2 * ASK.sleep400Ms], [2]]);
});

test('a model that cannot be loaded again is tried less and less often, and answers at once until then', async (t) => {
  const loaded = await load(t, doubling, { limits: { backOffMs: 2500, maxUsefulBackOffMs: 1 } });
  process.env['FAULTY_LIBRARY_CRASHES'] = '1';
  t.after(() => delete process.env['FAULTY_LIBRARY_CRASHES']);
  await assert.rejects(callWith(loaded.model, [ASK.crash]), isUnavailable);
  // It waits for the new process, which crashes as well.
  await assert.rejects(callWith(loaded.model, [1]), isUnavailable);
  delete process.env['FAULTY_LIBRARY_CRASHES'];
  const { state, problem } = loaded.healths.at(-1) ?? {};
  assert.equal(state, 'backing_off');
  assert.match(problem ?? '', /cannot be loaded again: .*libfaulty_2\.so, ended with SIGABRT/);
  const begin = Date.now();
  await assert.rejects(callWith(loaded.model, [1]), isUnavailable);
  assert.ok(Date.now() - begin < 1000, `took ${Date.now() - begin} ms`);
  await sleep(2600);
  assert.deepEqual(await callWith(loaded.model, [1]), [2]);
});

const SERVER = `
const [, loaderUrl, directory] = process.argv;
const { WorkerLoader } = await import(loaderUrl);
const log = { info: (line) => console.log(line), warn() {}, debug() {} };
const loader = new WorkerLoader({ trust: { fromModels: true } });
await loader.load({ modelName: 'm', version: 1n, directory }, log);
console.log('ready');
setInterval(() => {}, 1000);
`;

for (const isStopped of [false, true]) {
  test(`a ${isStopped ? 'stopped' : 'running'} process does not outlive a server that is killed`, async (t) => {
    const url = new URL('../../../easyrec/serving/workers/index.js', import.meta.url).href;
    const args = ['--input-type=module', '-e', SERVER, url, doubling];
    const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => server.kill('SIGKILL'));
    let output = '';
    for await (const chunk of server.stdout) {
      output += String(chunk);
      if (output.includes('ready')) break;
    }
    const pid = Number(/worker process (\d+)/.exec(output)?.[1]);
    assert.ok(isAlive(pid), output);
    if (isStopped) process.kill(pid, 'SIGSTOP');
    server.kill('SIGKILL');
    await once(server, 'exit');
    await mustEnd(pid);
  });
}
