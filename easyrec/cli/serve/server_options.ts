import { UserError } from '../../errors.js';
import type { Log } from '../../log.js';
import { defaultBatchingParameters, readBatchingParameters } from '../../serving/batching/index.js';
import type {
  BatchingOptions,
  ListenOptions,
  LoadOptions,
  ModelOptions,
  ServerOptions,
} from '../../serving/server_options.js';
import { readTextProto } from '../../serving/text_proto.js';
import { type ConfigProto, configProtoType } from '../../tf/index.js';
import type { Given } from '../args.js';
import { opLibraryOptions } from '../op_library_flags.js';
import { IDLE_FLAGS, REFUSED_FLAGS, type SERVING_FLAGS } from './serving_flags.js';

type ServingFlags = Given<typeof SERVING_FLAGS>;

/** What the two programs read from the flags of the ports differs. */
export type Ports = Pick<ListenOptions, 'restApiPort' | 'grpcPort' | 'grpcPortIsOptional'>;

/**
 * What a server is to do, from its flags.
 * @throws UserError for flags that contradict each other, files that cannot be read, and what this server has not.
 */
export function serverOptions(flags: ServingFlags, ports: Ports, log: Log): ServerOptions {
  refuseAbsent(flags, log);
  return { ...modelOptions(flags), ...loadOptions(flags, log), ...listenOptions(flags), ...ports, log };
}

/** A port of its flag; `zero` is what 0 means. */
export function portOf(name: string, text: string | undefined, zero: 0 | 'off'): number | 'off' | undefined {
  if (text === undefined) return undefined;
  if (text === 'off') return 'off';
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new UserError(`--${name}: expected a port from 0 to 65535, or off, received "${text}"`);
  }
  return port === 0 ? zero : port;
}

function modelOptions(flags: ServingFlags): ModelOptions {
  const incompleteMs = secondsOf(flags.incomplete_version_wait_seconds);
  return {
    modelBasePath: flags.model_base_path,
    modelName: flags.model_name,
    modelConfigFile: flags.model_config_file,
    modelConfigPollSeconds: flags.model_config_file_poll_wait_seconds,
    fileSystemPollSeconds: flags.file_system_poll_wait_seconds,
    maxLoadRetries: flags.max_num_load_retries,
    loadRetryIntervalMicros: flags.load_retry_interval_micros,
    allowLabelsForUnavailable: flags.allow_version_labels_for_unavailable_models,
    loadThreads: flags.num_load_threads,
    unloadThreads: flags.num_unload_threads,
    drainSeconds: flags.drain_timeout_seconds,
    ...(incompleteMs !== undefined && { patience: { quietMs: Math.min(1000, incompleteMs), incompleteMs } }),
  };
}

function secondsOf(seconds: number | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  if (seconds >= 0) return seconds * 1000;
  throw new UserError(`--incomplete_version_wait_seconds: expected 0 or more, received ${seconds}`);
}

function loadOptions(flags: ServingFlags, log: Log): LoadOptions {
  const isolation = flags.model_isolation;
  if (isolation !== undefined && isolation !== 'auto' && isolation !== 'process') {
    throw new UserError(`--model_isolation: expected auto or process, received "${isolation}"`);
  }
  const threads = [flags.rest_api_num_threads, flags.grpc_max_threads].filter((count) => count !== undefined);
  const iterations = flags.num_request_iterations_for_warmup ?? 0;
  return {
    ...opLibraryOptions(flags),
    isolation,
    savedModelTags: flags.saved_model_tags?.split(','),
    sessionConfig: sessionConfig(flags),
    runsAtATime: threads.length > 0 ? positive('rest_api_num_threads', Math.max(...threads)) : undefined,
    maxQueuedCalls: flags.max_queued_calls,
    warmup: truth('enable_model_warmup', flags.enable_model_warmup),
    warmupIterations: iterations > 0 ? iterations : undefined,
    batching: batchingOptions(flags, log),
  };
}

