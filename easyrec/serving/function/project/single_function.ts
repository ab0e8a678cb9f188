import { basename, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../../errors.js';
import type { Log } from '../../../log.js';
import type { HttpHandler, HttpRequest, HttpResponse } from '../../http.js';
import { type HttpServer, startHttpServer } from '../../http_server.js';
import { ServingError } from '../../status.js';
import { Gateway } from '../gateway.js';
import { MAX_MESSAGE_BYTES } from '../protocol.js';
import { packFolder } from './pack_folder.js';
import type { RuntimeName } from './runtimes.js';

/** A function that is to be the only one of its process. */
export interface SingleFunctionOptions {
  readonly folder: string;
  readonly runtime: RuntimeName;
  /** Relative to the folder. */
  readonly handlerFile: string;
  readonly handlerName: string;
  /** Keeps what is installed for the function. */
  readonly stateDirectory: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** 0 stands for the gateway's default, here and below. */
  readonly timeoutMs: number;
  readonly concurrency: number;
  /** The interpreter that makes the environments of python3 functions; default `python3`. */
  readonly python?: string | undefined;
  readonly log: Log;
}

/** A function that takes calls. */
export interface SingleFunction {
  readonly port: number;
  /** Takes no more calls, and lets those in progress end. */
  close(): Promise<void>;
}

const NAME = 'function';
const IMAGE = 'function';
const POLL_MS = 50;
const DRAIN_MS = 25_000;
const TEXT = 'text/plain; charset=utf-8';
/** Where Knative's and OpenFaaS's probes look. */
const HEALTH_PATHS = ['/healthz', '/_/health'];

/**
 * Installs what a function requires into the state folder, and stops.
 * @param signal ends it early: rejects with the signal's reason.
 */
export async function prepareSingleFunction(
  options: SingleFunctionOptions,
  signal: AbortSignal,
): Promise<void> {
  const gateway = await open(options, signal);
  await gateway.close(0);
}

/**
 * Serves one function at every path over HTTP, once its handler is loaded: what containers do.
 * @param signal ends the start early: rejects with the signal's reason.
 * @throws UserError when it does not start.
 */
export async function serveSingleFunction(
  options: SingleFunctionOptions,
  signal: AbortSignal,
): Promise<SingleFunction> {
  const gateway = await open(options, signal);
  try {
    const wanted = { Service: NAME, Image: IMAGE };
    await (gateway.has(NAME) ? gateway.update(wanted) : gateway.deploy(wanted));
    await untilReady(gateway, signal);
    const { host, port, log } = options;
    const server = await startHttpServer([handlerOf(gateway)], {
      host,
      port,
      maxBodyBytes: MAX_MESSAGE_BYTES,
    });
    log.info(`${basename(resolve(options.folder))} takes calls at http://${host}:${server.port}/`);
    return { port: server.port, close: () => stop(server, gateway) };
  } catch (error) {
    await gateway.close(0);
    throw error;
  }
}

async function stop(server: HttpServer, gateway: Gateway): Promise<void> {
  await server.close();
  await gateway.close(DRAIN_MS);
}

async function open(options: SingleFunctionOptions, signal: AbortSignal): Promise<Gateway> {
  const { folder, runtime, handlerFile, handlerName, log } = options;
  const file = { folder: resolve(folder), file: handlerFile };
  const archive = packFolder(file, (message) => new UserError(message));
  const { stateDirectory, python } = options;
  const gateway = await Gateway.open({ stateDirectory, python, log });
  try {
    await gateway.upload({
      header: {
        ...{ image: IMAGE, runtime, handler_file: handlerFile, handler_name: handlerName },
        ...{ timeout_ms: options.timeoutMs, concurrency: options.concurrency },
      },
      archive,
      onLine: (line) => log.debug(line),
      signal,
    });
    return gateway;
  } catch (error) {
    await gateway.close(0);
    signal.throwIfAborted();
    throw error instanceof ServingError ? new UserError(error.message, { cause: error }) : error;
  }
}

async function untilReady(gateway: Gateway, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { state, error } = gateway.status(NAME);
    if (state === 'ready') return;
    if (state === 'failing') throw new UserError(`the function does not start: ${error}`);
    signal.throwIfAborted();
    await sleep(POLL_MS);
  }
}

function handlerOf(gateway: Gateway): HttpHandler {
  return {
    accepts: () => true,
    handle: async (request) => {
      if (HEALTH_PATHS.includes(request.path)) return text(200, 'OK');
      try {
        return await answer(gateway, request);
      } catch (error) {
        if (error instanceof ServingError) return text(error.httpStatus, error.message);
        return text(500, error instanceof Error ? error.message : String(error));
      }
    },
  };
}

async function answer(gateway: Gateway, { method, body, signal }: HttpRequest): Promise<HttpResponse> {
  if (method !== 'POST' && method !== 'GET') return text(405, `expected GET or POST, received ${method}`);
  return text(200, await gateway.invoke(NAME, body, signal));
}

function text(status: number, body: string | Uint8Array): HttpResponse {
  return { status, contentType: TEXT, body };
}
