import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Log } from '../../log.js';
import { ServingError, STATUS_CODES } from '../status.js';
import { checkFunctionName } from './deployment.js';
import type { Gateway } from './gateway.js';
import { gatewayFailure } from './gateway_failure.js';
import { createRequestOf, type JsonRequest, parseJsonRequest, scaleRequestOf } from './json_requests.js';
import type { FunctionInfo } from './messages.js';
import { MAX_MESSAGE_BYTES } from './protocol.js';

/** A request that has been read as far as its route. */
interface HttpCall {
  readonly gateway: Gateway;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What the path names; empty where it names nothing. */
  readonly name: string;
}

/** What a route answers: text as it is, all else as JSON. */
type Route = (call: HttpCall) => unknown;

const MAX_JSON_BYTES = 1024 * 1024;
/** A client that sends nothing for so long, amid a request, is cut off. */
const IDLE_MS = 60_000;
/** How often clients are looked at that are slow. */
const CHECK_MS = 2_000;
const TEXT = 'text/plain; charset=utf-8';

/** Methods and paths; `*` stands for a function's name. */
const ROUTES: Readonly<Record<string, Route>> = {
  'GET /function/*': invoke,
  'POST /function/*': invoke,
  'GET /system/functions': ({ gateway }) => ({ Functions: gateway.list().map(infoJson) }),
  'POST /system/functions': async (call) => {
    const wanted = createRequestOf(await readJson(call));
    await call.gateway.deploy(wanted);
    return { Msg: `function ${wanted.Service} is deployed` };
  },
  'PUT /system/functions': async (call) => {
    const wanted = createRequestOf(await readJson(call));
    await call.gateway.update(wanted);
    return { Msg: `function ${wanted.Service} is updated` };
  },
  'GET /system/function/*': ({ gateway, name }) => infoJson(gateway.info(name)),
  'DELETE /system/function/*': async ({ gateway, name }) => {
    await gateway.delete(name);
    return { Msg: `function ${name} is deleted` };
  },
  'GET /system/function-log/*': async ({ gateway, name }) => ({ Msg: await gateway.readLog(name) }),
  'GET /system/function-status/*': ({ gateway, name }) => gateway.status(name),
  'PUT /system/scale-function': scale,
  'POST /system/scale-function': scale,
  'GET /system/info': ({ gateway }) => ({ Msg: gateway.describe() }),
  'GET /healthz': () => 'OK',
};

/** The gateway's HTTP side; it listens nowhere, but takes connections that are handed to it. */
export function gatewayHttp(gateway: Gateway, log: Log): Server {
  const server = createServer({ connectionsCheckingInterval: CHECK_MS }, (request, response) => {
    answer(gateway, request, response).catch((error: unknown) => fail(request, response, { error, log }));
  });
  server.headersTimeout = IDLE_MS;
  // For the sending of a whole request; a handler may take as long as its function's limit says.
  server.requestTimeout = 3_600_000;
  // Node looks after these limits, and knows its connections, from then on only.
  server.emit('listening');
  return server;
}

async function answer(gateway: Gateway, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = ''] = (request.url ?? '').split('?', 1);
  const { pattern, name } = splitPath(path);
  const key = `${request.method ?? ''} ${pattern}`;
  const route = Object.hasOwn(ROUTES, key) ? ROUTES[key] : undefined;
  if (route === undefined) {
    const allowed = Object.keys(ROUTES).filter((known) => known.endsWith(` ${pattern}`));
    if (allowed.length === 0)
      throw new ServingError('NOT_FOUND', `there is nothing at ${path.slice(0, 200)}`);
    const methods = allowed.map((known) => known.split(' ')[0]).join(', ');
    sendText(response, 405, `expected ${methods}, received ${request.method ?? ''}`);
    return;
  }
  const result = await route({ gateway, request, response, name });
  if (typeof result === 'string' || result instanceof Uint8Array) sendText(response, 200, result);
  else send(response, 200, 'application/json', JSON.stringify(result));
}

/** A name is taken as it was sent, so that no encoded `/` or `..` leads anywhere. */
function splitPath(path: string): { readonly pattern: string; readonly name: string } {
  const [, folder, name] = /^(\/function|\/system\/function(?:-log|-status)?)\/([^/]+)\/?$/.exec(path) ?? [];
  if (folder === undefined || name === undefined)
    return { pattern: path.replace(/\/$/, '') || '/', name: '' };
  return { pattern: `${folder}/*`, name };
}

async function invoke({ gateway, request, response, name }: HttpCall): Promise<Buffer> {
  checkFunctionName(name);
  if (!gateway.has(name)) throw new ServingError('NOT_FOUND', `function is not exist: ${name}`);
  const abort = new AbortController();
  response.once('close', () => abort.abort());
  return gateway.invoke(name, await readBody(request, MAX_MESSAGE_BYTES), abort.signal);
}

async function scale(call: HttpCall): Promise<object> {
  const { name, replicas } = scaleRequestOf(await readJson(call));
  await call.gateway.scale(name, replicas);
  return { Msg: `function ${name} is scaled` };
}

async function readJson({ request }: HttpCall): Promise<JsonRequest> {
  return parseJsonRequest((await readBody(request, MAX_JSON_BYTES)).toString('utf8'));
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = new ServingError('OUT_OF_RANGE', `body: expected at most ${maxBytes} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge;
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.setTimeout(IDLE_MS, () => request.destroy());
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge;
    chunks.push(chunk);
  }
  request.setTimeout(0);
  return Buffer.concat(chunks);
}

/** 64-bit integers as proto3's JSON writes them. */
function infoJson(info: FunctionInfo): object {
  const { InvocationCount, Replicas, AvailableReplicas } = info;
  return {
    ...info,
    InvocationCount: String(InvocationCount),
    Replicas: String(Replicas),
    AvailableReplicas: String(AvailableReplicas),
  };
}

interface Failure {
  readonly error: unknown;
  readonly log: Log;
}

function fail(request: IncomingMessage, response: ServerResponse, { error, log }: Failure): void {
  if (response.destroyed || response.headersSent) return;
  const known = gatewayFailure(error, log);
  const { message } = known;
  const status = known.code === 'OUT_OF_RANGE' ? 413 : known.httpStatus;
  // What the client still sends is not read: the connection is of no more use.
  if (!request.complete) response.setHeader('connection', 'close');
  if (request.url?.startsWith('/system/') === true) {
    const { code } = STATUS_CODES[known.code];
    send(response, status, 'application/json', JSON.stringify({ error: message, code, message }));
  } else sendText(response, status, message);
}

function sendText(response: ServerResponse, status: number, text: string | Uint8Array): void {
  send(response, status, TEXT, text);
}

function send(response: ServerResponse, status: number, type: string, text: string | Uint8Array): void {
  const body = typeof text === 'string' ? Buffer.from(text) : text;
  response.writeHead(status, { 'content-type': type, 'content-length': body.length }).end(body);
}
