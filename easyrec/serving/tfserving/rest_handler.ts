import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Log } from '../../log.js';
import type { Signature, SignatureDef } from '../../tf/index.js';
import type { ModelSpec } from '../catalog.js';
import type { HttpHandler, HttpRequest, HttpResponse } from '../http.js';
import type { CallContext, Inference } from '../inference/inference.js';
import type { Examples } from '../inference/inference_record.js';
import type { ServableTensor } from '../servable.js';
import { invalidArgument, ServingError } from '../status.js';
import { readExamples } from './example_request.js';
import { writeClassifications, writeRegressions } from './example_response.js';
import { JsonWriter } from './json_writer.js';
import { formatMetadata, formatModelStatus } from './model_info.js';
import {
  type PredictDocument,
  type PredictFormat,
  readPredictDocument,
  readPredictInputs,
} from './predict_request.js';
import { checkWritable, writePredictResponse } from './predict_response.js';
import { isRestPath, parseRoute, type Route } from './routes.js';
import { SignatureJson } from './signature_json.js';

/** How the protocol behaves where TensorFlow Serving has a flag. */
export interface RestOptions {
  /** A model may run this long (`--rest_api_timeout_in_ms`). */
  readonly timeoutMs: number;
  /** Limit for a body once it is unpacked. */
  readonly maxBodyBytes: number;
  /** Whether browsers may call from pages of other sites (`--rest_api_enable_cors_support`); default no. */
  readonly enableCors?: boolean;
}

const JSON_TYPE = 'application/json';
const CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'POST, GET',
  'access-control-allow-headers': 'Content-Type',
};
const inflate = promisify(gunzip);

/** TensorFlow Serving's REST protocol; knows nothing of sockets. */
export class RestHandler implements HttpHandler {
  readonly #inference: Inference;
  readonly #options: RestOptions;
  readonly #log: Log;
  #signatureJson: SignatureJson | undefined;

  constructor(inference: Inference, options: RestOptions, log: Log) {
    this.#inference = inference;
    this.#options = options;
    this.#log = log;
  }

  accepts(path: string): boolean {
    return isRestPath(path);
  }

  /** Answers a request; never rejects. */
  async handle(request: HttpRequest): Promise<HttpResponse> {
    const response = await this.#handle(request);
    return this.#options.enableCors === true
      ? { ...response, headers: { ...response.headers, ...CORS_HEADERS } }
      : response;
  }

  async #handle(request: HttpRequest): Promise<HttpResponse> {
    // The answer to a browser's preflight; without an origin it is refused.
    if (request.method === 'OPTIONS') {
      return { status: /https?:\/\//.test(request.header('origin') ?? '') ? 200 : 400, body: '' };
    }
    try {
      const route = parseRoute(request.method, request.path);
      return { status: 200, contentType: JSON_TYPE, body: await this.#answer(route, request) };
    } catch (error) {
      return errorResponse(this.#asServingError(error));
    }
  }

  async #answer({ action, spec }: Route, request: HttpRequest): Promise<Uint8Array | string> {
    const { timeoutMs } = this.#options;
    const context: CallContext = {
      entrypoint: 'REST',
      timeoutMs,
      signal: request.signal,
      startedAt: performance.now(),
    };
    switch (action) {
      case 'status':
        return formatModelStatus(this.#inference.status(spec, context));
      case 'metadata':
        this.#signatureJson ??= new SignatureJson();
        return formatMetadata(spec, this.#inference.metadata(spec, context), this.#signatureJson);
      case 'predict':
      case 'classify':
      case 'regress':
        return this.#infer({ action, spec }, request, context);
    }
  }

  async #infer(
    { action, spec }: { action: 'predict' | 'classify' | 'regress'; spec: ModelSpec },
    request: HttpRequest,
    context: CallContext,
  ): Promise<Uint8Array> {
    let document: PredictDocument;
    let examples: Examples;
    try {
      document = readPredictDocument(await this.#body(request));
      examples = action === 'predict' ? { examples: [] } : readExamples(document);
    } catch (error) {
      this.#inference.refused({ method: action }, spec, error, context);
      throw error;
    }
    const { signatureName } = document;
    switch (action) {
      case 'predict':
        return this.#predict(spec, document, context);
      case 'classify': {
        const { result } = await this.#inference.classify(spec, signatureName, examples, context);
        return writeClassifications(result);
      }
      case 'regress': {
        const { result } = await this.#inference.regress(spec, signatureName, examples, context);
        return writeRegressions(result);
      }
    }
  }

  async #predict(spec: ModelSpec, document: PredictDocument, context: CallContext): Promise<Uint8Array> {
    const { signatureName } = document;
    let format: PredictFormat = 'row';
    const inputs = (
      signature: Signature,
      { defaults = {} }: SignatureDef,
    ): ReadonlyMap<string, ServableTensor> => {
      const optional = new Set(Object.keys(defaults));
      const read = readPredictInputs(document, signature.inputs, optional);
      for (const { dtype } of signature.outputs.values()) checkWritable(dtype);
      ({ format } = read);
      return read.inputs;
    };
    const { result } = await this.#inference.predict(spec, { signatureName, inputs }, context);
    return writePredictResponse(result, format);
  }

  async #body(request: HttpRequest): Promise<Uint8Array> {
    if (request.header('content-encoding')?.toLowerCase() !== 'gzip') return request.body;
    try {
      return await inflate(request.body, { maxOutputLength: this.#options.maxBodyBytes });
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') {
        throw invalidArgument(
          `Request body is larger than ${this.#options.maxBodyBytes} bytes once unpacked`,
        );
      }
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw invalidArgument(`Failed to uncompress the gzipped body: ${reason}`);
    }
  }

  #asServingError(error: unknown): ServingError {
    if (error instanceof ServingError) return error;
    this.#log.warn(`request failed: ${String(error)}`);
    if (error instanceof Error && error.stack) this.#log.debug(error.stack);
    return new ServingError('INTERNAL', error instanceof Error ? error.message : String(error));
  }
}

/** `{"error": "…"}` with the HTTP status of the error's code. */
export function errorResponse(error: ServingError): HttpResponse {
  const writer = new JsonWriter();
  writer.startObject();
  writer.key('error');
  writer.string(error.message);
  writer.endObject();
  return { status: error.httpStatus, contentType: JSON_TYPE, body: writer.toBytes() };
}
