import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { UserError } from '../errors.js';
import type { HttpHandler, HttpRequest, HttpResponse } from './http.js';
import { answerMalformedHttp } from './malformed_http.js';
import { ServingError, type StatusCode } from './status.js';
import { errorResponse } from './tfserving/rest_handler.js';

/** Where an HTTP server listens, and what it takes. */
export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Larger request bodies are refused with 413. */
  readonly maxBodyBytes: number;
  /**
   * A connection on which nothing has moved for so long is cut off, such as that of a client that does not read.
   * Default: none is.
   */
  readonly idleTimeoutMs?: number;
}

/** An HTTP server that listens. */
export interface HttpServer {
  readonly port: number;
  /** Stops listening, lets requests in progress end, and cuts off what has not ended after 9 s. */
  close(): Promise<void>;
}

/** As long as container runtimes wait before they kill, less a margin. */
const DRAIN_MS = 9_000;
/** A client that takes longer than this to send its request is cut off. */
const RECEIVE_TIMEOUT_MS = 60_000;

/** What TensorFlow Serving answers where no protocol does. */
const NOT_FOUND: HttpResponse = {
  status: 404,
  contentType: 'text/html',
  body: '<HTML><HEAD>\n<TITLE>404 Not Found</TITLE>\n</HEAD><BODY>\n<H1>Not Found</H1>\n</BODY></HTML>\n',
};

/**
 * Starts an HTTP server that hands every request to the first handler that accepts its path, whatever its method and
 * content type.
 * @throws UserError when the port is taken or may not be used.
 */
export async function startHttpServer(
  handlers: readonly HttpHandler[],
  options: HttpServerOptions,
): Promise<HttpServer> {
  // Loaded only when something is served: it takes a share of the time that every program start-up has.
  const { fastify } = await import('fastify');
  const app = fastify({
    bodyLimit: options.maxBodyBytes,
    requestTimeout: RECEIVE_TIMEOUT_MS,
    connectionTimeout: options.idleTimeoutMs ?? 0,
    forceCloseConnections: 'idle',
    // Routing is the protocol's own business: it needs the path as it was sent, even where it is no valid URL.
    rewriteUrl: () => '/',
    exposeHeadRoutes: false,
    clientErrorHandler: answerMalformedHttp,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  app.addHook('onRequest', (request, _reply, done) => {
    // The content type is ignored, so one that is no valid type must not be an error either.
    delete request.headers['content-type'];
    done();
  });
  let closing = false;
  // A connection that was busy when closing began would stay open, idle, until its client or a timeout ends it.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing) void reply.header('connection', 'close');
    done();
  });
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const received = httpRequest(request, reply);
    const handler = handlers.find((candidate) => candidate.accepts(received.path));
    return send(reply, handler === undefined ? NOT_FOUND : await handler.handle(received));
  };
  app.all('/', answer);
  app.setNotFoundHandler(answer);
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const code: StatusCode = error.statusCode === 503 ? 'UNAVAILABLE' : 'INVALID_ARGUMENT';
    const response = errorResponse(new ServingError(code, error.message));
    return send(reply, { ...response, status: error.statusCode ?? response.status });
  });
  const port = await listen(app, options);
  const close = async (): Promise<void> => {
    closing = true;
    const force = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
    await app.close();
    clearTimeout(force);
  };
  return { port, close };
}

/** Returns the port that it listens on. */
async function listen(app: FastifyInstance, options: HttpServerOptions): Promise<number> {
  const { host, port } = options;
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    throw new UserError(listenError(cause, options), { cause });
  }
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function httpRequest(request: FastifyRequest, reply: FastifyReply): HttpRequest {
  const { originalUrl, headers } = request;
  const queryStart = originalUrl.indexOf('?');
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return {
    method: request.method,
    path: queryStart < 0 ? originalUrl : originalUrl.slice(0, queryStart),
    query: queryStart < 0 ? '' : originalUrl.slice(queryStart + 1),
    header: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
    signal: gone.signal,
  };
}

function send(reply: FastifyReply, { status, contentType, headers, body }: HttpResponse): FastifyReply {
  if (contentType !== undefined) void reply.header('content-type', contentType);
  if (headers !== undefined) void reply.headers(headers);
  return reply.code(status).send(typeof body === 'string' ? Buffer.from(body) : body);
}

function listenError(error: unknown, { host, port }: HttpServerOptions): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return `cannot listen on ${host}:${port}: the port is in use by another process; choose another with --rest_api_port`;
  }
  if (code === 'EACCES') return `cannot listen on ${host}:${port}: ports below 1024 need the right to do so`;
  return `cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`;
}
