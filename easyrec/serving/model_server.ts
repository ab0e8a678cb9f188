import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { DataError } from '../errors.js';
import type { Log } from '../log.js';
import { readAllowList } from '../trust/allow_list.js';
import { opLibraryTrust } from '../trust/op_library_trust.js';
import type { GrpcServer } from './grpc/grpc_server.js';
import { type HttpServer, startHttpServer } from './http_server.js';
import type { HttpHandler } from './http.js';
import { KserveHandler } from './kserve/kserve_handler.js';
import { Inference, type InferenceObserver } from './inference/index.js';
import type { LoadRequest, ModelLoader } from './loader.js';
import { AccessLog, readMonitoringConfig, ServerMetrics } from './monitoring/index.js';
import { ModelPreparation } from './model_preparation.js';
import { PageHandler } from './page/index.js';
import { RequestLog } from './request_log/index.js';
import type { ServableModel } from './servable.js';
import { checkServerOptions, type ServerOptions } from './server_options.js';
import { ServingLoader } from './serving_loader.js';
import { invalidArgument, ServingError } from './status.js';
import { RestHandler } from './tfserving/rest_handler.js';
import { ConfigFilePoller } from './versions/config_file_poller.js';
import { ModelManager, type ReloadableCatalog } from './versions/model_manager.js';
import {
  type ModelConfig,
  type ModelServerConfig,
  singleModelConfig,
} from './versions/model_server_config.js';
import { parseModelServerConfig } from './versions/model_server_config_proto.js';

/** A server that answers. */
export interface RunningServer {
  /** Of REST; 0 where that is off. */
  readonly port: number;
  /** Of gRPC; 0 where that is off. */
  readonly grpcPort: number;
  readonly catalog: ReloadableCatalog;
  /** Stops taking requests, lets those in progress end, then frees the models; calling it again does nothing. */
  close(): Promise<void>;
}

/** When the server is to stop, calls that run longer are cancelled: a little before their connections are cut. */
const ANSWER_MS = 8_000;
/** What a connection may be idle beyond the time of the longest answer. */
const IDLE_MS = 60_000;
const DEFAULT_REST_PORT = 8501;
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_BODY_BYTES = 64 * 1024 * 1024;
/** Over gRPC there is no limit but the protocol's own, as in TensorFlow Serving. */
const DEFAULT_MAX_MESSAGE_BYTES = 2 ** 31 - 1;

/**
 * Loads models and serves them over TensorFlow Serving's protocols, as soon as each of them is available; waits for
 * those that have no version yet.
 *
 * @throws UserError for options that cannot be; ServingError in TensorFlow Serving's words when models cannot be served.
 */
