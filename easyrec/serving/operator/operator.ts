import { type ProtoFile, readProtoFile } from '../grpc/proto_file.js';

/** What an operator is: it makes vectors of what it is given, or other images. */
export type OperatorType = 'encoder' | 'processor';

/** The six properties by which an operator introduces itself. */
export interface OperatorProperties {
  /** Letters, digits, `_` and `-`, such as `resnet50_encoder`. */
  readonly name: string;
  readonly type: OperatorType;
  /** What it takes, such as `image`. */
  readonly input: string;
  /** What it makes, such as `vector`. */
  readonly output: string;
  /** The length of a vector as text; `-1` for a processor. */
  readonly dimension: string;
  /** How vectors are compared, such as `L2`; `-1` for a processor. */
  readonly metricType: string;
}

/** What to work on. Where there are datas, the urls are not looked at. */
export interface OperatorRequest {
  /** Base64 text, or data URLs. */
  readonly datas: readonly string[];
  readonly urls: readonly string[];
}

/** What an operator made: an entry for each datum or url that could be used. */
export type OperatorResult =
  | { readonly kind: 'vectors'; readonly vectors: readonly ArrayLike<number>[] }
  | {
      readonly kind: 'images';
      /** Base64 text. */
      readonly images: readonly string[];
    };

/** A model, or a user's class, as the service sees it. */
export interface Operator {
  readonly properties: OperatorProperties;

  /**
   * Works on one request.
   * @param signal aborted when nobody waits for the result any more.
   * @throws ServingError when the operator itself fails; a datum that cannot be used is left out and logged.
   */
  execute(request: OperatorRequest, signal: AbortSignal): Promise<OperatorResult>;

  /** Frees the model. */
  close(): Promise<void>;
}

/** The service's name on the wire. */
export const OPERATOR_SERVICE = 'omnisearch.Operator';

/** The file that defines the service, for clients too: any gRPC code generator takes it. */
export const OPERATOR_PROTO_PATH = 'easyrec/serving/operator/protos/rpc.proto';

/** Reads the service's definition. */
export function operatorProto(): ProtoFile {
  return readProtoFile(OPERATOR_PROTO_PATH);
}
