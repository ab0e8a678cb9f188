import type { Log } from '../../log.js';
import type { CallContext, Inference } from '../inference/inference.js';
import { bytesServiceDefinition, type UnaryContext, unaryHandler, type UnaryMethod } from '../grpc/unary.js';
import type { GrpcService } from '../grpc/grpc_server.js';
import type { ProtoFile } from '../grpc/proto_file.js';
import { invalidArgument, ServingError } from '../status.js';
import { decodeMetadataRequest, encodeMetadataResponse } from './messages/metadata_messages.js';
import type { ModelSpecMessage } from './messages/model_spec.js';
import {
  decodeExamplesRequest,
  decodeMultiInferenceRequest,
  encodeClassificationResponse,
  encodeMultiInferenceResponse,
  encodeRegressionResponse,
} from './messages/example_messages.js';
import { decodePredictRequest, decodeTensors, encodePredictResponse } from './messages/predict_messages.js';
import { servicesFile, servingProtos } from './protos.js';

/** How the service behaves where TensorFlow Serving has a flag. */
export interface PredictionServiceOptions {
  /** Whether outputs go into `tensor_content` (`--enable_serialization_as_tensor_content`); default typed lists. */
  readonly asTensorContent?: boolean;
  /** Files with the service's definition, where they have been read already. */
  readonly protos?: readonly ProtoFile[];
}

/** tensorflow.serving.PredictionService: TensorFlow Serving's gRPC protocol for running models. */
export function predictionService(
  inference: Inference,
  log: Log,
  options: PredictionServiceOptions = {},
): GrpcService {
  const { protos = servingProtos() } = options;
  const calls = new PredictionCalls(inference, options);
  const methods: Readonly<Record<string, UnaryMethod>> = {
    Predict: (request, context) => calls.predict(request, context),
    Classify: (request, context) => calls.classify(request, context),
    Regress: (request, context) => calls.regress(request, context),
    MultiInference: (request, context) => calls.multiInference(request, context),
    GetModelMetadata: (request, context) => calls.metadata(request, context),
  };
  return {
    definition: bytesServiceDefinition(servicesFile(protos), 'tensorflow.serving.PredictionService'),
    implementation: Object.fromEntries(
      Object.entries(methods).map(([name, method]) => [name, unaryHandler(method, log)]),
    ),
  };
}

class PredictionCalls {
  readonly #inference: Inference;
  readonly #asContent: boolean;

  constructor(inference: Inference, { asTensorContent = false }: PredictionServiceOptions) {
    this.#inference = inference;
    this.#asContent = asTensorContent;
  }

  async predict(bytes: Uint8Array, context: UnaryContext): Promise<Uint8Array> {
    const call = grpcContext(context);
    const { model, inputs, outputFilter } = parsed('PredictRequest', () => decodePredictRequest(bytes));
    const { spec, signatureName } = this.#named(model, { method: 'predict' }, call);
    const { version, result, ...used } = await this.#inference.predict(
      spec,
      {
        signatureName,
        inputs: () => parsed('TensorProto', () => decodeTensors(inputs)),
        outputs: outputFilter,
      },
      call,
    );
    const answered = { spec: { name: spec.name, version }, signatureName: used.signatureName };
    return encodePredictResponse({ model: answered, outputs: result }, this.#asContent);
  }

  async classify(bytes: Uint8Array, context: UnaryContext): Promise<Uint8Array> {
    const call = grpcContext(context);
    const { model, input } = parsed('ClassificationRequest', () => decodeExamplesRequest(bytes));
    const { spec, signatureName } = this.#named(model, { method: 'classify' }, call);
    const { version, result, ...used } = await this.#inference.classify(spec, signatureName, input, call);
    const answered = { spec: { name: spec.name, version }, signatureName: used.signatureName };
    return encodeClassificationResponse(result, answered);
  }

  async regress(bytes: Uint8Array, context: UnaryContext): Promise<Uint8Array> {
    const call = grpcContext(context);
    const { model, input } = parsed('RegressionRequest', () => decodeExamplesRequest(bytes));
    const { spec, signatureName } = this.#named(model, { method: 'regress' }, call);
    const { version, result, ...used } = await this.#inference.regress(spec, signatureName, input, call);
    const answered = { spec: { name: spec.name, version }, signatureName: used.signatureName };
    return encodeRegressionResponse(result, answered);
  }

  async multiInference(bytes: Uint8Array, context: UnaryContext): Promise<Uint8Array> {
    const call = grpcContext(context);
    const { tasks, input } = parsed('MultiInferenceRequest', () => decodeMultiInferenceRequest(bytes));
    const { version, result } = await this.#inference.multiInference(tasks, input, call);
    return encodeMultiInferenceResponse(result, { spec: { name: tasks[0]?.spec.name ?? '', version } });
  }

  metadata(bytes: Uint8Array, context: UnaryContext): Uint8Array {
    const call = grpcContext(context);
    const { model, fields } = parsed('GetModelMetadataRequest', () => decodeMetadataRequest(bytes));
    const { spec } = this.#named(model, { method: 'get_model_metadata' }, call);
    if (fields.length === 0) {
      throw invalidArgument('GetModelMetadataRequest must specify at least one metadata_field');
    }
    const unknown = fields.find((field) => field !== 'signature_def');
    if (unknown !== undefined) throw invalidArgument(`Metadata field ${unknown} is not supported`);
    const { version, model: served } = this.#inference.metadata(spec, call);
    return encodeMetadataResponse({ name: spec.name, version }, served.signatureDefs);
  }

  #named(
    model: ModelSpecMessage | undefined,
    content: Parameters<Inference['refused']>[0],
    context: CallContext,
  ): ModelSpecMessage {
    if (model !== undefined) return model;
    const error = invalidArgument('Missing ModelSpec');
    this.#inference.refused(content, { name: '' }, error, context);
    throw error;
  }
}

function grpcContext({ timeoutMs, signal }: UnaryContext): CallContext {
  return {
    entrypoint: 'GRPC',
    signal,
    startedAt: performance.now(),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}

/** Runs `decode`; what it says of bytes that are no message is told as such. */
function parsed<Message>(name: string, decode: () => Message): Message {
  try {
    return decode();
  } catch (cause) {
    if (cause instanceof ServingError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ServingError('INTERNAL', `Failed to parse ${name}: ${reason}`, { cause });
  }
}
