import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import type { Random } from '../../../easyrec/input/random.js';
import { noise } from './bytes.js';
import { type Arsenal, pick, weighted } from './campaign.js';
import { sendRaw } from './http_client.js';

/** A call over HTTP/2 that does not keep to gRPC. */
interface Frames {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Calls whose frames are wrong, and connections that speak no HTTP/2. */
export function http2Attacks(port: number, path: string): Arsenal {
  const made =
    (title: string, make: (random: Random) => Frames): Arsenal =>
    (random) => {
      const frames = make(random);
      return { title: `HTTP/2, ${title}`, send: () => send(port, path, frames) };
    };
  const framed = (length: number, body: Uint8Array, flag = 0): Uint8Array => {
    const head = Buffer.alloc(5);
    head.writeUInt8(flag);
    head.writeUInt32BE(length, 1);
    return Buffer.concat([head, body]);
  };
  const grpc = { 'content-type': 'application/grpc', te: 'trailers' };
  return weighted([
    [
      2,
      made('a message shorter than it says', (random) => ({
        headers: grpc,
        body: framed(10 + random.below(1000), noise(random, 9)),
      })),
    ],
    [
      1,
      made('a message of 4 GiB to come', () => ({
        headers: grpc,
        body: framed(2 ** 32 - 1, Buffer.alloc(10)),
      })),
    ],
    [
      1,
      made('a message compressed without a word', (random) => ({
        headers: grpc,
        body: framed(8, noise(random, 8), 1),
      })),
    ],
    [1, made('no message', () => ({ headers: grpc, body: Buffer.alloc(0) }))],
    [
      1,
      made('two messages', () => {
        const one = framed(0, Buffer.alloc(0));
        return { headers: grpc, body: Buffer.concat([one, one]) };
      }),
    ],
    [
      2,
      made('odd headers', (random) => ({
        headers: {
          ...grpc,
          ...pick<Record<string, string>>(random, [
            { 'content-type': 'text/html' },
            { 'grpc-encoding': 'zstd' },
            { 'grpc-timeout': 'x' },
            { 'grpc-timeout': '99999999999999H' },
            { 'grpc-timeout': '-1S' },
            { 'x-bin': '???' },
          ]),
        },
        body: framed(8, noise(random, 8)),
      })),
    ],
    [
      2,
      (random) => {
        const bytes = pick(random, [
          noise(random, 400),
          Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), noise(random, 400)]),
          Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
        ]);
        const sent = sendRaw.bind(undefined, port, { parts: [bytes], then: 'end', limitMs: 500 });
        return { title: 'HTTP/2, noise', send: () => sent().then(() => undefined) };
      },
    ],
  ]);
}

/** The call may end in any way but with OK: with gRPC's status, HTTP's, or a reset. */
async function send(port: number, path: string, { headers, body }: Frames): Promise<string | undefined> {
  const session = connect(`http://127.0.0.1:${port}`);
  try {
    const status = await statusOf(session, path, { headers, body });
    return status === '13' || !/^(0|2)$/.test(status)
      ? undefined
      : `grpc-status ${status}; sent ${JSON.stringify(headers)}`;
  } finally {
    session.destroy();
  }
}

function statusOf(session: ClientHttp2Session, path: string, { headers, body }: Frames): Promise<string> {
  return new Promise((resolve) => {
    let status = 'none';
    const see = (received: IncomingHttpHeaders): void => {
      const code = received['grpc-status'];
      if (typeof code === 'string') status = code;
    };
    session.on('error', () => resolve('broken'));
    const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
    stream.on('response', see).on('trailers', see);
    stream.on('error', () => resolve('reset')).on('close', () => resolve(status));
    stream.resume();
    stream.end(body);
  });
}
