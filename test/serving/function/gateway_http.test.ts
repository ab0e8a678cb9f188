import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { Gateway } from '../../../easyrec/serving/function/gateway.js';
import { gatewayHttp } from '../../../easyrec/serving/function/gateway_http.js';
import { withTempFolder } from '../../support/temp_folder.js';
import { deployPython, uploadPython, waitFor, withGateway } from './support.js';

const HANDLER =
  "def Handler(req):\n    if req.input == b'raise': raise ValueError('boom')\n    return req.input\n";

test('functions are called by GET and POST; errors have their status and text', () =>
  withGateway(async ({ client, url }) => {
    await deployPython(client, 'echo', HANDLER);
    const post = await fetch(`${url}/function/echo`, { method: 'POST', body: 'line\n' });
    assert.equal(post.status, 200);
    assert.equal(post.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.equal(await post.text(), 'line\n');
    assert.equal(await (await fetch(`${url}/function/echo`)).text(), '');
    const failed = await fetch(`${url}/function/echo`, { method: 'POST', body: 'raise' });
    assert.equal(failed.status, 500);
    assert.match(await failed.text(), /^could not invoke: echo - .*boom$/);
    const statuses: Record<string, number> = {
      '/function/none': 404,
      '/function/Not_A_Name': 400,
      '/function/..%2f..%2fetc': 400,
      '/nothing': 404,
      '/system/function/none': 404,
      '/system/functions/x': 404,
    };
    for (const [path, status] of Object.entries(statuses))
      assert.equal((await fetch(url + path)).status, status, path);
    assert.equal((await fetch(`${url}/function/echo`, { method: 'DELETE' })).status, 405);
  }));

test('a call that takes too long is 504', () =>
  withGateway(async ({ client, url }) => {
    const handler = 'import time\ndef Handler(req):\n    time.sleep(60)\n';
    await deployPython(client, 'slow', handler, { header: { timeout_ms: 200 } });
    const response = await fetch(`${url}/function/slow`);
    assert.equal(response.status, 504);
    assert.equal(await response.text(), 'Function timed out after 0.200000s');
  }));

test('functions are deployed, listed, scaled, updated, shown and deleted over HTTP', () =>
  withGateway(async ({ client, url }) => {
    await uploadPython(client, 'image', HANDLER);
    const send = (method: string, path: string, body: object): Promise<Response> =>
      fetch(url + path, { method, body: JSON.stringify(body) });
    const created = await send('POST', '/system/functions', {
      Service: 'echo',
      Image: 'image',
      Labels: { a: 'b' },
    });
    assert.equal(created.status, 200);
    const twice = await send('POST', '/system/functions', { Service: 'echo', Image: 'image' });
    assert.equal(twice.status, 409);
    assert.deepEqual(await twice.json(), {
      error: 'function echo already exists',
      code: 6,
      message: 'function echo already exists',
    });
    await waitFor(client, 'echo', ({ state }) => state === 'ready');
    const shown = {
      Name: 'echo',
      Image: 'image',
      InvocationCount: '0',
      Replicas: '1',
      AvailableReplicas: '1',
    };
    const expected = { ...shown, Annotations: {}, Labels: { a: 'b' } };
    assert.deepEqual(await (await fetch(`${url}/system/functions`)).json(), { Functions: [expected] });
    assert.deepEqual(await (await fetch(`${url}/system/function/echo`)).json(), expected);
    assert.equal(
      (await send('PUT', '/system/scale-function', { ServiceName: 'echo', Replicas: '2' })).status,
      200,
    );
    await waitFor(client, 'echo', ({ available_replicas: available }) => available === 2);
    assert.equal((await send('PUT', '/system/functions', { Service: 'echo', Image: 'image' })).status, 200);
    assert.match(await (await fetch(`${url}/system/function-log/echo`)).text(), /is ready after/);
    assert.equal((await fetch(`${url}/system/function/echo`, { method: 'DELETE' })).status, 200);
    assert.deepEqual(await (await fetch(`${url}/system/functions`)).json(), { Functions: [] });
    assert.equal(await (await fetch(`${url}/healthz`)).text(), 'OK');
    assert.match(await (await fetch(`${url}/system/info`)).text(), /functions: 0/);
  }));

test('a body that is no JSON or no request is refused with 400', () =>
  withGateway(async ({ url }) => {
    const bodies = {
      '{': /expected JSON/,
      '[]': /expected a JSON object/,
      '{"Service":"x"}': /Image: expected a text/,
      '{"Service":"X!","Image":"a"}': /function name can only contain a-z, 0-9 and dashes/,
      '{"Service":"x","Image":"a","EnvVars":{"A":1}}': /EnvVars: expected an object of texts/,
      '{"Service":"x","Image":"a","Secrets":"a"}': /Secrets: expected a list of texts/,
      '{"Service":"x","Image":"a","Constraints":[{"toString":2}]}': /Constraints: expected a list of texts/,
      '{"Service":"x","Image":"a","MinReplicas":{"toString":2}}': /MinReplicas: expected a number/,
      '{"Service":"x","Image":"a","MaxReplicas":[]}': /MaxReplicas: expected a number/,
      '{"Service":"x","Image":"a"}': /image a is not in this gateway's store/,
    };
    for (const [body, message] of Object.entries(bodies)) {
      const response = await fetch(`${url}/system/functions`, { method: 'POST', body });
      assert.equal(response.status, 400, body);
      assert.match(((await response.json()) as { message: string }).message, message);
    }
  }));

test('what is null in a request is not there; a number is one, or its text', () =>
  withGateway(async ({ client, url }) => {
    await uploadPython(client, 'image', HANDLER);
    const body = JSON.stringify({
      Service: 'echo',
      Image: 'image',
      EnvVars: null,
      Labels: null,
      Limits: null,
      Secrets: null,
      MinReplicas: '2',
      MaxReplicas: null,
    });
    assert.equal((await fetch(`${url}/system/functions`, { method: 'POST', body })).status, 200);
    await waitFor(client, 'echo', ({ available_replicas: available }) => available === 2);
  }));

test('a number of replicas that is none is refused with 400, and changes nothing', () =>
  withGateway(async ({ client, url }) => {
    await deployPython(client, 'echo', HANDLER);
    for (const replicas of ['{"toString":2}', '[{"toString":2}]', '[]', 'true', '""', '"0x1"', '1.5', '-1']) {
      const sent = { method: 'PUT', body: `{"ServiceName":"echo","Replicas":${replicas}}` };
      const response = await fetch(`${url}/system/scale-function`, sent);
      assert.equal(response.status, 400, replicas);
      assert.match(((await response.json()) as { message: string }).message, /^Replicas: expected a number/);
    }
    assert.equal((await client.status('echo')).state, 'ready');
  }));

test('a body in chunks that becomes too large is answered 413', () =>
  withGateway(async ({ port }) => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port, path: '/system/functions', method: 'POST' },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      sent.once('error', reject);
      for (let i = 0; i < 32; i++) sent.write(Buffer.alloc(64 * 1024, ' '));
      // More is to come: the answer does not wait for it.
    });
    assert.equal(status, 413);
  }));

