import { connect, type Socket } from 'node:net';
import type { Latencies } from './latencies.js';

/** One keep-alive connection that always waits for one answer; plain sockets, as a client's own work takes from the server's. */
export class HttpConnection {
  readonly #socket: Socket;
  #answer: ((ok: boolean) => void) | undefined;
  #received: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('close', () => this.#answer?.(false));
    socket.on('error', () => this.#answer?.(false));
  }

  static open(port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new HttpConnection(socket)));
      socket.once('error', reject);
    });
  }

  /** Whether the answer was 200. */
  send(request: Buffer): Promise<boolean> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#answer = undefined;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#received.toString('latin1', 0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? NaN);
    if (this.#received.length < end + 4 + length) return;
    this.#received = this.#received.subarray(end + 4 + length);
    this.#answer?.(head.startsWith('HTTP/1.1 200'));
  }
}

/** A POST of JSON, ready to be sent. */
export function httpRequest(path: string, body: Buffer): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** Sends requests in turn until `untilMs`, of `performance.now()`. */
export async function loadHttp(
  port: number,
  requests: readonly Buffer[],
  { first, untilMs }: { readonly first: number; readonly untilMs: number },
  latencies: Latencies,
): Promise<void> {
  const connection = await HttpConnection.open(port);
  for (let i = first; performance.now() < untilMs; i++) {
    const request = requests[i % requests.length];
    if (request === undefined) break;
    const begunMs = performance.now();
    const ok = await connection.send(request);
    latencies.add(performance.now() - begunMs, !ok);
    if (!ok) break;
  }
  connection.close();
}