function listenOptions(flags: ServingFlags): ListenOptions {
  return {
    host: flags.host,
    restApiTimeoutMs: flags.rest_api_timeout_in_ms,
    cors: flags.rest_api_enable_cors_support,
    maxBodyBytes: flags.max_request_bytes,
    grpcSocketPath: flags.grpc_socket_path,
    sslConfigFile: flags.ssl_config_file,
    grpcChannelArguments: channelArguments(flags.grpc_channel_arguments),
    grpcHealthService: flags.enable_grpc_healthcheck_service,
    asTensorContent: flags.enable_serialization_as_tensor_content,
    checkMethodNames: flags.enable_signature_method_name_check,
    monitoringConfigFile: flags.monitoring_config_file,
    accessLogFile: flags.access_log_file,
  };
}

function batchingOptions(flags: ServingFlags, log: Log): BatchingOptions | undefined {
  const { batching_parameters_file: file, enable_per_model_batching_parameters: perModel = false } = flags;
  if (flags.enable_batching !== true) {
    if (perModel) log.warn('--enable_per_model_batching_parameters has no effect without --enable_batching');
    if (file === undefined) return undefined;
    throw new UserError(
      'server_options.batching_parameters_file is set without setting server_options.enable_batching to true.',
    );
  }
  return {
    parameters: file === undefined ? defaultBatchingParameters() : readBatchingParameters(file),
    perModel,
  };
}

/** The file's settings, and over them those of the other flags. */
function sessionConfig(flags: ServingFlags): ConfigProto {
  const {
    tensorflow_session_config_file: file,
    tensorflow_session_parallelism: both = 0,
    tensorflow_intra_op_parallelism: intra = 0,
    tensorflow_inter_op_parallelism: inter = 0,
    per_process_gpu_memory_fraction: fraction = 0,
  } = flags;
  if (both > 0 && intra > 0 && inter > 0) {
    throw new UserError(
      'Either configure server_options.tensorflow_session_parallelism or (server_options.tensorflow_intra_op_parallelism,' +
        ' server_options.tensorflow_inter_op_parallelism) separately. You cannot configure all.',
    );
  }
  const base: ConfigProto = file === undefined ? {} : readTextProto(configProtoType(), file);
  const [within, between] = intra > 0 || inter > 0 ? [intra, inter] : [both, both];
  return {
    ...base,
    ...(within > 0 && { intra_op_parallelism_threads: within }),
    ...(between > 0 && { inter_op_parallelism_threads: between }),
    ...(fraction > 0 && { gpu_options: { ...base.gpu_options, per_process_gpu_memory_fraction: fraction } }),
  };
}

function channelArguments(text: string | undefined): Record<string, string | number> | undefined {
  if (text === undefined) return undefined;
  const pairs = text.split(',').map((pair) => {
    const [name = '', value, ...more] = pair.split('=');
    if (value === undefined || name === '' || more.length > 0) {
      throw new UserError(`--grpc_channel_arguments: expected NAME=VALUE,..., received "${pair}"`);
    }
    return [name, /^-?\d+$/.test(value) ? Number(value) : value] as const;
  });
  return Object.fromEntries(pairs);
}

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new UserError(`--${name}: expected an integer of 1 or more, received ${value}`);
}

/** The value of a flag that is on unless it is set to false. */
function truth(name: string, given: string | true | undefined): boolean {
  if (given === undefined || given === true) return true;
  if (/^(true|1)$/i.test(given)) return true;
  if (/^(false|0)$/i.test(given)) return false;
  throw new UserError(`--${name}: expected true or false, received "${given}"`);
}

/** Says of each flag that means something which this server has not that it is not there. */
function refuseAbsent(flags: ServingFlags, log: Log): void {
  const given: Readonly<Record<string, unknown>> = flags;
  for (const [name, { help }] of Object.entries(REFUSED_FLAGS)) {
    if (given[name] !== undefined) throw new UserError(`--${name} is ${help}`);
  }
  for (const [name, { help }] of Object.entries(IDLE_FLAGS)) {
    if (given[name] !== undefined && given[name] !== 'false') log.warn(`--${name} ${help}`);
  }
  truth('flush_filesystem_caches', flags.flush_filesystem_caches);
  truth('remove_unused_fields_from_bundle_metagraph', flags.remove_unused_fields_from_bundle_metagraph);
}
