import http2 from 'node:http2';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../../easyrec/input/random.js';
import { noise } from '../fuzz/bytes.js';
import { pick } from '../fuzz/campaign.js';

/** How many requests came to what: a gRPC code, an HTTP status, or that the connection was closed. */
export type FuzzOutcomes = ReadonlyMap<string, number>;

const SERVICES = ['pb.Gateway', 'pb.FxGateway', 'easyrec.FunctionStore'] as const;
const METHODS = [
  'Invoke',
  'Invokes',
  'List',
  'Deploy',
  'Delete',
  'Update',
  'GetMeta',
  'GetLog',
  'ReplicaUpdate',
  'Info',
  'Upload',
  'Status',
  'No',
] as const;
const PATHS = [
  '/function/echo',
  '/function/..',
  '/function/%00',
  '/function/echo/x',
  '/system/functions',
  '/system/function/echo%2e',
  '/system/scale-function',
  '/system/function-log/../../etc',
  '//',
  '/%',
  `/${'x'.repeat(5000)}`,
] as const;
const VERBS = ['GET', 'POST', 'PUT', 'PATCH', 'HEAD', 'TRACE', 'P', 'get'] as const;
const BODIES = [
  '{',
  '{"Service":{}}',
  '{"Service":"a","Image":"b","Constraints":7}',
  '[]',
  '\0',
  '"',
  '{"a":'.repeat(500),
] as const;
const HEADERS = [
  'content-length: 5',
  'content-length: -1',
  'transfer-encoding: chunked',
  'expect: 100-continue',
  'x',
  ': y',
] as const;
const LIMIT_MS = 20_000;

/**
 * Sends requests that nobody should send.
 * @throws Error when one has neither an answer nor its connection closed in time.
 */
export async function fuzzGateway(port: number, count: number, seed: number): Promise<FuzzOutcomes> {
  const random = new Random(seed);
  const outcomes = new Map<string, number>();
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  const one = (): Promise<string> => {
    const kind = random.uniform();
    if (kind < 0.7) return grpcRequest(session, random);
    if (kind < 0.9) return rawRequest(port, httpBytes(random));
    return rawRequest(port, noise(random, 200));
  };
  let sent = 0;
  const loop = async (): Promise<void> => {
    while (sent < count) {
      sent++;
      const late = new AbortController();
      const outcome = await Promise.race([
        one(),
        sleep(LIMIT_MS, 'no answer', { signal: late.signal, ref: false }),
      ]);
      late.abort();
      if (outcome === 'no answer') throw new Error(`no answer in ${LIMIT_MS} ms after ${sent} requests`);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  try {
    await Promise.all([loop(), loop(), loop(), loop()]);
  } finally {
    session.destroy();
  }
  return outcomes;
}

/** Messages that are no protobuf, of wrong types, cut, empty, or claimed to be longer than they are. */
function grpcBytes(random: Random): Buffer {
  const field = random.below(16);
  const message =
    random.uniform() < 0.5
      ? noise(random, 60)
      : Buffer.concat([Buffer.of(field * 8 + 2, 4), noise(random, 8)]);
  const head = Buffer.alloc(5);
  head.writeUInt8(random.uniform() < 0.9 ? 0 : random.below(256), 0);
  head.writeUInt32BE(random.uniform() < 0.8 ? message.length : random.below(2 ** 32), 1);
  return Buffer.concat([head, message]);
}

function grpcRequest(session: http2.ClientHttp2Session, random: Random): Promise<string> {
  const path = `/${pick(random, SERVICES)}/${pick(random, METHODS)}`;
  const type = random.uniform() < 0.95 ? 'application/grpc' : 'text/plain';
  const request = session.request({ ':method': 'POST', ':path': path, 'content-type': type, te: 'trailers' });
  return new Promise((resolve) => {
    let outcome = 'reset';
    const seen = (headers: http2.IncomingHttpHeaders): void => {
      if (headers['grpc-status'] !== undefined) outcome = `grpc ${String(headers['grpc-status'])}`;
      else if (outcome === 'reset') outcome = `http2 ${String(headers[':status'])}`;
    };
    request
      .on('response', seen)
      .on('trailers', seen)
      .on('error', () => undefined);
    request.on('close', () => resolve(outcome));
    request.resume().end(grpcBytes(random));
  });
}

function httpBytes(random: Random): Buffer {
  const line = `${pick(random, VERBS)} ${pick(random, PATHS)} HTTP/1.${random.uniform() < 0.9 ? 1 : 7}`;
  const headers = ['host: x', ...(random.uniform() < 0.5 ? [pick(random, HEADERS)] : [])];
  const body = random.uniform() < 0.7 ? Buffer.from(pick(random, BODIES)) : noise(random, 100);
  if (random.uniform() < 0.7) headers.push(`content-length: ${body.length}`);
  return Buffer.concat([Buffer.from([line, ...headers, '', ''].join('\r\n')), body]);
}

/** Writes bytes and no more, as a client that goes. */
function rawRequest(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(/^HTTP\/1\.1 \d+/.exec(answer)?.[0] ?? 'closed'));
  });
}
