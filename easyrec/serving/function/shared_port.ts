import { createServer, type Server, type Socket } from 'node:net';
import { UserError } from '../../errors.js';
import { hasCode } from './has_code.js';

/** Who takes the connections of a port. */
export interface SharedPortOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Takes those that begin as HTTP/2 does with prior knowledge, as gRPC clients do. */
  readonly http2: (socket: Socket) => void;
  /** Takes all others. */
  readonly http1: (socket: Socket) => void;
}

/** A port that listens. */
export interface SharedPort {
  readonly port: number;
  /** Takes no more connections; those that it has handed on stay. */
  stop(): void;
  /** Ends all connections. */
  destroy(): void;
}

const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** Enough to tell: no other method starts so. */
const TELLING_BYTES = 3;
/** A connection on which nothing comes is closed then. */
const FIRST_BYTES_MS = 60_000;

/**
 * Listens on a port for HTTP/1 and for HTTP/2 at once.
 * @throws UserError when the port is taken or may not be used.
 */
export async function listenShared(options: SharedPortOptions): Promise<SharedPort> {
  const { host, port } = options;
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    sniff(socket, options);
  });
  const bound = await listen(server, host, port);
  return {
    port: bound,
    stop: () => void server.close(),
    destroy: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function sniff(socket: Socket, { http1, http2 }: SharedPortOptions): void {
  let seen = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), FIRST_BYTES_MS);
  const stop = (): void => {
    clearTimeout(timer);
    socket.off('readable', look).off('error', stop).off('close', stop);
  };
  const look = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    seen = Buffer.concat([seen, chunk]);
    const isStart = HTTP2_PREFACE.subarray(0, seen.length).equals(seen.subarray(0, HTTP2_PREFACE.length));
    if (isStart && seen.length < TELLING_BYTES) return;
    stop();
    socket.unshift(seen);
    (isStart ? http2 : http1)(socket);
  };
  socket.on('readable', look).on('error', stop).on('close', stop);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const reason = hasCode(cause, 'EADDRINUSE')
        ? 'the port is in use; choose another with --port'
        : cause.message;
      reject(new UserError(`cannot listen on ${host}:${port}: ${reason}`, { cause }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
