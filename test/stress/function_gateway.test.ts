import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzGateway } from '../serving/function/fuzz.js';
import { archiveOf, deployPython, uploadPython, waitFor, withGateway } from '../serving/function/support.js';

const MIB = 2 ** 20;
const PID = 'import os\ndef Handler(req):\n    return str(os.getpid())\n';

function residentMib(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss / MIB;
}

test('100,000 requests that nobody should send disturb nothing and leave nothing behind', () =>
  withGateway(async ({ client, port, lines }) => {
    await deployPython(client, 'keeper', PID);
    const pid = await client.invoke('keeper', Buffer.alloc(0));
    await fuzzGateway(port, 20_000, 1);
    const before = residentMib();
    await fuzzGateway(port, 80_000, 2);
    assert.ok(residentMib() - before < 50, `${before} MiB, then ${residentMib()} MiB`);
    assert.equal(await client.invoke('keeper', Buffer.alloc(0)), pid);
    assert.deepEqual(
      lines.filter((line) => line.includes('the gateway fails')),
      [],
    );
  }));

test('memory is flat over 200,000 calls, and each is answered', () =>
  withGateway(async ({ client }) => {
    const handler = 'export const Handler = (req) => req.input;\n';
    await client.upload({ image: 'echo', runtime: 'node' }, archiveOf({ 'handler.mjs': handler }));
    await client.deploy({ Service: 'echo', Image: 'echo' });
    const call = async (count: number): Promise<void> => {
      let sent = 0;
      const loop = async (): Promise<void> => {
        for (let i = sent++; i < count; i = sent++) {
          assert.equal(await client.invoke('echo', Buffer.from(`${i}`)), `${i}`);
        }
      };
      await Promise.all(Array.from({ length: 16 }, loop));
    };
    await call(50_000);
    const before = residentMib();
    await call(150_000);
    assert.ok(residentMib() - before < 50, `${before} MiB, then ${residentMib()} MiB`);
  }));

test('20 updates under load: not one failed call', () =>
  withGateway(async ({ client }) => {
    await deployPython(client, 'rolling', PID);
    let going = true;
    let calls = 0;
    const loop = async (): Promise<void> => {
      while (going) {
        assert.match(await client.invoke('rolling', Buffer.alloc(0)), /^\d+$/);
        calls++;
      }
    };
    const loops = Array.from({ length: 8 }, loop);
    for (let i = 0; i < 20; i++) {
      const { version } = await uploadPython(client, 'rolling', `${PID}# ${i}\n`);
      await client.update({ Service: 'rolling', Image: 'rolling' });
      await waitFor(client, 'rolling', (status) => status.version === version && status.state === 'ready');
    }
    going = false;
    await Promise.all(loops);
    assert.equal((await client.status('rolling')).failures, 0);
    assert.ok(calls > 1_000, `${calls}`);
  }));