export async function startModelServer(options: ServerOptions): Promise<RunningServer> {
  checkServerOptions(options);
  const { signal } = options;
  signal?.throwIfAborted();
  const server = new ModelServer(options);
  const stop = (): void => void server.close();
  signal?.addEventListener('abort', stop);
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.close();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** The rooms of the server put together. */
class ModelServer implements RunningServer {
  readonly catalog: ModelManager;
  readonly #options: ServerOptions;
  readonly #log: Log;
  readonly #metrics: ServerMetrics;
  readonly #requestLog: RequestLog;
  readonly #accessLog: AccessLog | undefined;
  #http: HttpServer | undefined;
  #grpc: GrpcServer | undefined;
  #poller: ConfigFilePoller | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ServerOptions) {
    const { log, accessLogFile, monitoringConfigFile } = options;
    this.#options = options;
    this.#log = log;
    this.#metrics = new ServerMetrics(
      monitoringConfigFile === undefined ? {} : readMonitoringConfig(monitoringConfigFile),
    );
    this.#requestLog = new RequestLog({
      log,
      onLogged: (name, status) => this.#metrics.requestLogged(name, status),
    });
    this.#accessLog = accessLogFile === undefined ? undefined : new AccessLog(accessLogFile, log);
    this.catalog = this.#manager();
  }

  get port(): number {
    return this.#http?.port ?? 0;
  }

  get grpcPort(): number {
    return this.#grpc?.port ?? 0;
  }

  async start(): Promise<void> {
    const { modelConfigFile, modelConfigPollSeconds = 0, opLibraryAllowList } = this.#options;
    // Read again for each model that brings libraries; what is wrong with it now is told now.
    if (opLibraryAllowList !== undefined) await readAllowList(opLibraryAllowList);
    const text = modelConfigFile === undefined ? '' : readText(modelConfigFile);
    await this.catalog.start(configOf(this.#options, text));
    const observers = [this.#metrics, this.#requestLog, ...(this.#accessLog ? [this.#accessLog] : [])];
    const inference = this.#inference(observers);
    await this.#startGrpc(inference);
    await this.#startHttp(inference);
    if (this.#closing !== undefined) {
      // Closed while the ports were being opened.
      await Promise.all([this.#http?.close(), this.#grpc?.close()]);
      throw new ServingError('UNAVAILABLE', 'the server is stopping');
    }
    if (modelConfigFile !== undefined && modelConfigPollSeconds > 0) {
      const intervalMs = modelConfigPollSeconds * 1000;
      this.#poller = new ConfigFilePoller(modelConfigFile, text, intervalMs, this.catalog, this.#log);
    }
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#poller?.stop();
    const answered = Promise.all([this.#http?.close(), this.#grpc?.close()]);
    const limit = new AbortController();
    const { drainSeconds = Infinity } = this.#options;
    const waited = delay(Math.min(ANSWER_MS, drainSeconds * 1000), undefined, limit).catch(() => undefined);
    await Promise.race([answered, waited]);
    limit.abort();
    // What still runs is cancelled, and answered so before the servers cut its connection.
    await this.catalog.close(0);
    await answered;
    await Promise.all([this.#requestLog.close(), this.#accessLog?.close()]);
  }

  #manager(): ModelManager {
    const { drainSeconds, fileSystemPollSeconds, loadRetryIntervalMicros, patience, ...options } =
      this.#options;
    const preparation = new ModelPreparation(options, this.#log, this.#metrics);
    return new ModelManager({
      loader: this.#loader(preparation),
      prepare: (model, request) => preparation.prepare(model, request),
      onConfig: (models) => this.#requestLog.update(loggingOf(models)),
      log: this.#log,
      allowLabelsForUnavailable: options.allowLabelsForUnavailable ?? false,
      loadThreads: options.loadThreads ?? 0,
      unloadThreads: options.unloadThreads ?? 0,
      ...(options.maxLoadRetries !== undefined && { maxLoadRetries: options.maxLoadRetries }),
      ...(loadRetryIntervalMicros !== undefined && { loadRetryIntervalMs: loadRetryIntervalMicros / 1000 }),
      ...(fileSystemPollSeconds !== undefined && { pollMs: fileSystemPollSeconds * 1000 }),
      ...(drainSeconds !== undefined && { drainMs: drainSeconds * 1000 }),
      ...(patience !== undefined && { patience }),
    });
  }

  #loader(preparation: ModelPreparation): ModelLoader {
    const options = this.#options;
    const loader = new ServingLoader({
      trust: opLibraryTrust(options),
      isolation: options.isolation ?? 'auto',
      tags: options.savedModelTags ?? ['serve'],
      config: options.sessionConfig ?? {},
      runsAtATime: options.runsAtATime,
      maxQueuedCalls: options.maxQueuedCalls,
      warmUp: (request, model) => preparation.warmUp(model, request),
      onHealth: (request, { state, problem }) => {
        this.catalog.report(request, state === 'running' ? undefined : problem);
      },
    });
    return new MeasuredLoader(loader, this.#metrics);
  }

  #inference(observers: readonly InferenceObserver[]): Inference {
    return new Inference(this.catalog, observers, {
      checkMethodNames: this.#options.checkMethodNames ?? false,
    });
  }

  async #startHttp(inference: Inference): Promise<void> {
    const { restApiPort = DEFAULT_REST_PORT, host = '0.0.0.0', log } = this.#options;
    if (restApiPort === 'off') return;
    const maxBodyBytes = this.#options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
    const timeoutMs = this.#options.restApiTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    const enableCors = this.#options.cors ?? false;
    const handlers: HttpHandler[] = [
      new RestHandler(inference, { timeoutMs, maxBodyBytes, enableCors }, log),
      new KserveHandler(inference, { timeoutMs, maxBodyBytes }, log),
      new PageHandler(this.catalog, this.#metrics),
      this.#metrics,
    ];
    this.#http = await startHttpServer(handlers, {
      host,
      port: restApiPort,
      maxBodyBytes,
      idleTimeoutMs: Math.min(timeoutMs + IDLE_MS, 2 ** 31 - 1),
    });
    const [name = '', ...others] = this.catalog.names();
    const path = others.length > 0 || name === '' ? '' : `/${encodeURIComponent(name)}:predict`;
    log.info(`serving at http://${host}:${this.#http.port}/v1/models${path}`);
  }

  async #startGrpc(inference: Inference): Promise<void> {
    const { grpcPort = 'off', grpcSocketPath } = this.#options;
    if (grpcPort === 'off' && grpcSocketPath === undefined) return;
    // Loaded only where it is used: it takes its time.
    const { startServingGrpc } = await import('./grpc_protocols.js');
    this.#grpc = await startServingGrpc(this.#options, {
      inference,
      catalog: this.catalog,
      metrics: this.#metrics,
      maxMessageBytes: this.#options.maxBodyBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
    });
  }
}

/** Counts loads and how long they take. */
class MeasuredLoader implements ModelLoader {
  constructor(
    readonly loader: ModelLoader,
    readonly metrics: ServerMetrics,
  ) {}

  async load(request: LoadRequest, log: Log): Promise<ServableModel> {
    const started = performance.now();
    let isLoaded = false;
    try {
      const model = await this.loader.load(request, log);
      isLoaded = true;
      return model;
    } finally {
      this.metrics.modelLoaded(request.directory, isLoaded, performance.now() - started);
    }
  }

  close(): Promise<void> {
    return this.loader.close();
  }
}

function configOf(
  { modelBasePath, modelConfigFile, modelName = 'default' }: ServerOptions,
  text: string,
): ModelServerConfig {
  if (modelConfigFile !== undefined) return parseModelServerConfig(text, modelConfigFile);
  if (modelBasePath !== undefined) return singleModelConfig(modelName, modelBasePath);
  throw invalidArgument(
    'Both server_options.model_base_path and server_options.model_config_file are empty!',
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`model_config_file ${file} cannot be read: ${reason}`, { cause });
  }
}

function loggingOf(models: readonly ModelConfig[]): Parameters<RequestLog['update']>[0] {
  return new Map(
    models.flatMap(({ name, logging }) => (logging === undefined ? [] : [[name, logging] as const])),
  );
}
