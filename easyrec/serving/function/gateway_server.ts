import grpc from '@grpc/grpc-js';
import { KEEPALIVE } from '../grpc/grpc_server.js';
import { reflectionServices } from '../grpc/reflection.js';
import { Gateway, type GatewayOptions } from './gateway.js';
import { gatewayHttp } from './gateway_http.js';
import { gatewayServices } from './gateway_services.js';
import { DEFAULT_GATEWAY_PORT, functionStoreProto, gatewayProto, MAX_MESSAGE_BYTES } from './protocol.js';
import { listenShared } from './shared_port.js';

/** A gateway and where it listens. */
export interface GatewayServerOptions extends GatewayOptions {
  /** Address to listen on; default 127.0.0.1, since whoever reaches the port may run programs here. */
  readonly host?: string | undefined;
  /** 0 takes any free port; default 32222. */
  readonly port?: number | undefined;
  /** How long calls in progress may take to end when it closes; default 25,000. */
  readonly drainMs?: number | undefined;
}

/** A gateway that listens. */
export interface GatewayServer {
  readonly port: number;
  /** Takes no more calls, lets those in progress end, then ends all workers; calling it again does nothing. */
  close(): Promise<void>;
}

const DEFAULT_DRAIN_MS = 25_000;

/**
 * Starts a gateway: gRPC, with reflection, and HTTP on one port.
 * @throws UserError when the port cannot be had or another gateway uses the state folder.
 */
export async function startGatewayServer(options: GatewayServerOptions): Promise<GatewayServer> {
  const { host = '127.0.0.1', port = DEFAULT_GATEWAY_PORT, drainMs = DEFAULT_DRAIN_MS, log } = options;
  const gateway = await Gateway.open(options);
  const server = grpcServer(gateway, options);
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  const http = gatewayHttp(gateway, log);
  try {
    const shared = await listenShared({
      host,
      port,
      http2: (socket) => injector.injectConnection(socket),
      http1: (socket) => http.emit('connection', socket),
    });
    if (!/^(127\.|::1$|localhost$)/.test(host)) {
      log.warn(
        `whoever reaches ${host}:${shared.port} may have this machine run programs: let only those in you trust`,
      );
    }
    log.info(`the function gateway listens on ${host}:${shared.port}, gRPC and HTTP`);
    const stop = async (): Promise<void> => {
      shared.stop();
      http.closeIdleConnections();
      const answered = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      await gateway.close(drainMs);
      // Every call has its answer now; what is left is to send it.
      await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, LAST_BYTES_MS))]);
      server.forceShutdown();
      http.close();
      shared.destroy();
    };
    let closing: Promise<void> | undefined;
    return { port: shared.port, close: () => (closing ??= stop()) };
  } catch (error) {
    await gateway.close(0);
    throw error;
  }
}

const LAST_BYTES_MS = 1_000;

function grpcServer(gateway: Gateway, { log }: GatewayServerOptions): grpc.Server {
  const server = new grpc.Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    ...KEEPALIVE,
  });
  const services = [
    ...gatewayServices(gateway, log),
    ...reflectionServices([gatewayProto(), functionStoreProto()]),
  ];
  for (const { definition, implementation } of services) server.addService(definition, implementation);
  return server;
}
