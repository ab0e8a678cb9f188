import type { Flags } from '../args.js';
import { OP_LIBRARY_FLAGS } from '../op_library_flags.js';

/** TensorFlow Serving's flags for models and their versions. */
const MODEL_FLAGS = {
  model_base_path: {
    type: 'string',
    value: 'DIR',
    help: 'folder that holds one folder per version, such as DIR/1; the highest number is served',
  },
  model_name: { type: 'string', value: 'NAME', help: 'name in URLs; default: default' },
  model_config_file: {
    type: 'string',
    value: 'FILE',
    help: 'ModelServerConfig in text format: several models, policies, labels, request logs (no limit of size)',
  },
  model_config_file_poll_wait_seconds: {
    type: 'number',
    value: 'SECONDS',
    help: 'look at the config file so often; default: 0, once',
  },
  file_system_poll_wait_seconds: {
    type: 'number',
    value: 'SECONDS',
    help: 'look for new versions so often; default: 1; 0: once; negative: never',
  },
  max_num_load_retries: {
    type: 'number',
    value: 'N',
    help: 'further attempts to load a version after a failure that may pass; default: 5',
  },
  load_retry_interval_micros: {
    type: 'number',
    value: 'MICROS',
    help: 'between two attempts; default: 60000000',
  },
  num_load_threads: {
    type: 'number',
    value: 'N',
    help: 'versions that load at a time; default: 0, one of each model',
  },
  num_unload_threads: {
    type: 'number',
    value: 'N',
    help: 'versions that unload at a time; default: 0, any number',
  },
  allow_version_labels_for_unavailable_models: {
    type: 'boolean',
    help: 'a new label may name a version that is not loaded yet',
  },
  saved_model_tags: {
    type: 'string',
    value: 'TAG,TAG',
    help: 'tags of the graph to load; default: serve',
  },
  flush_filesystem_caches: {
    type: 'optional',
    value: 'true|false',
    help: 'has no effect: folders of this machine have no cache to flush',
  },
  remove_unused_fields_from_bundle_metagraph: {
    type: 'optional',
    value: 'true|false',
    help: 'has no effect: what is not needed is never kept',
  },
} as const satisfies Flags;

const LISTEN_FLAGS = {
  port: { type: 'string', value: 'PORT', help: 'of gRPC' },
  grpc_socket_path: { type: 'string', value: 'FILE', help: 'a Unix socket for gRPC, besides the port' },
  rest_api_port: { type: 'string', value: 'PORT', help: 'of REST' },
  rest_api_timeout_in_ms: {
    type: 'number',
    value: 'MS',
    help: 'limit for one run of the model over REST; default: 30000',
  },
  rest_api_enable_cors_support: { type: 'boolean', help: 'pages of other sites may call' },
  rest_api_num_threads: {
    type: 'number',
    value: 'N',
    help: 'runs of one version at a time, with grpc_max_threads; default: four for each processor',
  },
  grpc_max_threads: {
    type: 'number',
    value: 'N',
    help: 'as rest_api_num_threads: the higher of the two counts',
  },
  grpc_channel_arguments: {
    type: 'string',
    value: 'NAME=VALUE,...',
    help: "gRPC's own settings, such as grpc.max_connection_age_ms=2000",
  },
  ssl_config_file: { type: 'string', value: 'FILE', help: 'SSLConfig in text format: gRPC with TLS' },
  enable_grpc_healthcheck_service: { type: 'boolean', help: 'answer the standard gRPC health checks' },
  enable_serialization_as_tensor_content: {
    type: 'boolean',
    help: 'gRPC answers carry tensor_content instead of typed lists',
  },
  enable_signature_method_name_check: {
    type: 'boolean',
    help: "a signature's method name must fit the call",
  },
  monitoring_config_file: {
    type: 'string',
    value: 'FILE',
    help: 'MonitoringConfig in text format: metrics for Prometheus',
  },
} as const satisfies Flags;

