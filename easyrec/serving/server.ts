import { resolve } from 'node:path';
import { UserError } from '../errors.js';
import type { Log } from '../log.js';
import { startHttpServer } from './http_server.js';
import { Inference } from './inference/inference.js';
import { loadModel } from './load_model.js';
import { newestVersion } from './model_versions.js';
import { SingleModelCatalog } from './single_model_catalog.js';
import { RestHandler } from './tfserving/rest_handler.js';

/** What to serve, and how. */
export interface ServerOptions {
  /** Folder that holds one folder per version. */
  readonly modelBasePath: string;
  /** Default `default`. */
  readonly modelName?: string;
  /** Default 8501; 0 takes any free port, which the log and the result name. */
  readonly restApiPort?: number;
  /** Address to listen on; default all of this machine's. */
  readonly host?: string;
  /** A request whose model runs longer gets 504; default 30,000. */
  readonly restApiTimeoutMs?: number;
  /** Larger request bodies are refused; default 64 MiB, which also limits what a gzipped body unpacks to. */
  readonly maxBodyBytes?: number;
  /** Whether op libraries in the model's assets folder are loaded; default no, since that runs their code. */
  readonly loadOpLibraries?: boolean;
  readonly log: Log;
}

/** A server that answers. */
export interface RunningServer {
  readonly port: number;
  /** The version being served. */
  readonly version: bigint;
  /** Stops taking requests, lets those in progress end, then frees the model; calling it again does nothing. */
  close(): Promise<void>;
}

const DEFAULT_PORT = 8501;
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_BODY_BYTES = 64 * 1024 * 1024;

/**
 * Loads the newest version of a model and serves it over TensorFlow Serving's REST protocol.
 * @throws UserError when there is no model, it cannot be loaded, or the port cannot be had.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { log, modelName = 'default', restApiPort = DEFAULT_PORT, host = '0.0.0.0' } = options;
  const timeoutMs = options.restApiTimeoutMs ?? DEFAULT_TIMEOUT_MS;
  const maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
  checkInteger('rest_api_port', restApiPort, 0, 65_535);
  checkInteger('rest_api_timeout_in_ms', timeoutMs, 1, 2 ** 31 - 1);
  checkInteger('max_request_bytes', maxBodyBytes, 1, 2 ** 31 - 1);
  if (/[/:]/.test(modelName) || modelName === '') {
    throw new UserError(
      `model_name: expected a name without "/" and ":", received ${JSON.stringify(modelName)}`,
    );
  }
  const found = newestVersion(resolve(options.modelBasePath));
  log.info(`loading model ${modelName} version ${found.version} from ${found.directory}`);
  const model = await loadModel(found, { loadOpLibraries: options.loadOpLibraries ?? false }, log);
  const catalog = new SingleModelCatalog(modelName, { version: found.version, model });
  try {
    const handler = new RestHandler(new Inference(catalog), { timeoutMs, maxBodyBytes }, log);
    const http = await startHttpServer([handler], { host, port: restApiPort, maxBodyBytes });
    log.info(`serving at http://${host}:${http.port}/v1/models/${encodeURIComponent(modelName)}:predict`);
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => (closing ??= http.close().then(() => model.close()));
    return { port: http.port, version: found.version, close };
  } catch (error) {
    await model.close();
    throw error;
  }
}

function checkInteger(flag: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new UserError(`${flag}: expected an integer from ${low} to ${high}, received ${value}`);
  }
}
