import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withTempFolder } from '../../support/temp_folder.js';
import { endProcess, startProcess } from './gateway_process.js';
import { archiveOf, deployPython, uploadPython, waitFor, withGateway } from './support.js';

const NOTHING = Buffer.alloc(0);

/** What a handler does, by its input; `ok` is answered with the process's id. */
const MISBEHAVING = [
  'import os, sys, time',
  'kept = []',
  'def Handler(req):',
  '    what = req.input.decode()',
  "    if what == 'raise': raise ValueError('boom')",
  "    if what == 'exit': sys.exit('leaving')",
  "    if what == 'die': os._exit(3)",
  "    if what == 'hang':",
  '        while True: time.sleep(1)',
  "    if what == 'flood':",
  "        while True: print('x' * 1000)",
  "    if what == 'leak':",
  '        while True:',
  "            kept.append(b'x' * 10_000_000)",
  '            time.sleep(0.01)',
  "    if what == 'bytes': return b'abc\\xff'",
  "    if what == 'object': return object()",
  "    if what == 'surrogate': return '\\ud800'",
  "    if what == 'garbage': os.write(3, b'\\xff' * 64); time.sleep(60)",
  '    return str(os.getpid())',
].join('\n');

const FAILED = 'could not invoke: bad - ';
const RAISED = `${FAILED}rpc error: code = Unknown desc = Exception calling application: `;

test('an exception of the handler is told, its traceback is in the log, and the worker stays', () =>
  withGateway(async ({ client }) => {
    await deployPython(client, 'bad', MISBEHAVING);
    const before = await client.invoke('bad', Buffer.from('ok'));
    const expected = {
      raise: `${RAISED}boom`,
      exit: `${RAISED}leaving`,
      bytes: /not UTF-8 .*0xff in position 3.*base64/,
      object: /handler returned a object, expected str, bytes or JSON/,
      surrogate: /cannot be encoded in UTF-8/,
    };
    for (const [what, details] of Object.entries(expected)) {
      await assert.rejects(client.invoke('bad', Buffer.from(what)), { code: 'Internal', details });
    }
    assert.equal(await client.invoke('bad', Buffer.from('ok')), before);
    assert.match(
      await client.getLog('bad'),
      /Traceback[^]*handler\.py", line 5, in Handler[^]*ValueError: boom/,
    );
    const { invocations, failures, restarts } = await client.status('bad');
    assert.deepEqual({ invocations, failures, restarts }, { invocations: 7, failures: 5, restarts: 0 });
  }));

test('a handler that hangs is given up in time, its worker replaced, other calls answered meanwhile', () =>
  withGateway(async ({ client }) => {
    await deployPython(client, 'bad', MISBEHAVING, { header: { timeout_ms: 4000 } });
    const first = await client.invoke('bad', Buffer.from('ok'));
    const hanging = assert.rejects(client.invoke('bad', Buffer.from('hang')), {
      code: 'DeadlineExceeded',
      details: 'Function timed out after 4.000000s',
    });
    assert.equal(await client.invoke('bad', Buffer.from('ok')), first);
    await hanging;
    assert.notEqual(await client.invoke('bad', Buffer.from('ok')), first);
  }));

test('a call that comes back late does not cost the other calls of its worker', () =>
  withGateway(async ({ client }) => {
    const handler =
      'import time\ndef Handler(req):\n    time.sleep(float(req.input))\n    return req.input\n';
    await deployPython(client, 'late', handler, { header: { timeout_ms: 5000 } });
    const late = assert.rejects(client.invoke('late', Buffer.from('5.3')), { code: 'DeadlineExceeded' });
    await new Promise((resolve) => setTimeout(resolve, 3000));
    // Begun before the other is given up, and going on after it has come back.
    assert.equal(await client.invoke('late', Buffer.from('3')), '3');
    await late;
  }));

