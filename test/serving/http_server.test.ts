import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { UserError } from '../../easyrec/errors.js';
import { SILENT_LOG } from '../../easyrec/log.js';
import type { HttpRequest, HttpResponse } from '../../easyrec/serving/http.js';
import { startHttpServer, type HttpServer } from '../../easyrec/serving/http_server.js';
import { Inference } from '../../easyrec/serving/inference/inference.js';
import { SingleModelCatalog } from '../../easyrec/serving/single_model_catalog.js';
import type { RunRequest } from '../../easyrec/serving/servable.js';
import { RestHandler } from '../../easyrec/serving/tfserving/rest_handler.js';
import { FakeModel, halfPlusTwo } from './support.js';

const BODY = '{"instances": [1.0, 2.0, 5.0]}';
const ANSWER = '{\n    "predictions": [2.5, 3.0, 4.5\n    ]\n}';
const MAX_BODY_BYTES = 100_000;

function start(model: FakeModel, port = 0): Promise<HttpServer> {
  const catalog = new SingleModelCatalog('m', { version: 1n, model });
  const handler = new RestHandler(
    new Inference(catalog),
    { timeoutMs: 1000, maxBodyBytes: MAX_BODY_BYTES },
    SILENT_LOG,
  );
  return startHttpServer([handler], { host: '127.0.0.1', port, maxBodyBytes: MAX_BODY_BYTES });
}

let server: HttpServer;
before(async () => {
  server = await start(halfPlusTwo());
});
after(() => server.close());

function url(path: string, port = server.port): string {
  return `http://127.0.0.1:${port}${path}`;
}

test('answers over HTTP, whatever the content type', async () => {
  for (const type of [
    'application/json',
    'text/plain',
    'application/x-www-form-urlencoded',
    'not a type at all',
  ]) {
    const headers = { 'content-type': type };
    const response = await fetch(url('/v1/models/m:predict'), { method: 'POST', body: BODY, headers });
    assert.equal(await response.text(), ANSWER);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/json');
  }
});

test('takes a body without a content type, in chunks, and with a query behind the path', async () => {
  const socket = connect(server.port, '127.0.0.1');
  socket.write(
    'POST /v1/models/m:predict?x=1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n',
  );
  socket.write(`${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`);
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  await once(socket, 'close');
  assert.match(answer, /^HTTP\/1\.1 200 OK/);
  assert.ok(answer.endsWith(ANSWER), answer);
});

test('takes a gzipped body', async () => {
  const init = { method: 'POST', body: gzipSync(BODY), headers: { 'content-encoding': 'gzip' } };
  assert.equal(await (await fetch(url('/v1/models/m:predict'), init)).text(), ANSWER);
});

test('answers a path that is no valid URL with its own error', async () => {
  const socket = connect(server.port, '127.0.0.1');
  socket.write('GET /v1/models/%zz:x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  await once(socket, 'close');
  assert.match(answer, /^HTTP\/1\.1 400 .*Malformed request: GET \/v1\/models\/%zz:x/s);
});

test('every method gets an answer of the protocol', async () => {
  for (const method of ['PUT', 'DELETE', 'PATCH']) {
    const response = await fetch(url('/v1/models/m'), { method });
    assert.equal(response.status, 400);
    assert.deepEqual(await response.json(), { error: `Malformed request: ${method} /v1/models/m` });
  }
});

test('answers a path of no protocol with a page of HTML', async () => {
  const response = await fetch(url('/v7/models/m'));
  assert.equal(response.status, 404);
  assert.equal(response.headers.get('content-type'), 'text/html');
  assert.match(await response.text(), /404 Not Found/);
});

test('refuses a body above the limit with 413, and goes on serving', async () => {
  const body = 'x'.repeat(MAX_BODY_BYTES + 1);
  const response = await fetch(url('/v1/models/m:predict'), { method: 'POST', body });
  assert.equal(response.status, 413);
  assert.match(((await response.json()) as { error: string }).error, /too large/i);
  assert.equal((await fetch(url('/v1/models/m'))).status, 200);
});

for (const [what, bytes, status] of [
  ['bytes that are no HTTP', 'no HTTP\r\n\r\n', 400],
  ['a path without end', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`, 431],
  ['a body without a length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n', 400],
] as const) {
  test(`${what} is answered with an error, and the client is told that its connection ends`, async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write(bytes);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
    assert.ok(head.startsWith(`HTTP/1.1 ${status} `), head);
    assert.match(head, /^connection: close$/m);
    assert.ok((JSON.parse(body) as { error: string }).error.length > 10, body);
  });
}

test('a connection on which nothing moves is cut off, and its handler told', async () => {
  let tell = (): void => undefined;
  const told = new Promise<void>((resolve) => (tell = resolve));
  const silent = {
    accepts: () => true,
    handle: async ({ signal }: HttpRequest): Promise<HttpResponse> => {
      await once(signal, 'abort');
      tell();
      return { status: 499, body: '' };
    },
  };
  const impatient = await startHttpServer([silent], {
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: MAX_BODY_BYTES,
    idleTimeoutMs: 100,
  });
  await assert.rejects(fetch(url('/', impatient.port)));
  await told;
  await impatient.close();
});

test('a port in use is an error that names it', async () => {
  await assert.rejects(
    start(halfPlusTwo(), server.port),
    (error: unknown) =>
      error instanceof UserError && error.message.includes(`127.0.0.1:${server.port}: the port is in use`),
  );
});

test('closing waits for the requests in progress, and takes no new ones', async () => {
  let finish: (() => void) | undefined;
  const fast = halfPlusTwo();
  const slow = new FakeModel(Object.fromEntries(fast.signatures), async (request: RunRequest) => {
    await new Promise<void>((resolve) => (finish = resolve));
    return fast.run(request);
  });
  const draining = await start(slow);
  const pending = fetch(url('/v1/models/m:predict', draining.port), { method: 'POST', body: BODY });
  while (finish === undefined) await delay(5);
  let closed = false;
  const closing = draining.close().then(() => (closed = true));
  await delay(50);
  assert.equal(closed, false);
  finish();
  const response = await pending;
  assert.equal(response.headers.get('connection'), 'close', 'or its idle connection would hold up the end');
  assert.equal(await response.text(), ANSWER);
  await closing;
  await assert.rejects(fetch(url('/v1/models/m', draining.port)));
});
