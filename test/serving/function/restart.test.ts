import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { Gateway } from '../../../easyrec/serving/function/gateway.js';
import { startGatewayServer } from '../../../easyrec/serving/function/index.js';
import { withTempFolder } from '../../support/temp_folder.js';
import { endProcess, startProcess } from './gateway_process.js';
import { archiveOf, deployPython, uploadPython, waitFor, withGateway } from './support.js';

const PIDS = [
  'import os, time',
  'def Handler(req):',
  '    if req.input: time.sleep(float(req.input))',
  '    return str(os.getpid())',
].join('\n');

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function untilGone(pid: number): Promise<void> {
  const limit = Date.now() + 5_000;
  while (isAlive(pid)) {
    assert.ok(Date.now() < limit, `${pid} still runs`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a gateway that is killed loses nothing: functions, counts, logs, environments; its workers end with it', () =>
  withTempFolder(async (folder) => {
    await using first = await startProcess(folder);
    await deployPython(first.client, 'kept', PIDS, {
      request: { Annotations: { desc: 'stays' }, EnvVars: { A: '1' }, MinReplicas: 2 },
    });
    await deployPython(first.client, 'deleted', PIDS);
    await first.client.delete('deleted');
    const pid = Number(await first.client.invoke('kept', Buffer.alloc(0)));
    for (let i = 0; i < 4; i++) await first.client.invoke('kept', Buffer.alloc(0));
    const before = await first.client.getMeta('kept');
    const log = await first.client.getLog('kept');
    assert.equal(await endProcess(first, 'SIGKILL'), null);
    await untilGone(pid);

    await using second = await startProcess(folder);
    await waitFor(second.client, 'kept', ({ available_replicas: available }) => available === 2);
    assert.deepEqual(await second.client.list(), [before]);
    assert.equal(before.InvocationCount, 5);
    assert.ok((await second.client.getLog('kept')).startsWith(log));
    assert.notEqual(Number(await second.client.invoke('kept', Buffer.alloc(0))), pid);
    assert.equal(await endProcess(second, 'SIGTERM'), 0);
  }));

test('a gateway that is asked to stop answers the calls in progress first, then its workers end', () =>
  withTempFolder(async (folder) => {
    await using gateway = await startProcess(folder);
    await deployPython(gateway.client, 'slow', PIDS);
    const pid = Number(await gateway.client.invoke('slow', Buffer.alloc(0)));
    const call = gateway.client.invoke('slow', Buffer.from('1.5'));
    await waitFor(gateway.client, 'slow', ({ running_calls: running }) => running === 1);
    const exited = once(gateway.child, 'exit') as Promise<[number | null]>;
    gateway.child.kill('SIGTERM');
    assert.equal(Number(await call), pid);
    assert.deepEqual(await exited, [0, null]);
    gateway.client.close();
    await untilGone(pid);
  }));

test('a call in progress may still call other functions while the gateway stops', () =>
  withTempFolder(async (folder) => {
    await using gateway = await startProcess(folder);
    await deployPython(gateway.client, 'inner', PIDS);
    const outer =
      "import time, mesh\ndef Handler(req):\n    time.sleep(1)\n    return mesh.mesh_call('inner')\n";
    await deployPython(gateway.client, 'outer', outer);
    const call = gateway.client.invoke('outer', Buffer.alloc(0));
    await waitFor(gateway.client, 'outer', ({ running_calls: running }) => running === 1);
    const exited = once(gateway.child, 'exit');
    gateway.child.kill('SIGTERM');
    assert.match(await call, /^\d+$/);
    await exited;
    gateway.client.close();
  }));

test('calls that do not end in time are cut off when the gateway stops, also those of earlier versions', () =>
  withTempFolder(async (folder) => {
    const stateDirectory = join(folder, 'state');
    const calls: Promise<string>[] = [];
    const started: number[] = [];
    await withGateway(
      async ({ client }) => {
        await deployPython(client, 'old', PIDS);
        await deployPython(client, 'deleted', PIDS);
        for (const name of ['old', 'deleted']) calls.push(client.invoke(name, Buffer.from('600')));
        for (const call of calls) call.catch(() => undefined);
        for (const name of ['old', 'deleted']) await waitFor(client, name, ({ running_calls: n }) => n === 1);
        const { version } = await uploadPython(client, 'old', `${PIDS}\n# next`);
        await client.update({ Service: 'old', Image: 'old' });
        await waitFor(client, 'old', (status) => status.version === version && status.state === 'ready');
        await client.delete('deleted');
        started.push(performance.now());
      },
      { stateDirectory, drainMs: 500 },
    );
    assert.ok(performance.now() - (started[0] ?? 0) < 10_000);
    for (const call of calls) await assert.rejects(call);
  }));

test('an update that a killed gateway had begun goes on after the restart', () =>
  withTempFolder(async (folder) => {
    await using first = await startProcess(folder);
    await deployPython(first.client, 'moving', "def Handler(req):\n    return 'old'\n");
    const slow = "import time\ntime.sleep(2)\ndef Handler(req):\n    return 'new'\n";
    const { version } = await uploadPython(first.client, 'moving', slow);
    await first.client.update({ Service: 'moving', Image: 'moving' });
    assert.equal((await first.client.status('moving')).next_version, version);
    await endProcess(first, 'SIGKILL');
    await using second = await startProcess(folder);
    await waitFor(
      second.client,
      'moving',
      (status) => status.version === version && status.state === 'ready',
    );
    assert.equal(await second.client.invoke('moving', Buffer.alloc(0)), 'new');
    await endProcess(second, 'SIGTERM');
  }));

test('an installer that a killed gateway was running is ended before its folder is used again', () =>
  withTempFolder(async (folder) => {
    await using first = await startProcess(folder);
    const manifest = {
      dependencies: { tiny: 'file:./tiny' },
      scripts: { preinstall: 'echo $$ > pid; exec sleep 600' },
    };
    const files = {
      'handler.mjs': 'export const Handler = () => 1;\n',
      'package.json': JSON.stringify(manifest),
      'tiny/package.json': JSON.stringify({ name: 'tiny', version: '1.0.0' }),
    };
    const upload = first.client.upload({ image: 'endless', runtime: 'node' }, archiveOf(files));
    upload.catch(() => undefined);
    const pid = await installerIn(join(folder, 'environments'));
    await endProcess(first, 'SIGKILL');
    await assert.rejects(upload);
    await using second = await startProcess(folder);
    await untilGone(pid);
    assert.deepEqual(readdirSync(join(folder, 'environments')), []);
    await endProcess(second, 'SIGTERM');
  }));

/** The process that has written its id into a file of the one environment. */
async function installerIn(environments: string): Promise<number> {
  const limit = Date.now() + 60_000;
  for (;;) {
    const [name] = readdirSync(environments);
    const text = name === undefined ? '' : readIfThere(join(environments, name, 'pid'));
    if (text.endsWith('\n')) return Number(text);
    assert.ok(Date.now() < limit, 'no installer has been started');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

test('a gateway that stops takes no more uploads, deployments, updates and calls', () =>
  withTempFolder(async (stateDirectory) => {
    const gateway = await Gateway.open({ stateDirectory, log: SILENT_LOG });
    const closed = gateway.close(0);
    const request = { Service: 'late', Image: 'image' };
    const upload = {
      header: { image: 'image', runtime: 'python3' },
      archive: (async function* () {})(),
      onLine: (): void => undefined,
      signal: new AbortController().signal,
    };
    const refused = { code: 'UNAVAILABLE', message: 'the gateway stops' };
    await assert.rejects(gateway.upload(upload), refused);
    await assert.rejects(gateway.deploy(request), refused);
    await assert.rejects(gateway.update(request), refused);
    await assert.rejects(gateway.invoke('late', Buffer.alloc(0)), refused);
    await closed;
  }));

test('a state folder has one gateway at a time', () =>
  withGateway(async ({ stateDirectory }) => {
    const second = startGatewayServer({ stateDirectory, port: 0, log: SILENT_LOG });
    await assert.rejects(second, /is used by another gateway that runs/);
  }));

test('a state folder that cannot be is told of as one', () =>
  withTempFolder(async (folder) => {
    const stateDirectory = join(folder, 'file');
    writeFileSync(stateDirectory, '');
    const server = startGatewayServer({ stateDirectory, port: 0, log: SILENT_LOG });
    await assert.rejects(server, {
      name: 'UserError',
      message: /^state folder .*file: expected one that can be written, received EEXIST/,
    });
  }));

test('a taken port is told of, and the state folder is free again', () =>
  withTempFolder(async (folder) => {
    await withGateway(async ({ port }) => {
      const stateDirectory = join(folder, 'other');
      await assert.rejects(
        startGatewayServer({ stateDirectory, port, log: SILENT_LOG }),
        /cannot listen on 127\.0\.0\.1:\d+: the port is in use; choose another with --port/,
      );
      await (await startGatewayServer({ stateDirectory, port: 0, log: SILENT_LOG })).close();
    });
  }));

test('one function that cannot be restored does not stop the others', () =>
  withTempFolder(async (folder) => {
    const stateDirectory = join(folder, 'state');
    await withGateway(({ client }) => deployPython(client, 'fine', PIDS), { stateDirectory });
    mkdirSync(join(stateDirectory, 'functions', 'half'));
    await withGateway(
      async ({ client }) => {
        assert.deepEqual(
          (await client.list()).map(({ Name }) => Name),
          ['fine'],
        );
        assert.match(await client.invoke('fine', Buffer.alloc(0)), /^\d+$/);
      },
      { stateDirectory },
    );
  }));