const RUN_FLAGS = {
  enable_batching: { type: 'boolean', help: 'join requests to batches' },
  batching_parameters_file: { type: 'string', value: 'FILE', help: 'BatchingParameters in text format' },
  enable_per_model_batching_parameters: {
    type: 'boolean',
    help: 'each model brings its own, in batching_params.pbtxt in the folder of the version',
  },
  enable_model_warmup: {
    type: 'optional',
    value: 'true|false',
    help: 'replay assets.extra/tf_serving_warmup_requests before a version is available; default: true',
  },
  num_request_iterations_for_warmup: {
    type: 'number',
    value: 'N',
    help: 'replay each of these requests so often; default: 0, once',
  },
  tensorflow_session_parallelism: {
    type: 'number',
    value: 'N',
    help: 'threads of TensorFlow, within and between ops; default: 0, one for each processor',
  },
  tensorflow_intra_op_parallelism: { type: 'number', value: 'N', help: 'threads within an op' },
  tensorflow_inter_op_parallelism: { type: 'number', value: 'N', help: 'ops at a time' },
  tensorflow_session_config_file: { type: 'string', value: 'FILE', help: 'ConfigProto in text format' },
  per_process_gpu_memory_fraction: {
    type: 'number',
    value: 'FRACTION',
    help: "share of the GPU's memory; default: 0, as TensorFlow chooses",
  },
} as const satisfies Flags;

/** Flags of TensorFlow Serving for what this server has not: each is refused, in the words of its help. */
export const REFUSED_FLAGS = {
  platform_config_file: {
    type: 'string',
    value: 'FILE',
    help: 'not supported: this server runs SavedModels on TensorFlow alone',
  },
  thread_pool_factory_config_file: {
    type: 'string',
    value: 'FILE',
    help: "not supported: threads are TensorFlow's own; see --tensorflow_session_parallelism",
  },
  prefer_tflite_model: {
    type: 'boolean',
    help: 'not supported: this server runs no TensorFlow Lite models',
  },
  mixed_precision: {
    type: 'string',
    value: 'MODE',
    help: 'not supported: export the model in the precision that it is to run in',
  },
  use_alts_credentials: { type: 'boolean', help: 'not supported: --ssl_config_file gives TLS' },
} as const satisfies Flags;

/** Flags of TensorFlow Serving that change nothing here: each is warned of, in the words of its help. */
export const IDLE_FLAGS = {
  num_tflite_pools: {
    type: 'number',
    value: 'N',
    help: 'has no effect: this server runs no TensorFlow Lite models',
  },
  num_tflite_interpreters_per_pool: {
    type: 'number',
    value: 'N',
    help: 'has no effect: this server runs no TensorFlow Lite models',
  },
  enable_profiler: {
    type: 'optional',
    value: 'true|false',
    help: 'has no effect: there is no profiler service',
  },
  xla_cpu_compilation_enabled: { type: 'boolean', help: 'has no effect: XLA is as libtensorflow has it' },
  xla_gpu_compilation_enabled: { type: 'boolean', help: 'has no effect: XLA is as libtensorflow has it' },
  skip_initialize_tpu: { type: 'boolean', help: 'has no effect: there are no TPUs' },
} as const satisfies Flags;

/** Flags of the toolkit's own. */
const OWN_FLAGS = {
  host: { type: 'string', value: 'ADDRESS', help: 'address to listen on; default: 0.0.0.0' },
  max_request_bytes: {
    type: 'number',
    value: 'BYTES',
    help: 'limit for a request; default: 67108864 over REST, 2147483647 over gRPC',
  },
  max_queued_calls: {
    type: 'number',
    value: 'N',
    help: 'calls of one version that may wait; further ones get 429; default: 4096',
  },
  ...OP_LIBRARY_FLAGS,
  model_isolation: {
    type: 'string',
    value: 'auto|process',
    help: 'process: each version in a process of its own; default: auto, those that bring op libraries',
  },
  drain_timeout_seconds: {
    type: 'number',
    value: 'SECONDS',
    help: 'calls of a version that goes are cancelled after so long; default: 30',
  },
  incomplete_version_wait_seconds: {
    type: 'number',
    value: 'SECONDS',
    help: 'a version that lacks files is loaded, to fail, when none has changed for so long; default: 10',
  },
  access_log_file: {
    type: 'string',
    value: 'FILE',
    help: 'gets one line of JSON for each call; grows without a limit',
  },
} as const satisfies Flags;

/** All flags of servers of models. */
export const SERVING_FLAGS = {
  ...MODEL_FLAGS,
  ...LISTEN_FLAGS,
  ...RUN_FLAGS,
  ...OWN_FLAGS,
  ...REFUSED_FLAGS,
  ...IDLE_FLAGS,
} as const satisfies Flags;
