import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import type { Log } from '../../log.js';
import type { ModelCatalog, ModelSpec } from '../catalog.js';
import type { HttpHandler, HttpRequest, HttpResponse } from '../http.js';
import type { CallContext, Inference } from '../inference/index.js';
import { invalidArgument, ServingError } from '../status.js';
import { infer } from './infer.js';
import type { InferRequest } from './infer_request.js';
import { isModelReady, isServerReady, modelMetadata, serverMetadata, specOf } from './model_metadata.js';
import { HEADER_LENGTH, readInferRequest } from './rest_request.js';
import { inferResponse } from './rest_response.js';

/** Limits of the protocol's REST form. */
export interface KserveOptions {
  /** A model may run this long. */
  readonly timeoutMs: number;
  /** Limit for a body once it is unpacked. */
  readonly maxBodyBytes: number;
}

const PATH = /^\/v2(?:\/.*)?$/;
const MODEL_PATH = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|infer))?\/?$/;
const UNPACK = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;

/** The open inference protocol (KServe V2) over REST, with the extension for binary data. */
export class KserveHandler implements HttpHandler {
  readonly #inference: Inference;
  readonly #catalog: ModelCatalog;
  readonly #about = serverMetadata();
  readonly #options: KserveOptions;
  readonly #log: Log;

  constructor(inference: Inference, options: KserveOptions, log: Log) {
    this.#inference = inference;
    this.#catalog = inference.catalog;
    this.#options = options;
    this.#log = log;
  }

  accepts(path: string): boolean {
    return PATH.test(path);
  }

  async handle(request: HttpRequest): Promise<HttpResponse> {
    try {
      return await this.#answer(request);
    } catch (error) {
      const known = this.#asServingError(error);
      return { ...json({ error: known.message }), status: known.httpStatus };
    }
  }

  async #answer(request: HttpRequest): Promise<HttpResponse> {
    const { path, method } = request;
    const match = MODEL_PATH.exec(path);
    if (match?.[3] === 'infer') {
      if (method !== 'POST') throw new WrongMethod(method, path);
      return this.#infer(specOf(decoded(match[1]), decoded(match[2])), request);
    }
    if (method !== 'GET') throw new WrongMethod(method, path);
    if (match !== null) {
      const spec = specOf(decoded(match[1]), decoded(match[2]));
      return match[3] === 'ready' ? this.#modelReady(spec) : json(modelMetadata(this.#catalog, spec));
    }
    switch (path.replace(/\/$/, '')) {
      case '/v2':
        return json(this.#about);
      case '/v2/health/live':
        return json({ live: true });
      case '/v2/health/ready': {
        const ready = isServerReady(this.#catalog);
        return { ...json({ ready }), status: ready ? 200 : 503 };
      }
      default:
        throw new ServingError('NOT_FOUND', `${method} ${path} is not part of the open inference protocol`);
    }
  }

  #modelReady(spec: ModelSpec): HttpResponse {
    const ready = isModelReady(this.#catalog, spec);
    return { ...json({ name: spec.name, ready }), status: ready ? 200 : 503 };
  }

  async #infer(spec: ModelSpec, request: HttpRequest): Promise<HttpResponse> {
    const context: CallContext = {
      entrypoint: 'REST',
      timeoutMs: this.#options.timeoutMs,
      signal: request.signal,
      startedAt: performance.now(),
    };
    const read = async (): Promise<InferRequest> =>
      readInferRequest(await this.#body(request), request.header(HEADER_LENGTH));
    const { asked, result } = await infer(this.#inference, spec, read, context);
    return inferResponse(asked, result);
  }

  async #body(request: HttpRequest): Promise<Uint8Array> {
    const { body } = request;
    const encoding = request.header('content-encoding')?.toLowerCase() ?? 'identity';
    if (encoding === 'identity') return body;
    if (encoding !== 'gzip' && encoding !== 'deflate') {
      throw invalidArgument(`content-encoding: expected gzip or deflate, received ${encoding}`);
    }
    try {
      return await UNPACK[encoding](body, { maxOutputLength: this.#options.maxBodyBytes });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw invalidArgument(`the body cannot be unpacked: ${reason}`);
    }
  }

  #asServingError(error: unknown): ServingError {
    if (error instanceof ServingError) return error;
    this.#log.warn(`request failed: ${String(error)}`);
    if (error instanceof Error && error.stack) this.#log.debug(error.stack);
    return new ServingError('INTERNAL', error instanceof Error ? error.message : String(error));
  }
}

/** HTTP's own error, which no status code of TensorFlow stands for. */
class WrongMethod extends ServingError {
  constructor(method: string, path: string) {
    super('INVALID_ARGUMENT', `${method} ${path}: this method is not allowed here`);
  }

  override get httpStatus(): number {
    return 405;
  }
}

function decoded(text = ''): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidArgument(`${text} is not percent-encoded text`);
  }
}

function json(value: object): HttpResponse {
  return { status: 200, contentType: 'application/json', body: JSON.stringify(value) };
}
