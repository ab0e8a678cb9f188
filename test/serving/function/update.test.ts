import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayClient } from '../../../easyrec/serving/function/index.js';
import { deployPython, uploadPython, waitFor, withGateway } from './support.js';

const NOTHING = Buffer.alloc(0);

function answering(text: string): string {
  return `import time\ndef Handler(req):\n    time.sleep(0.01)\n    return '${text}'\n`;
}

/** Calls without pause from several places until it is stopped; the answers in order of arrival. */
function keepCalling(call: () => Promise<string>): { stop(): Promise<readonly string[]> } {
  const answers: string[] = [];
  let going = true;
  const loop = async (): Promise<void> => {
    while (going) answers.push(await call());
  };
  const loops = [loop(), loop(), loop(), loop()];
  const stop = async (): Promise<readonly string[]> => {
    going = false;
    await Promise.all(loops);
    return answers;
  };
  return { stop };
}

async function update(client: GatewayClient, name: string, handler: string): Promise<void> {
  const { version } = await uploadPython(client, name, handler);
  await client.update({ Service: name, Image: name });
  await waitFor(client, name, (status) => status.version === version && status.state === 'ready');
}

test('updates under load, over gRPC and HTTP: not one failed call, and no old answer after the new version took over', () =>
  withGateway(async ({ client, url }) => {
    await deployPython(client, 'rolling', answering('v0'));
    const grpc = keepCalling(() => client.invoke('rolling', NOTHING));
    const http = keepCalling(async () => {
      const response = await fetch(`${url}/function/rolling`);
      assert.equal(response.status, 200);
      return response.text();
    });
    for (let i = 1; i <= 3; i++) {
      await update(client, 'rolling', answering(`v${i}`));
      assert.equal(await client.invoke('rolling', NOTHING), `v${i}`);
    }
    for (const answers of [await grpc.stop(), await http.stop()]) {
      assert.ok(answers.length > 20, `${answers.length}`);
      assert.deepEqual([...new Set(answers)], ['v0', 'v1', 'v2', 'v3']);
    }
    const { failures, restarts } = await client.status('rolling');
    assert.deepEqual({ failures, restarts }, { failures: 0, restarts: 0 });
  }));

test('an update that cannot be loaded leaves the version before it in service, and says why', () =>
  withGateway(async ({ client }) => {
    await deployPython(client, 'safe', answering('good'));
    await uploadPython(client, 'safe', 'raise RuntimeError("no model")\n');
    await client.update({ Service: 'safe', Image: 'safe' });
    const { error, available_replicas: available } = await waitFor(
      client,
      'safe',
      ({ state }) => state === 'failing',
    );
    assert.match(error, /RuntimeError: no model \(handler\.py:1\)/);
    assert.equal(available, 1);
    assert.equal(await client.invoke('safe', NOTHING), 'good');
    await update(client, 'safe', answering('mended'));
    assert.equal(await client.invoke('safe', NOTHING), 'mended');
  }));

test('of updates that follow each other at once the last one counts', () =>
  withGateway(async ({ client }) => {
    await deployPython(client, 'quick', answering('v0'));
    const versions: string[] = [];
    for (let i = 1; i <= 4; i++) {
      versions.push((await uploadPython(client, `quick-${i}`, answering(`v${i}`))).version);
    }
    for (let i = 1; i <= 4; i++) {
      await client.update({ Service: 'quick', Image: `quick-${i}` });
      if (i === 2) await client.replicaUpdate('quick', 2);
      await new Promise((resolve) => setTimeout(resolve, 150 * i));
    }
    await waitFor(client, 'quick', (status) => status.version === versions[3] && status.state === 'ready');
    assert.equal(await client.invoke('quick', NOTHING), 'v4');
    const { image, next_version: next } = await client.status('quick');
    assert.deepEqual({ image, next }, { image: 'quick-4', next: '' });
  }));

test('a call in progress ends with the version that it began with', () =>
  withGateway(async ({ client }) => {
    await deployPython(
      client,
      'slow',
      "import time\ndef Handler(req):\n    time.sleep(3)\n    return 'old'\n",
    );
    const call = client.invoke('slow', NOTHING);
    await update(client, 'slow', "def Handler(req):\n    return 'new'\n");
    assert.equal(await client.invoke('slow', NOTHING), 'new');
    assert.equal(await call, 'old');
  }));

test('the number of workers follows ReplicaUpdate; none are kept at 0, and the next call starts one', () =>
  withGateway(async ({ client }) => {
    const handler = 'import os, time\ndef Handler(req):\n    time.sleep(1)\n    return str(os.getpid())\n';
    await deployPython(client, 'scaled', handler, { header: { concurrency: 1 } });
    await client.replicaUpdate('scaled', 3);
    await waitFor(client, 'scaled', ({ available_replicas: available }) => available === 3);
    const pids = await Promise.all([1, 2, 3].map(() => client.invoke('scaled', NOTHING)));
    assert.equal(new Set(pids).size, 3);
    await client.replicaUpdate('scaled', 0);
    await waitFor(client, 'scaled', ({ state, running_calls: running }) => state === 'idle' && running === 0);
    const { Replicas, AvailableReplicas } = await client.getMeta('scaled');
    assert.deepEqual({ Replicas, AvailableReplicas }, { Replicas: 0, AvailableReplicas: 0 });
    const pid = await client.invoke('scaled', NOTHING);
    assert.ok(!pids.includes(pid));
  }));

test('workers end when nobody calls for the idle time, and calls bring up to MaxReplicas', () =>
  withGateway(async ({ client }) => {
    const handler = 'import os, time\ndef Handler(req):\n    time.sleep(2)\n    return str(os.getpid())\n';
    const options = { header: { concurrency: 1, idle_timeout_ms: 1000 }, request: { MaxReplicas: 2 } };
    await deployPython(client, 'elastic', handler, options);
    await waitFor(client, 'elastic', ({ state }) => state === 'idle');
    const pids = await Promise.all([1, 2, 3].map(() => client.invoke('elastic', NOTHING)));
    assert.equal(new Set(pids).size, 2);
    await waitFor(client, 'elastic', ({ state }) => state === 'idle');
    assert.equal((await client.status('elastic')).restarts, 0);
  }));

test('a caller that goes is not answered, and others are', () =>
  withGateway(async ({ client, url }) => {
    const handler =
      "import time\ndef Handler(req):\n    time.sleep(5 if req.input == b'a' else 0)\n    return req.input\n";
    await deployPython(client, 'slow', handler, { header: { concurrency: 1 } });
    // The first one runs, the second waits for the worker; both go as soon as the gateway has them.
    for (const [i, body] of ['a', 'b'].entries()) {
      const gone = new AbortController();
      const { signal } = gone;
      const call = assert.rejects(fetch(`${url}/function/slow`, { method: 'POST', body, signal }), {
        name: 'AbortError',
      });
      await waitFor(client, 'slow', ({ invocations }) => invocations === i + 1);
      gone.abort();
      await call;
      await waitFor(client, 'slow', ({ failures }) => failures === i + 1);
    }
    assert.equal((await client.status('slow')).running_calls, 1);
    assert.equal(await client.invoke('slow', Buffer.from('c')), 'c');
    assert.equal((await client.status('slow')).failures, 2);
  }));
