import grpc from '@grpc/grpc-js';
import { UserError } from '../../errors.js';
import { clearSocketPath } from './socket_file.js';

/** A service and what answers it. */
export interface GrpcService {
  readonly definition: grpc.ServiceDefinition;
  readonly implementation: grpc.UntypedServiceImplementation;
  /** Called when the server takes no more calls: those that would go on for ever are to be ended. */
  readonly closing?: () => void;
}

/** Where a gRPC server listens, and what it takes. */
export interface GrpcServerOptions {
  readonly services: readonly GrpcService[];
  /** An address, IPv6 in brackets. Default: all of this machine's. */
  readonly host?: string | undefined;
  /** 0 takes any free port; absent for none, where there is a socket. */
  readonly port?: number | undefined;
  /** A file to listen on as a Unix socket, besides the port. */
  readonly socketPath?: string | undefined;
  /** Limit for one message, in either direction. */
  readonly maxMessageBytes: number;
  /** For TLS, on the port and the socket; default none. */
  readonly credentials?: grpc.ServerCredentials | undefined;
  /** Further settings by gRPC's own names, such as `grpc.max_concurrent_streams`. */
  readonly channelArguments?: Readonly<Record<string, string | number>> | undefined;
  /** How long calls may go on once the server is closed; default 9 s. */
  readonly drainMs?: number | undefined;
}

/** A gRPC server that listens. */
export interface GrpcServer {
  /** 0 where it listens on a socket only. */
  readonly port: number;
  /** Takes no more calls, lets those in progress end, and cancels what has not ended after `drainMs`. */
  close(): Promise<void>;
}

/** As long as container runtimes wait before they kill, less a margin. */
const DRAIN_MS = 9_000;

/**
 * Connections on which nothing comes are asked for a sign of life, and closed without one. Node keeps one whose peer has
 * broken HTTP/2's rules, even when the peer is gone: each would stay open for good.
 */
export const KEEPALIVE = { 'grpc.keepalive_time_ms': 60_000, 'grpc.keepalive_timeout_ms': 20_000 } as const;

/**
 * Starts a gRPC server.
 * @throws UserError when the port or the socket is taken or may not be used.
 */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { services, socketPath, maxMessageBytes } = options;
  const server = new grpc.Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    // Two servers on one port would each get a share of the calls: the second is to fail instead.
    'grpc.so_reuseport': 0,
    ...KEEPALIVE,
    ...options.channelArguments,
  });
  for (const { definition, implementation } of services) server.addService(definition, implementation);
  let port = 0;
  try {
    port = await bindPort(server, options);
    if (socketPath !== undefined) {
      await clearSocketPath(socketPath);
      await bind(server, `unix:${socketPath}`, options);
    }
  } catch (error) {
    server.forceShutdown();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return { port, close: () => (closing ??= drain(server, options)) };
}

async function bindPort(server: grpc.Server, options: GrpcServerOptions): Promise<number> {
  const { host, port, socketPath } = options;
  if (port !== undefined) {
    return host === undefined ? bindAll(server, port, options) : bind(server, `${host}:${port}`, options);
  }
  if (socketPath === undefined) throw new UserError('a gRPC server needs a port or a socket to listen on');
  return 0;
}

/** On all addresses, IPv6 and IPv4; a machine may have no IPv6. */
async function bindAll(server: grpc.Server, port: number, options: GrpcServerOptions): Promise<number> {
  try {
    return await bind(server, `[::]:${port}`, options);
  } catch (error) {
    if (!(error instanceof UserError) || !/EAFNOSUPPORT|EADDRNOTAVAIL/.test(error.message)) throw error;
    return bind(server, `0.0.0.0:${port}`, options);
  }
}

function bind(server: grpc.Server, address: string, { credentials }: GrpcServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials ?? grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(new UserError(`cannot listen on ${address}: ${error.message}`, { cause: error }));
    });
  });
}

async function drain(
  server: grpc.Server,
  { services, drainMs = DRAIN_MS }: GrpcServerOptions,
): Promise<void> {
  // It knows connections for the sake of channelz: without `grpc.enable_channelz` they would be left open.
  const force = setTimeout(() => server.forceShutdown(), drainMs);
  try {
    const isShut = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    for (const { closing } of services) closing?.();
    await isShut;
  } finally {
    clearTimeout(force);
  }
}
