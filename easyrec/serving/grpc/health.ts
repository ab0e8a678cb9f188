import grpc, { type sendUnaryData, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import type { GrpcService } from './grpc_server.js';
import { type ProtoFile, readProtoFile } from './proto_file.js';
import { serviceDefinition } from './service_definition.js';

const STATUS = { SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const;

interface Request {
  readonly service: string;
}

interface Response {
  readonly status: number;
}

/** The definition of gRPC's health checks, for reflection. */
export function healthProto(): ProtoFile {
  return readProtoFile('easyrec/serving/grpc/protos/health.proto', 'grpc/health/v1/health.proto');
}

/**
 * gRPC's health checks: the server as a whole and the services `names` are SERVING for as long as it listens, which is
 * all that TensorFlow Serving tells by them.
 */
export function healthService(names: readonly string[]): GrpcService {
  const known = new Set(['', ...names]);
  const watching = new Set<ServerWritableStream<Request, Response>>();
  return {
    definition: serviceDefinition(healthProto(), 'grpc.health.v1.Health'),
    implementation: {
      Check: ({ request }: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
        if (known.has(request.service)) callback(null, { status: STATUS.SERVING });
        else callback({ code: grpc.status.NOT_FOUND, details: 'unknown service' });
      },
      Watch: (call: ServerWritableStream<Request, Response>): void => {
        const isKnown = known.has(call.request.service);
        // The call stays open: nothing changes while the server listens.
        call.write({ status: isKnown ? STATUS.SERVING : STATUS.SERVICE_UNKNOWN });
        watching.add(call);
        call.once('cancelled', () => watching.delete(call));
      },
    },
    closing: () => {
      for (const call of watching) {
        if (known.has(call.request.service)) call.write({ status: STATUS.NOT_SERVING });
        call.end();
      }
    },
  };
}
