import { type Agent, type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** An HTTP request that is well formed, whatever it says. */
export interface HttpAsk {
  readonly port: number;
  readonly agent: Agent;
  readonly method: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Uint8Array | string | undefined;
}

/** Its answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

/** Sends a request, and reads all of the answer. */
export function ask({ port, agent, method, path, headers = {}, body }: HttpAsk): Promise<HttpAnswer> {
  // Of methods that have no body as a rule, Node would not tell the length.
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const all = { ...length, ...headers };
    const sent = request({ host: '127.0.0.1', port, agent, method, path, headers: all }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const type = response.headers['content-type'] ?? '';
        resolve({ status: response.statusCode ?? 0, type, body: Buffer.concat(chunks) });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** How bytes go out that need be no HTTP. */
export interface RawSending {
  /** Sent one after the other. */
  readonly parts: readonly (Uint8Array | string)[];
  /** Between two parts. */
  readonly pauseMs?: number;
  /** What the client does when all is sent: waits for the answer, ends its side before, or breaks the connection. */
  readonly then: 'wait' | 'end' | 'break';
  /** A server that has not ended the connection by then is waited for no longer. Default: for ever. */
  readonly limitMs?: number;
}

/** Sends bytes over a connection of their own; all that comes back until the server ends it. */
export async function sendRaw(
  port: number,
  { parts, pauseMs = 0, then, limitMs }: RawSending,
): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const chunks: Buffer[] = [];
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', resolve).on('close', resolve);
    // A server may break a connection off that does not speak its protocol.
    socket.on('error', () => resolve());
  });
  try {
    for (const [i, part] of parts.entries()) {
      if (i > 0 && pauseMs > 0) await delay(pauseMs);
      if (socket.writable) socket.write(part);
    }
    if (then === 'break') return '';
    if (then === 'end') socket.end();
    if (limitMs !== undefined) socket.setTimeout(limitMs, () => socket.destroy());
    await ended;
  } finally {
    socket.destroy();
  }
  return Buffer.concat(chunks).toString('latin1');
}