test('a client that does not get on with its request is told so and cut off', () =>
  withTempFolder(async (stateDirectory) => {
    const gateway = await Gateway.open({ stateDirectory, log: SILENT_LOG });
    const http = gatewayHttp(gateway, SILENT_LOG);
    http.headersTimeout = 100;
    const server = createServer((socket) => http.emit('connection', socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const answer = await exchange(address.port, ['GET /healthz HTTP/1.1\r\n', 'host: x\r\n']);
    assert.match(answer, /^HTTP\/1\.1 408 /);
    server.close();
    http.close();
    await gateway.close(0);
  }));

/** Sends bytes, some at a time, and returns all that comes back. */
function exchange(port: number, pieces: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    socket.once('close', () => resolve(answer)).once('error', reject);
    void (async (): Promise<void> => {
      for (const piece of pieces) {
        socket.write(piece, 'latin1');
        await new Promise((done) => setTimeout(done, 30));
      }
    })();
  });
}

test('the protocol is told by what comes first, however it is cut', () =>
  withGateway(async ({ client, port }) => {
    const get = 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
    assert.match(
      await exchange(port, [...get.slice(0, 4).split(''), get.slice(4)]),
      /^HTTP\/1\.1 200 OK[^]*OK$/,
    );
    // A method that begins as HTTP/2's preface does.
    const put = 'PUT /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
    assert.match(await exchange(port, put.split('')), /^HTTP\/1\.1 405 /);
    const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
    const settings = '\x00\x00\x00\x04\x00\x00\x00\x00\x00';
    const goAway = '\x00\x00\x08\x07\x00\x00\x00\x00\x00' + '\x00'.repeat(8);
    const frames = await exchange(port, [...preface.split(''), settings + goAway]);
    assert.equal(frames.charCodeAt(3), 4, 'the first frame is a SETTINGS frame');
    assert.match(await exchange(port, ['\x16\x03\x01 not HTTP at all\r\n\r\n']), /^HTTP\/1\.1 400 /);
    assert.equal(await client.healthCheck(), 'OK');
  }));
