import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withTempFolder } from '../../support/temp_folder.js';
import { endProcess, startProcess } from './gateway_process.js';
import { deployPython, waitFor, withGateway } from './support.js';

const NOTHING = Buffer.alloc(0);

test('a worker that asks for a function in a way that cannot be read is ended, and nothing else is', () =>
  withGateway(async ({ client }) => {
    const handler = [
      'import os, struct, time',
      'def Handler(req):',
      "    if req.input: os.write(3, struct.pack('>IBI', 5 + len(req.input), 14, 1) + req.input)",
      '    if req.input: time.sleep(60)',
      '    return str(os.getpid())',
    ];
    await deployPython(client, 'odd', handler.join('\n'));
    for (const payload of [Buffer.of(0), Buffer.of(0, 9, 0x61)]) {
      await assert.rejects(client.invoke('odd', payload), {
        code: 'Internal',
        details: /^could not invoke: odd - the worker broke the protocol: expected a function's name/,
      });
      assert.match(await client.invoke('odd', NOTHING), /^\d+$/);
    }
  }));

test('what a deleted function still prints goes nowhere, least of all into the log of its successor', () =>
  withGateway(async ({ client }) => {
    const handler = [
      'import time',
      'def Handler(req):',
      '    time.sleep(1)',
      "    for i in range(3000): print('old' * 300)",
      "    return 'done'",
    ];
    await deployPython(client, 'chatty', handler.join('\n'));
    const call = client.invoke('chatty', NOTHING);
    await waitFor(client, 'chatty', ({ running_calls: running }) => running === 1);
    await client.delete('chatty');
    await deployPython(client, 'chatty', "def Handler(req):\n    print('new')\n    return 'new'\n");
    assert.equal(await call, 'done');
    assert.equal(await client.invoke('chatty', NOTHING), 'new');
    const log = await client.getLog('chatty');
    assert.match(log, /^new$/m);
    assert.doesNotMatch(log, /old/);
  }));

test('a gateway without file descriptors for another worker says so, and goes on', () =>
  withTempFolder(async (folder) => {
    await using gateway = await startProcess(folder, 'ulimit -n 64');
    const { client } = gateway;
    await deployPython(client, 'many', 'import os\ndef Handler(req):\n    return str(os.getpid())\n');
    const pid = await client.invoke('many', NOTHING);
    await client.replicaUpdate('many', 40);
    await waitFor(client, 'many', ({ restarts }) => restarts >= 2);
    assert.match(await client.invoke('many', NOTHING), /^\d+$/);
    await client.replicaUpdate('many', 1);
    await waitFor(client, 'many', ({ available_replicas: available }) => available === 1);
    assert.equal(await client.invoke('many', NOTHING), pid);
    assert.match(await client.getLog('many'), /a worker cannot be started: no file descriptors are left/);
    assert.equal(await endProcess(gateway, 'SIGTERM'), 0);
  }));
