import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Log } from '../../log.js';
import type { ModelCatalog } from '../catalog.js';
import type { HttpHandler, HttpRequest, HttpResponse } from '../http.js';
import { invalidArgument, ServingError } from '../status.js';
import { JsonWriter } from './json_writer.js';
import { formatMetadata, formatModelStatus } from './model_info.js';
import { readPredictDocument, readPredictInputs } from './predict_request.js';
import { checkWritable, writePredictResponse } from './predict_response.js';
import { isRestPath, parseRoute, type Route } from './routes.js';

/** How the protocol behaves where TensorFlow Serving has a flag. */
export interface RestOptions {
  /** A model may run this long (`--rest_api_timeout_in_ms`). */
  readonly timeoutMs: number;
  /** Limit for a body once it is unpacked. */
  readonly maxBodyBytes: number;
}

const JSON_TYPE = 'application/json';
const inflate = promisify(gunzip);

/** TensorFlow Serving's REST protocol over a catalog of models; knows nothing of sockets. */
export class RestHandler implements HttpHandler {
  readonly #catalog: ModelCatalog;
  readonly #options: RestOptions;
  readonly #log: Log;

  constructor(catalog: ModelCatalog, options: RestOptions, log: Log) {
    this.#catalog = catalog;
    this.#options = options;
    this.#log = log;
  }

  accepts(path: string): boolean {
    return isRestPath(path);
  }

  /** Answers a request; never rejects. */
  async handle(request: HttpRequest): Promise<HttpResponse> {
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

  async #answer(route: Route, request: HttpRequest): Promise<Uint8Array | string> {
    switch (route.action) {
      case 'status':
        return formatModelStatus(this.#catalog.status(route.spec));
      case 'metadata':
        return formatMetadata(route.spec, this.#catalog.find(route.spec));
      case 'predict':
        return this.#predict(route, await this.#body(request));
      case 'classify':
      case 'regress':
        throw new ServingError(
          'UNIMPLEMENTED',
          `Method ${route.action} is not implemented by this server: use predict with a signature that takes tensors`,
        );
    }
  }

  async #predict({ spec }: Route, body: Uint8Array): Promise<Uint8Array> {
    const document = readPredictDocument(body);
    const { signatureName } = document;
    const { model } = this.#catalog.find(spec);
    const signature = model.signatures.get(signatureName);
    if (signature === undefined) {
      throw invalidArgument(`Serving signature name: "${signatureName}" not found in signature def`);
    }
    const { format, inputs } = readPredictInputs(document, signature.inputs);
    for (const { dtype } of signature.outputs.values()) checkWritable(dtype);
    const outputs = await model.run({ signatureName, inputs, timeoutMs: this.#options.timeoutMs });
    return writePredictResponse(outputs, format);
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
