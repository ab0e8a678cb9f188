import grpc from '@grpc/grpc-js';
import { UserError } from '../../errors.js';

/** A service and what answers it. */
export interface GrpcService {
  readonly definition: grpc.ServiceDefinition;
  readonly implementation: grpc.UntypedServiceImplementation;
}

/** Where a gRPC server listens, and what it takes. */
export interface GrpcServerOptions {
  readonly services: readonly GrpcService[];
  /** An address, IPv6 in brackets. Default: all of this machine's. */
  readonly host?: string | undefined;
  /** 0 takes any free port. */
  readonly port: number;
  /** Limit for one message, in either direction. */
  readonly maxMessageBytes: number;
}

/** A gRPC server that listens. */
export interface GrpcServer {
  readonly port: number;
  /** Takes no more calls, lets those in progress end, and cancels what has not ended after `drainMs`. */
  close(): Promise<void>;
}

/** As long as container runtimes wait before they kill, less a margin. */
const DRAIN_MS = 9_000;

/**
 * Starts a gRPC server without TLS.
 * @throws UserError when the port is taken or may not be used.
 */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { services, host, port, maxMessageBytes } = options;
  const server = new grpc.Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    // Two servers on one port would each get a share of the calls: the second is to fail instead.
    'grpc.so_reuseport': 0,
  });
  for (const { definition, implementation } of services) server.addService(definition, implementation);
  const bound = await (host === undefined ? bindAll(server, port) : bind(server, `${host}:${port}`));
  let closing: Promise<void> | undefined;
  return { port: bound, close: () => (closing ??= drain(server)) };
}

/** On all addresses, IPv6 and IPv4; a machine may have no IPv6. */
async function bindAll(server: grpc.Server, port: number): Promise<number> {
  try {
    return await bind(server, `[::]:${port}`);
  } catch (error) {
    if (!(error instanceof UserError) || !/EAFNOSUPPORT|EADDRNOTAVAIL/.test(error.message)) throw error;
    return bind(server, `0.0.0.0:${port}`);
  }
}

function bind(server: grpc.Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(new UserError(`cannot listen on ${address}: ${error.message}`, { cause: error }));
    });
  });
}

async function drain(server: grpc.Server): Promise<void> {
  const force = setTimeout(() => server.forceShutdown(), DRAIN_MS);
  try {
    await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  } finally {
    clearTimeout(force);
  }
}
