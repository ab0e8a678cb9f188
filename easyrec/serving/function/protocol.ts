import { type ProtoFile, readProtoFile } from '../grpc/proto_file.js';

/** The port where clients expect a gateway. */
export const DEFAULT_GATEWAY_PORT = 32222;

/** The largest message that the gateway and its client take: what DCF's guide has clients raise their limit to. */
export const MAX_MESSAGE_BYTES = 1024 * 1024 * 1024;

/** The service of DCF's clients. */
export const GATEWAY_SERVICE = 'pb.Gateway';

/** The same service under the name that OpenFx's clients use. */
export const FX_GATEWAY_SERVICE = 'pb.FxGateway';

/** The service of this gateway alone: uploads and detailed status. */
export const FUNCTION_STORE_SERVICE = 'easyrec.FunctionStore';

/** The files that define the services, for clients too: any gRPC code generator takes them. */
export const GATEWAY_PROTO_PATH = 'easyrec/serving/function/protos/gateway.proto';
export const FUNCTION_STORE_PROTO_PATH = 'easyrec/serving/function/protos/function_store.proto';

/** Reads the definition of pb.Gateway and pb.FxGateway. */
export function gatewayProto(): ProtoFile {
  return readProtoFile(GATEWAY_PROTO_PATH);
}

/** Reads the definition of easyrec.FunctionStore. */
export function functionStoreProto(): ProtoFile {
  return readProtoFile(FUNCTION_STORE_PROTO_PATH);
}
