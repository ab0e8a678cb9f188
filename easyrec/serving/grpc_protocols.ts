import { UserError } from '../errors.js';
import { type GrpcServer, type GrpcService, startGrpcServer } from './grpc/grpc_server.js';
import { healthProto, healthService } from './grpc/health.js';
import { reflectionServices } from './grpc/reflection.js';
import { readSslConfig } from './grpc/ssl_config.js';
import type { Inference } from './inference/index.js';
import { kserveGrpcService, kserveProto } from './kserve/grpc_service.js';
import type { ServerMetrics } from './monitoring/index.js';
import type { ServerOptions } from './server_options.js';
import { modelService } from './tfserving/model_service.js';
import { predictionService } from './tfserving/prediction_service.js';
import { servingProtos } from './tfserving/protos.js';
import type { ReloadableCatalog } from './versions/model_manager.js';

/** What the services work with. */
export interface GrpcRooms {
  readonly inference: Inference;
  readonly catalog: ReloadableCatalog;
  readonly metrics: ServerMetrics;
  readonly maxMessageBytes: number;
}

/**
 * Starts all gRPC services of the server.
 * @returns undefined where the port is taken and that is only to be warned of.
 * @throws UserError when the port or the socket cannot be had.
 */
export async function startServingGrpc(
  options: ServerOptions,
  { inference, catalog, metrics, maxMessageBytes }: GrpcRooms,
): Promise<GrpcServer | undefined> {
  const { log, host, grpcPort = 'off', grpcSocketPath, sslConfigFile } = options;
  const asTensorContent = options.asTensorContent ?? false;
  const serving = servingProtos();
  const kserve = kserveProto();
  const services: GrpcService[] = [
    predictionService(inference, log, { asTensorContent, protos: serving }),
    modelService(catalog, log, (name) => metrics.total(name), serving),
    kserveGrpcService(inference, log, kserve),
  ];
  const protos = [...serving, kserve];
  if (options.grpcHealthService === true) {
    services.push(healthService(['ModelService', 'PredictionService']));
    protos.push(healthProto());
  }
  services.push(...reflectionServices(protos));
  try {
    const server = await startGrpcServer({
      services,
      host: host === undefined || host === '0.0.0.0' ? undefined : bracketed(host),
      port: grpcPort === 'off' ? undefined : grpcPort,
      socketPath: grpcSocketPath,
      maxMessageBytes,
      credentials: sslConfigFile === undefined ? undefined : readSslConfig(sslConfigFile),
      channelArguments: options.grpcChannelArguments,
    });
    if (grpcPort !== 'off') log.info(`serving gRPC at ${host ?? '0.0.0.0'}:${server.port}`);
    if (grpcSocketPath !== undefined) log.info(`serving gRPC at unix:${grpcSocketPath}`);
    return server;
  } catch (error) {
    if (!(error instanceof UserError) || options.grpcPortIsOptional !== true) throw error;
    log.warn(`gRPC is not served: ${error.message}; choose another port with --port`);
    return undefined;
  }
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
