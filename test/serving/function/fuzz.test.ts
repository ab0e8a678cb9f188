import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzGateway } from './fuzz.js';
import { deployPython, withGateway } from './support.js';

test('2,000 requests that nobody should send are answered or cut off, and disturb nothing', () =>
  withGateway(async ({ client, port, lines }) => {
    await deployPython(client, 'keeper', 'import os\ndef Handler(req):\n    return str(os.getpid())\n');
    const pid = await client.invoke('keeper', Buffer.alloc(0));
    const outcomes = await fuzzGateway(port, 2_000, 1);
    assert.ok((outcomes.get('grpc 12') ?? 0) > 50, 'methods that are not there');
    assert.ok((outcomes.get('HTTP/1.1 400') ?? 0) > 50, 'what is no HTTP');
    assert.equal(await client.invoke('keeper', Buffer.alloc(0)), pid);
    assert.deepEqual(
      (await client.list()).map(({ Name }) => Name),
      ['keeper'],
    );
    assert.deepEqual(
      lines.filter((line) => line.includes('the gateway fails')),
      [],
    );
  }));