test('a worker that ends fails its own calls only and is replaced at once', () =>
  withGateway(async ({ client }) => {
    await deployPython(client, 'bad', MISBEHAVING);
    await deployPython(client, 'good', 'def Handler(req):\n    return req.input\n');
    const ended = { code: 'Internal', details: `${FAILED}the worker ended with exit code 3` };
    await assert.rejects(client.invoke('bad', Buffer.from('die')), ended);
    const pid = await client.invoke('bad', Buffer.from('ok'));
    // How long the new one takes to load is the handler's own affair.
    const [, end = '', start = ''] =
      /\[gateway (\S+)\] worker \d+ ended with[^]*\[gateway (\S+)\] worker \d+ starts/.exec(
        await client.getLog('bad'),
      ) ?? [];
    const ms = Date.parse(start) - Date.parse(end);
    assert.ok(ms >= 0 && ms < 1_500, `${ms} ms`);
    const call = client.invoke('bad', Buffer.from('hang'));
    const killed = { code: 'Internal', details: `${FAILED}the worker was ended by SIGKILL` };
    const failed = assert.rejects(call, killed);
    await waitFor(client, 'bad', ({ running_calls: running }) => running === 1);
    process.kill(Number(pid), 'SIGKILL');
    await failed;
    assert.equal(await client.invoke('good', Buffer.from('fine')), 'fine');
    assert.equal((await waitFor(client, 'bad', ({ state }) => state === 'ready')).restarts, 2);
  }));

test('a frozen worker is replaced when its call has taken too long', () =>
  withGateway(async ({ client }) => {
    await deployPython(client, 'bad', MISBEHAVING, { header: { timeout_ms: 3000 } });
    const pid = await client.invoke('bad', Buffer.from('ok'));
    process.kill(Number(pid), 'SIGSTOP');
    await assert.rejects(client.invoke('bad', Buffer.from('ok')), { code: 'DeadlineExceeded' });
    await waitFor(client, 'bad', ({ state }) => state === 'ready');
    assert.notEqual(await client.invoke('bad', Buffer.from('ok')), pid);
  }));

test('a handler that prints without end is slowed down, and the log keeps its end only', () =>
  withGateway(async ({ client, url }) => {
    await deployPython(client, 'bad', MISBEHAVING, { header: { timeout_ms: 3000 } });
    await deployPython(client, 'good', 'def Handler(req):\n    return req.input\n');
    const flood = assert.rejects(client.invoke('bad', Buffer.from('flood')), { code: 'DeadlineExceeded' });
    for (let i = 0; i < 20; i++) {
      const response = await fetch(`${url}/function/good`, { method: 'POST', body: `${i}` });
      assert.equal(await response.text(), `${i}`);
    }
    await flood;
    const { length } = await client.getLog('bad');
    assert.ok(length > 900_000 && length < 2_300_000, `${length}`);
  }));

test('a handler that takes more memory than its limit is ended, with the reason', () =>
  withGateway(async ({ client }) => {
    await deployPython(client, 'bad', MISBEHAVING, { request: { Limits: { Memory: '200Mi' } } });
    await assert.rejects(client.invoke('bad', Buffer.from('leak')), {
      code: 'Internal',
      details: /^could not invoke: bad - the worker used \d+ MiB of memory, more than its limit of 200 MiB$/,
    });
    assert.match(await client.invoke('bad', Buffer.from('ok')), /^\d+$/);
  }));

test('a worker that writes into the connection with the gateway is ended', () =>
  withGateway(async ({ client }) => {
    await deployPython(client, 'bad', MISBEHAVING);
    await assert.rejects(client.invoke('bad', Buffer.from('garbage')), {
      code: 'Internal',
      details: /^could not invoke: bad - the worker broke the protocol: expected a frame/,
    });
    assert.match(await client.invoke('bad', Buffer.from('ok')), /^\d+$/);
  }));

