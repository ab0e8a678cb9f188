import type { Log } from '../../log.js';
import type { GrpcService } from '../grpc/grpc_server.js';
import { type ProtoFile, readProtoFile } from '../grpc/proto_file.js';
import { bytesServiceDefinition, type UnaryContext, unaryHandler, type UnaryMethod } from '../grpc/unary.js';
import type { CallContext, Inference } from '../inference/index.js';
import { invalidArgument, ServingError } from '../status.js';
import { fromMessage, type ModelInferRequest, toMessage } from './grpc_messages.js';
import { infer } from './infer.js';
import { isModelReady, isServerReady, modelMetadata, serverMetadata, specOf } from './model_metadata.js';

/** A request that names a model. */
interface Named {
  readonly name?: string;
  readonly version?: string;
}

/** The protocol's .proto file. */
export function kserveProto(): ProtoFile {
  return readProtoFile('easyrec/serving/protos/open_inference.proto');
}

/** The open inference protocol (KServe V2) over gRPC. */
export function kserveGrpcService(inference: Inference, log: Log, proto = kserveProto()): GrpcService {
  const { catalog } = inference;
  const about = serverMetadata();
  const decode = (name: string, bytes: Uint8Array): unknown => decoded(proto, name, bytes);
  const encode = (name: string, message: object): Uint8Array => {
    const type = proto.root.lookupType(`inference.${name}`);
    return type.encode(message).finish();
  };
  const methods: Readonly<Record<string, UnaryMethod>> = {
    ServerLive: () => encode('ServerLiveResponse', { live: true }),
    ServerReady: () => encode('ServerReadyResponse', { ready: isServerReady(catalog) }),
    ModelReady: (request) => {
      const { name = '', version = '' } = decode('ModelReadyRequest', request) as Named;
      return encode('ModelReadyResponse', { ready: isModelReady(catalog, specOf(name, version)) });
    },
    ServerMetadata: () => encode('ServerMetadataResponse', about),
    ModelMetadata: (request) => {
      const { name = '', version = '' } = decode('ModelMetadataRequest', request) as Named;
      return encode('ModelMetadataResponse', modelMetadata(catalog, specOf(name, version)));
    },
    ModelInfer: async (request, context) => {
      const message = decode('ModelInferRequest', request) as ModelInferRequest;
      return encode('ModelInferResponse', await inferMessage(inference, message, context));
    },
  };
  return {
    definition: bytesServiceDefinition(proto, 'inference.GRPCInferenceService'),
    implementation: Object.fromEntries(
      Object.entries(methods).map(([name, method]) => [name, unaryHandler(method, log)]),
    ),
  };
}

async function inferMessage(
  inference: Inference,
  message: ModelInferRequest,
  { timeoutMs, signal }: UnaryContext,
): Promise<object> {
  const { model_name: modelName = '', model_version: version = '' } = message;
  const context: CallContext = {
    entrypoint: 'GRPC',
    signal,
    startedAt: performance.now(),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
  const spec = specOf(modelName, version);
  const { asked, result } = await infer(inference, spec, () => fromMessage(message), context);
  return toMessage(asked, result);
}

/** Fields that are not set are absent; 64-bit numbers are decimal text. */
function decoded({ root }: ProtoFile, name: string, bytes: Uint8Array): unknown {
  const type = root.lookupType(`inference.${name}`);
  try {
    return type.toObject(type.decode(bytes), { longs: String });
  } catch (cause) {
    if (cause instanceof ServingError) throw cause;
    throw invalidArgument(
      `Failed to parse ${name}: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}
