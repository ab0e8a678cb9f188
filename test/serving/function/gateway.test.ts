import assert from 'node:assert/strict';
import { test } from 'node:test';
import { archiveOf, deployPython, uploadPython, waitFor, withGateway } from './support.js';

const ECHO = 'def Handler(req):\n    return req.input\n';

test('a python3 function is uploaded, deployed, called, listed, shown and deleted', () =>
  withGateway(async ({ client }) => {
    const { version, existed } = await uploadPython(client, 'registry/echo', ECHO);
    assert.match(version, /^sha256:[0-9a-f]{64}$/);
    assert.equal(existed, false);
    const Annotations = { maintainer: 'me', desc: 'returns its input' };
    await client.deploy({ Service: 'echo', Image: 'registry/echo', Annotations, Labels: { a: 'b' } });
    assert.equal(await client.invoke('echo', Buffer.from('한국어\n')), '한국어\n');
    assert.equal(await client.invoke('echo', Buffer.alloc(0)), '');
    const expected = {
      Name: 'echo',
      Image: 'registry/echo',
      InvocationCount: 2,
      Replicas: 1,
      AvailableReplicas: 1,
      Annotations,
      Labels: { a: 'b' },
    };
    assert.deepEqual(await client.list(), [expected]);
    assert.deepEqual(await client.getMeta('echo'), expected);
    await client.delete('echo');
    assert.deepEqual(await client.list(), []);
    await assert.rejects(client.getMeta('echo'), { code: 'NotFound', details: 'function is not exist' });
  }));

test('what a handler returns is sent as text: str, UTF-8 bytes, nothing, JSON', () =>
  withGateway(async ({ client }) => {
    const results = ["'é'", "'é'.encode()", 'None', "{'a': [1, 2.5, None, True]}", '7', "bytearray(b'x')"];
    const handler = `RESULTS = [${results.join(', ')}]\ndef Handler(req):\n    return RESULTS[int(req.input)]\n`;
    await deployPython(client, 'kinds', handler);
    const answers = await Promise.all(
      results.map((_text, i) => client.invoke('kinds', Buffer.from(String(i)))),
    );
    assert.deepEqual(answers, ['é', 'é', '', '{"a": [1, 2.5, null, true]}', '7', 'x']);
  }));

test('a class is made once per worker and called for each input', () =>
  withGateway(async ({ client }) => {
    const handler = [
      'class Handler:',
      '    def __init__(self):',
      '        self.made = 1',
      '        self.calls = 0',
      '    def __call__(self, req):',
      '        self.calls += 1',
      "        return '%d %d' % (self.made, self.calls)",
    ];
    await deployPython(client, 'counting', handler.join('\n'));
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await client.invoke('counting', Buffer.alloc(0)));
    assert.deepEqual(answers, ['1 1', '1 2', '1 3']);
  }));

test('a node handler in TypeScript, with a file of its own and a data file beside it', () =>
  withGateway(async ({ client }) => {
    const files = {
      'handler.ts': [
        "import { readFileSync } from 'node:fs';",
        "import { twice } from './twice.js';",
        "const suffix: string = readFileSync(new URL('./suffix.txt', import.meta.url), 'utf8');",
        'export class Handler {',
        '  private calls = 0;',
        '  async call(req: { input: Buffer }): Promise<string> {',
        '    this.calls++;',
        '    return `${twice(req.input.toString())}${suffix}${this.calls}`;',
        '  }',
        '}',
      ].join('\n'),
      'twice.ts': 'export const twice = (text: string): string => text + text;\n',
      'suffix.txt': '!',
    };
    await client.upload({ image: 'node-echo', runtime: 'node' }, archiveOf(files));
    await client.deploy({ Service: 'node-echo', Image: 'node-echo' });
    assert.equal(await client.invoke('node-echo', Buffer.from('ab')), 'abab!1');
    assert.equal(await client.invoke('node-echo', Buffer.from('c')), 'cc!2');
  }));

test('a function calls others through the gateway', () =>
  withGateway(async ({ client }) => {
    await deployPython(client, 'inner', 'def Handler(req):\n    return req.input.upper()\n');
    const outer =
      "from mesh import mesh_call\ndef Handler(req):\n    return b'<' + mesh_call('inner', req.input) + b'>'\n";
    await deployPython(client, 'outer', outer);
    assert.equal(await client.invoke('outer', Buffer.from('abc')), '<ABC>');
    const handler = 'export const Handler = async (req) => `[${await req.call("outer", req.input)}]`;\n';
    await client.upload({ image: 'outermost', runtime: 'node' }, archiveOf({ 'handler.mjs': handler }));
    await client.deploy({ Service: 'outermost', Image: 'outermost' });
    assert.equal(await client.invoke('outermost', Buffer.from('x')), '[<X>]');
  }));

test('the same folder is one version, whatever its files are dated; other settings are another', () =>
  withGateway(async ({ client }) => {
    const first = await uploadPython(client, 'a', ECHO);
    const again = await uploadPython(client, 'b', ECHO);
    assert.deepEqual(again, { version: first.version, existed: true });
    const other = await uploadPython(client, 'a', ECHO, { timeout_ms: 5 });
    assert.equal(other.existed, false);
    assert.notEqual(other.version, first.version);
    await client.deploy({ Service: 'exact', Image: `a@${first.version}` });
    assert.equal((await waitFor(client, 'exact', ({ state }) => state === 'ready')).version, first.version);
  }));

test('environment variables of the request reach the handler, those of the gateway do not', () =>
  withGateway(async ({ client }) => {
    process.env['SECRET_OF_THE_GATEWAY'] = 'x';
    const handler = "import os\ndef Handler(req):\n    return os.environ.get(req.input.decode(), 'none')\n";
    await deployPython(client, 'environment', handler, { request: { EnvVars: { LEVEL: 'high' } } });
    delete process.env['SECRET_OF_THE_GATEWAY'];
    assert.equal(await client.invoke('environment', Buffer.from('LEVEL')), 'high');
    assert.equal(await client.invoke('environment', Buffer.from('SECRET_OF_THE_GATEWAY')), 'none');
  }));

test('an input and an answer of 64 MiB pass', () =>
  withGateway(async ({ client }) => {
    await deployPython(client, 'echo', ECHO);
    const input = Buffer.alloc(64 * 1024 * 1024, 'a');
    assert.equal((await client.invoke('echo', input)).length, input.length);
  }));