test('a handler that cannot be loaded is told of at once, with the place, and is tried again', () =>
  withGateway(async ({ client }) => {
    const problems = {
      syntax: ['def Handler(req)\n    return 1\n', /SyntaxError: .*\(handler\.py:1\)/],
      missing: ['x = 1\n', /AttributeError: handler\.py defines no Handler/],
      import: [
        '\nimport no_such_module\n',
        /ModuleNotFoundError: No module named 'no_such_module' \(handler\.py:2\)/,
      ],
      value: ['Handler = 7\n', /TypeError: Handler in handler\.py cannot be called/],
    } as const;
    for (const [name, [handler, expected]] of Object.entries(problems)) {
      await uploadPython(client, name, handler);
      await client.deploy({ Service: name, Image: name });
      assert.match((await waitFor(client, name, ({ state }) => state === 'failing')).error, expected);
      await assert.rejects(client.invoke(name, NOTHING), { code: 'Internal', details: expected });
      await waitFor(client, name, ({ restarts }) => restarts >= 2);
    }
  }));

test('more calls than may wait are refused at once, the others answered', () =>
  withGateway(async ({ client, stateDirectory }) => {
    const slow = [
      'import os, time',
      'def Handler(req):',
      '    while req.input and not os.path.exists(req.input): time.sleep(0.01)',
      "    return 'done'",
    ];
    await deployPython(client, 'slow', slow.join('\n'), { header: { concurrency: 1 } });
    const gate = join(stateDirectory, 'gate');
    const first = client.invoke('slow', Buffer.from(gate));
    await waitFor(client, 'slow', ({ running_calls: running }) => running === 1);
    const refused: unknown[] = [];
    const rest = Array.from({ length: 1100 }, () =>
      client.invoke('slow', NOTHING).catch((error: unknown) => {
        refused.push(error);
        return 'refused';
      }),
    );
    await waitFor(client, 'slow', ({ failures }) => failures === 100);
    writeFileSync(gate, '');
    const answers = await Promise.all([first, ...rest]);
    assert.equal(answers.filter((answer) => answer === 'done').length, 1001);
    assert.match(
      String(refused[0]),
      /code = ResourceExhausted desc = could not invoke: slow - 1000 calls wait/,
    );
  }));

test('what a handler starts ends with its worker', () =>
  withGateway(async ({ client }) => {
    const handler = [
      'import subprocess',
      "child = subprocess.Popen(['sleep', '600'])",
      'def Handler(req):',
      '    return str(child.pid)',
    ];
    await deployPython(client, 'parent', handler.join('\n'));
    const pid = Number(await client.invoke('parent', NOTHING));
    assert.ok(process.kill(pid, 0));
    await client.delete('parent');
    const end = Date.now() + 10_000;
    const isAlive = (): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    while (isAlive() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(isAlive(), false);
  }));

test('a full disk refuses uploads and costs lines of the log, but no calls', () =>
  withTempFolder(async (folder) => {
    // No file can grow beyond 64 KiB: the kernel answers as for a full disk, whoever runs the test.
    await using gateway = await startProcess(folder, "trap '' XFSZ; ulimit -f 64");
    const { client } = gateway;
    await deployPython(
      client,
      'printing',
      "def Handler(req):\n    print('x' * 30_000)\n    return req.input\n",
    );
    for (let i = 0; i < 5; i++) assert.equal(await client.invoke('printing', Buffer.from(`${i}`)), `${i}`);
    assert.ok((await client.getLog('printing')).length <= 65_536);
    const large = archiveOf({ 'handler.py': MISBEHAVING, 'model.bin': 'x'.repeat(200_000) });
    await assert.rejects(client.upload({ image: 'large', runtime: 'python3' }, large), {
      code: 'ResourceExhausted',
      details: /^archive: the gateway's disk is full: /,
    });
    await deployPython(client, 'small', MISBEHAVING);
    assert.match(await client.invoke('small', NOTHING), /^\d+$/);
    assert.equal(await endProcess(gateway, 'SIGTERM'), 0);
  }));
