import type { Examples, InferenceRecord, InferenceTask, PredictCall } from '../inference/index.js';
import type { ModelSpec } from '../catalog.js';
import { ServingError } from '../status.js';
import {
  decodeExamplesRequest,
  decodeMultiInferenceRequest,
  encodeClassificationResponse,
  encodeExamplesRequest,
  encodeMultiInferenceRequest,
  encodeMultiInferenceResponse,
  encodeRegressionResponse,
} from '../tfserving/messages/example_messages.js';
import { modelSpecField } from '../tfserving/messages/model_spec.js';
import {
  decodePredictRequest,
  decodeTensors,
  encodePredictRequest,
  encodePredictResponse,
} from '../tfserving/messages/predict_messages.js';
import {
  bytesField,
  integerField,
  joined,
  type Parts,
  readFields,
  tagOf,
} from '../tfserving/messages/wire.js';

/** A recorded request, to be sent again. */
export type RecordedRequest =
  | ({ readonly method: 'predict' } & PredictCall)
  | { readonly method: 'classify' | 'regress'; readonly signatureName: string; readonly input: Examples }
  | {
      readonly method: 'multi_inference';
      readonly tasks: readonly InferenceTask[];
      readonly input: Examples;
    };

/** Field numbers of PredictionLog. */
const LOG = {
  metadata: 1,
  classify: 2,
  regress: 3,
  multiInference: 4,
  sessionRun: 5,
  predict: 6,
  predictStreamed: 7,
} as const;
const REQUEST = 1;
const RESPONSE = 2;

/**
 * A call as a PredictionLog message: request, response, and when and how it was chosen.
 * @returns undefined for a call that failed or that asked for no inference.
 */
export function encodePredictionLog(
  record: InferenceRecord,
  { samplingRate, now }: { samplingRate: number; now: Date },
): Uint8Array | undefined {
  const content = contentOf(record);
  if (content === undefined) return undefined;
  const sampling = Buffer.alloc(9);
  sampling[0] = tagOf(1, 'fixed64');
  sampling.writeDoubleLE(samplingRate, 1);
  const metadata: Parts = [
    ...modelSpecField(1, answering(record)),
    ...bytesField(2, [sampling]),
    ...integerField(4, Math.floor(now.getTime() / 1000)),
  ];
  const [field, request, response] = content;
  return joined([
    ...bytesField(LOG.metadata, metadata),
    ...bytesField(field, [...bytesField(REQUEST, [request]), ...bytesField(RESPONSE, [response])]),
  ]);
}

type Answering = { readonly spec: ModelSpec; readonly signatureName: string };

/** The request names no version: it is to be sent to later ones as well. */
function asked({ modelName, signatureName }: InferenceRecord): Answering {
  return { spec: { name: modelName }, signatureName };
}

function answering({ modelName, version, signatureName }: InferenceRecord): Answering {
  return { spec: { name: modelName, ...(version !== undefined && { version }) }, signatureName };
}

/** Which kind of log it is, the request and the response. */
function contentOf(record: InferenceRecord): readonly [number, Uint8Array, Uint8Array] | undefined {
  if (record.method === 'get_model_metadata' || record.method === 'get_model_status') return undefined;
  if (record.method === 'predict') {
    const { request, response: outputs } = record;
    if (request === undefined || outputs === undefined) return undefined;
    return [
      LOG.predict,
      encodePredictRequest(asked(record), request.inputs, request.outputs),
      encodePredictResponse({ model: answering(record), outputs }),
    ];
  }
  const { request } = record;
  if (request === undefined || record.response === undefined) return undefined;
  switch (record.method) {
    case 'classify':
      return [
        LOG.classify,
        encodeExamplesRequest(asked(record), request),
        encodeClassificationResponse(record.response, answering(record)),
      ];
    case 'regress':
      return [
        LOG.regress,
        encodeExamplesRequest(asked(record), request),
        encodeRegressionResponse(record.response, answering(record)),
      ];
    case 'multi_inference':
      return [
        LOG.multiInference,
        encodeMultiInferenceRequest({ tasks: record.tasks, input: request }),
        encodeMultiInferenceResponse(record.response, answering(record)),
      ];
  }
}

/**
 * The request of a PredictionLog message.
 * @returns undefined where it holds none.
 * @throws ServingError UNIMPLEMENTED for the log of a session run or a stream, Error when the bytes are no message.
 */
export function decodePredictionLog(bytes: Uint8Array): RecordedRequest | undefined {
  let found: RecordedRequest | undefined;
  readFields(bytes, (tag, reader) => {
    const field = tag >>> 3;
    const isLog = field >= LOG.classify && field <= LOG.predictStreamed && tag === tagOf(field, 'bytes');
    if (!isLog) return false;
    found = decodeRequest(field, requestOf(reader.bytes()));
    return true;
  });
  return found;
}

function decodeRequest(field: number, request: Uint8Array): RecordedRequest {
  switch (field) {
    case LOG.predict: {
      const { model, inputs, outputFilter } = decodePredictRequest(request);
      return {
        method: 'predict',
        signatureName: model?.signatureName ?? '',
        inputs: decodeTensors(inputs),
        outputs: outputFilter,
      };
    }
    case LOG.classify:
    case LOG.regress: {
      const { model, input } = decodeExamplesRequest(request);
      const method = field === LOG.classify ? 'classify' : 'regress';
      return { method, signatureName: model?.signatureName ?? '', input };
    }
    case LOG.multiInference:
      return { method: 'multi_inference', ...decodeMultiInferenceRequest(request) };
    default:
      throw new ServingError('UNIMPLEMENTED', `Unsupported log_type for warmup: ${field}`);
  }
}

/** The request of a log; a message that is not there is an empty one. */
function requestOf(log: Uint8Array): Uint8Array {
  let request: Uint8Array = new Uint8Array();
  readFields(log, (tag, reader) => {
    if (tag !== tagOf(REQUEST, 'bytes')) return false;
    request = reader.bytes();
    return true;
  });
  return request;
}
