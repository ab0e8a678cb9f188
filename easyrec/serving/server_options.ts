import { UserError } from '../errors.js';
import type { Log } from '../log.js';
import type { ConfigProto } from '../tf/index.js';
import type { OpLibraryOptions } from '../trust/op_library_trust.js';
import type { BatchingParameters } from './batching/index.js';
import type { Patience } from './versions/version_watch.js';

/** Which models are served, and how their versions come and go. */
export interface ModelOptions {
  /** Folder that holds one folder per version; not with a config file. */
  readonly modelBasePath?: string | undefined;
  /** Default `default`. */
  readonly modelName?: string | undefined;
  /** A ModelServerConfig in text format: which models are served. */
  readonly modelConfigFile?: string | undefined;
  /** Between two looks at the config file; 0, the default, looks once. */
  readonly modelConfigPollSeconds?: number | undefined;
  /** Between two looks at the base paths; 0 looks once, a negative number never. Default: 1. */
  readonly fileSystemPollSeconds?: number | undefined;
  /** Further attempts to load a version after a failure that may pass. Default: 5. */
  readonly maxLoadRetries?: number | undefined;
  /** Default: 60,000,000. */
  readonly loadRetryIntervalMicros?: number | undefined;
  /** Whether a new label may name a version that is not available. Default: no. */
  readonly allowLabelsForUnavailable?: boolean | undefined;
  /** How many versions load, or unload, at a time; 0, the default, for one of each model. */
  readonly loadThreads?: number | undefined;
  readonly unloadThreads?: number | undefined;
  /** Calls that run longer than this after their version is withdrawn are cancelled. Default: 30. */
  readonly drainSeconds?: number | undefined;
  /** How long a version's folder must be at rest before it is loaded. */
  readonly patience?: Patience | undefined;
}

/** How models are loaded and run. */
export interface LoadOptions extends OpLibraryOptions {
  /** `process`: each version in a process of its own; `auto`, the default: those that bring op libraries. */
  readonly isolation?: 'auto' | 'process' | undefined;
  /** Of the graph to load. Default: `serve`. */
  readonly savedModelTags?: readonly string[] | undefined;
  readonly sessionConfig?: ConfigProto | undefined;
  /** Runs of one version at a time. Default: four for each processor. */
  readonly runsAtATime?: number | undefined;
  /** Calls of one version that may wait; further ones are refused with 429. Default: 4096. */
  readonly maxQueuedCalls?: number | undefined;
  /** Whether requests recorded with a model are replayed before it is available. Default: yes. */
  readonly warmup?: boolean | undefined;
  /** How often each of them is. Default: once. */
  readonly warmupIterations?: number | undefined;
  /** Batching as TensorFlow Serving does it; absent joins requests only where an export says that its rows allow it. */
  readonly batching?: BatchingOptions | undefined;
}

/** How requests are joined. */
export interface BatchingOptions {
  readonly parameters: BatchingParameters;
  /** Whether each model brings its own, in `batching_params.pbtxt`; one without is not batched. Default: no. */
  readonly perModel?: boolean;
}

/** Where clients reach the server. */
export interface ListenOptions {
  /** Address to listen on; default all of this machine's. */
  readonly host?: string | undefined;
  /** Default 8501; 0 takes any free port, which the log and the result name. */
  readonly restApiPort?: number | 'off' | undefined;
  /** A request whose model runs longer gets 504; default 30,000. */
  readonly restApiTimeoutMs?: number | undefined;
  /** Whether browsers may call from pages of other sites. Default: no. */
  readonly cors?: boolean | undefined;
  /** Larger requests are refused; default 64 MiB over REST, also once unpacked, and 2 GiB over gRPC. */
  readonly maxBodyBytes?: number | undefined;
  /** Default `off`; 0 takes any free port. */
  readonly grpcPort?: number | 'off' | undefined;
  /** Whether a gRPC port that is taken is only warned of. Default: no. */
  readonly grpcPortIsOptional?: boolean | undefined;
  /** A file to listen on as a Unix socket. */
  readonly grpcSocketPath?: string | undefined;
  /** An SSLConfig in text format: gRPC with TLS. */
  readonly sslConfigFile?: string | undefined;
  /** gRPC's own settings. */
  readonly grpcChannelArguments?: Readonly<Record<string, string | number>> | undefined;
  /** Whether the standard health checks are answered. Default: no. */
  readonly grpcHealthService?: boolean | undefined;
  /** Whether answers carry `tensor_content` instead of typed lists. Default: no. */
  readonly asTensorContent?: boolean | undefined;
  /** Whether a signature's method name must fit the call. Default: no. */
  readonly checkMethodNames?: boolean | undefined;
  /** A MonitoringConfig in text format. */
  readonly monitoringConfigFile?: string | undefined;
  /** Gets one line for each call. */
  readonly accessLogFile?: string | undefined;
}

/** What to serve, and how. */
export interface ServerOptions extends ModelOptions, LoadOptions, ListenOptions {
  readonly log: Log;
  /** Aborting it ends the start, which may take as long as there is no model; afterwards it means nothing. */
  readonly signal?: AbortSignal | undefined;
}

const INT32_MAX = 2 ** 31 - 1;

/**
 * Checks what the types cannot.
 * @throws UserError that names the flag.
 */
export function checkServerOptions(options: ServerOptions): void {
  const { modelName = 'default' } = options;
  if (/[/:]/.test(modelName) || modelName === '') {
    throw new UserError(
      `model_name: expected a name without "/" and ":", received ${JSON.stringify(modelName)}`,
    );
  }
  checkInteger('rest_api_port', options.restApiPort, 0, 65_535);
  checkInteger('port', options.grpcPort, 0, 65_535);
  checkInteger('rest_api_timeout_in_ms', options.restApiTimeoutMs, 1, INT32_MAX);
  checkInteger('max_request_bytes', options.maxBodyBytes, 1, INT32_MAX);
  checkInteger('num_load_threads', options.loadThreads, 0, INT32_MAX);
  checkInteger('num_unload_threads', options.unloadThreads, 0, INT32_MAX);
  checkInteger('max_num_load_retries', options.maxLoadRetries, 0, INT32_MAX);
  checkInteger('max_queued_calls', options.maxQueuedCalls, 0, INT32_MAX);
  // Node's timers cannot wait longer.
  checkInteger('load_retry_interval_micros', options.loadRetryIntervalMicros, -INT32_MAX, INT32_MAX * 1000);
  checkNumber('file_system_poll_wait_seconds', options.fileSystemPollSeconds, -INT32_MAX, INT32_MAX / 1000);
  checkNumber('model_config_file_poll_wait_seconds', options.modelConfigPollSeconds, 0, INT32_MAX / 1000);
  checkNumber('drain_timeout_seconds', options.drainSeconds, 0, INT32_MAX / 1000);
}

function checkInteger(flag: string, value: number | string | undefined, low: number, high: number): void {
  if (typeof value !== 'number' || (Number.isInteger(value) && value >= low && value <= high)) return;
  throw new UserError(`${flag}: expected an integer from ${low} to ${high}, received ${value}`);
}

function checkNumber(flag: string, value: number | undefined, low: number, high: number): void {
  if (value === undefined || (value >= low && value <= high)) return;
  throw new UserError(`${flag}: expected a number from ${low} to ${high}, received ${value}`);
}
