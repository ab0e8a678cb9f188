import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { UserError } from '../errors.js';
import { ServingError, type StatusCode } from './status.js';
import { errorResponse, type RestHandler, type RestResponse } from './tfserving/rest_handler.js';

/** Where an HTTP server listens, and what it takes. */
export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Larger request bodies are refused with 413. */
  readonly maxBodyBytes: number;
}

/** An HTTP server that listens. */
export interface HttpServer {
  readonly port: number;
  /** Stops listening, lets requests in progress end, and resolves when all have. */
  close(): Promise<void>;
}

/** A client that takes longer than this to send its request is cut off. */
const RECEIVE_TIMEOUT_MS = 60_000;

/**
 * Starts an HTTP server that hands every request to `handler`, whatever its method, path and content type.
 * @throws UserError when the port is taken or may not be used.
 */
export async function startHttpServer(handler: RestHandler, options: HttpServerOptions): Promise<HttpServer> {
  // Loaded only when something is served: it takes a share of the time that every program start-up has.
  const { fastify } = await import('fastify');
  const app = fastify({
    bodyLimit: options.maxBodyBytes,
    requestTimeout: RECEIVE_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    // Routing is the protocol's own business: it needs the path as it was sent, even where it is no valid URL.
    rewriteUrl: () => '/',
    exposeHeadRoutes: false,
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
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    send(reply, await handler.handle(restRequest(request)));
  app.all('/', answer);
  app.setNotFoundHandler(answer);
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const code: StatusCode = error.statusCode === 503 ? 'UNAVAILABLE' : 'INVALID_ARGUMENT';
    const response = errorResponse(new ServingError(code, error.message));
    return send(reply, { ...response, status: error.statusCode ?? response.status });
  });
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (cause) {
    await app.close();
    throw new UserError(listenError(cause, options), { cause });
  }
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const close = (): Promise<void> => {
    closing = true;
    return app.close();
  };
  return { port, close };
}

function restRequest(request: FastifyRequest): Parameters<RestHandler['handle']>[0] {
  const [path = ''] = request.originalUrl.split('?', 1);
  return {
    method: request.method,
    path,
    contentEncoding: request.headers['content-encoding'],
    origin: request.headers.origin,
    body: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
  };
}

function send(reply: FastifyReply, { status, contentType, body }: RestResponse): FastifyReply {
  if (contentType !== undefined) void reply.header('content-type', contentType);
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
