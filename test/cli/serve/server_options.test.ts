import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseArguments } from '../../../easyrec/cli/args.js';
import { portOf, serverOptions } from '../../../easyrec/cli/serve/server_options.js';
import { SERVING_FLAGS } from '../../../easyrec/cli/serve/serving_flags.js';
import { SILENT_LOG } from '../../../easyrec/log.js';
import type { ServerOptions } from '../../../easyrec/serving/server_options.js';
import { temporaryFolder } from '../../support/temporary.js';

const HELP = { name: 'program', summary: '', flags: SERVING_FLAGS };

function optionsOf(...argv: readonly string[]): ServerOptions {
  return serverOptions(parseArguments(argv, HELP).flags, { grpcPort: 'off' }, SILENT_LOG);
}

test('each flag of TensorFlow Serving finds its option', () => {
  const options = optionsOf(
    '--model_base_path=/m',
    '--model_name=m',
    '--model_config_file_poll_wait_seconds=3',
    '--file_system_poll_wait_seconds=0',
    '--max_num_load_retries=2',
    '--load_retry_interval_micros=-1',
    '--num_load_threads=3',
    '--num_unload_threads=4',
    '--allow_version_labels_for_unavailable_models=true',
    '--saved_model_tags=serve,gpu',
    '--rest_api_timeout_in_ms=5',
    '--rest_api_enable_cors_support',
    '--rest_api_num_threads=6',
    '--grpc_max_threads=9',
    '--grpc_channel_arguments=grpc.max_connection_age_ms=2000,grpc.primary_user_agent=x',
    '--ssl_config_file=/s',
    '--enable_grpc_healthcheck_service=true',
    '--enable_serialization_as_tensor_content=true',
    '--enable_signature_method_name_check=true',
    '--monitoring_config_file=/c',
    '--enable_model_warmup=false',
    '--num_request_iterations_for_warmup=7',
    '--tensorflow_intra_op_parallelism=2',
    '--tensorflow_inter_op_parallelism=3',
    '--per_process_gpu_memory_fraction=0.5',
  );
  const expected: Partial<ServerOptions> = {
    modelBasePath: '/m',
    modelName: 'm',
    modelConfigPollSeconds: 3,
    fileSystemPollSeconds: 0,
    maxLoadRetries: 2,
    loadRetryIntervalMicros: -1,
    loadThreads: 3,
    unloadThreads: 4,
    allowLabelsForUnavailable: true,
    savedModelTags: ['serve', 'gpu'],
    restApiTimeoutMs: 5,
    cors: true,
    runsAtATime: 9,
    grpcChannelArguments: { 'grpc.max_connection_age_ms': 2000, 'grpc.primary_user_agent': 'x' },
    sslConfigFile: '/s',
    grpcHealthService: true,
    asTensorContent: true,
    checkMethodNames: true,
    monitoringConfigFile: '/c',
    warmup: false,
    warmupIterations: 7,
    sessionConfig: {
      intra_op_parallelism_threads: 2,
      inter_op_parallelism_threads: 3,
      gpu_options: { per_process_gpu_memory_fraction: 0.5 },
    },
  };
  for (const [name, value] of Object.entries(expected)) {
    assert.deepEqual(options[name as keyof ServerOptions], value, name);
  }
});

test('without flags, models are warmed up and requests not batched', () => {
  const { warmup, warmupIterations, batching, sessionConfig, savedModelTags } = optionsOf();
  assert.deepEqual(
    { warmup, warmupIterations, batching, sessionConfig, savedModelTags },
    {
      warmup: true,
      warmupIterations: undefined,
      batching: undefined,
      sessionConfig: {},
      savedModelTags: undefined,
    },
  );
});

test('reads settings of batches and of TensorFlow from files; flags go before them', (t) => {
  const root = temporaryFolder(t);
  writeFileSync(join(root, 'batching'), 'max_batch_size { value: 32 }');
  writeFileSync(
    join(root, 'session'),
    'intra_op_parallelism_threads: 5 inter_op_parallelism_threads: 6 gpu_options { allow_growth: true }',
  );
  const { batching, sessionConfig } = optionsOf(
    '--enable_batching',
    `--batching_parameters_file=${join(root, 'batching')}`,
    '--enable_per_model_batching_parameters',
    `--tensorflow_session_config_file=${join(root, 'session')}`,
    '--tensorflow_session_parallelism=2',
    '--per_process_gpu_memory_fraction=0.25',
  );
  assert.equal(batching?.parameters.maxBatchSize, 32);
  assert.equal(batching.perModel, true);
  assert.deepEqual(sessionConfig, {
    intra_op_parallelism_threads: 2,
    inter_op_parallelism_threads: 2,
    gpu_options: { allow_growth: true, per_process_gpu_memory_fraction: 0.25 },
  });
});

test('refuses what contradicts itself or is not there', () => {
  for (const [flags, message] of [
    [['--batching_parameters_file=/f'], /without setting server_options\.enable_batching/],
    [
      [
        '--tensorflow_session_parallelism=1',
        '--tensorflow_intra_op_parallelism=1',
        '--tensorflow_inter_op_parallelism=1',
      ],
      /You cannot configure all/,
    ],
    [['--prefer_tflite_model'], /--prefer_tflite_model is not supported/],
    [['--use_alts_credentials'], /--use_alts_credentials is not supported: --ssl_config_file gives TLS/],
    [['--model_isolation=thread'], /--model_isolation: expected auto or process, received "thread"/],
    [['--enable_model_warmup=perhaps'], /--enable_model_warmup: expected true or false, received "perhaps"/],
    [['--grpc_channel_arguments=x'], /--grpc_channel_arguments: expected NAME=VALUE/],
    [['--rest_api_num_threads=0'], /--rest_api_num_threads: expected an integer of 1 or more/],
    [['--incomplete_version_wait_seconds=-1'], /--incomplete_version_wait_seconds: expected 0 or more/],
  ] as const) {
    assert.throws(() => optionsOf(...flags), message);
  }
});

test('warns of flags that have no effect, and only where they would have had one', () => {
  const warnings: string[] = [];
  const log = { ...SILENT_LOG, warn: (line: string) => void warnings.push(line) };
  const argv = ['--enable_profiler=false', '--xla_cpu_compilation_enabled=true', '--num_tflite_pools=1'];
  serverOptions(parseArguments(argv, HELP).flags, {}, log);
  assert.deepEqual(warnings, [
    '--num_tflite_pools has no effect: this server runs no TensorFlow Lite models',
    '--xla_cpu_compilation_enabled has no effect: XLA is as libtensorflow has it',
  ]);
  warnings.length = 0;
  serverOptions(parseArguments(['--enable_per_model_batching_parameters'], HELP).flags, {}, log);
  serverOptions(
    parseArguments(['--enable_batching', '--enable_per_model_batching_parameters'], HELP).flags,
    {},
    log,
  );
  assert.deepEqual(warnings, [
    '--enable_per_model_batching_parameters has no effect without --enable_batching',
  ]);
});

test('0 means what the program says it does', () => {
  assert.equal(portOf('port', undefined, 'off'), undefined);
  assert.equal(portOf('port', '0', 'off'), 'off');
  assert.equal(portOf('port', '0', 0), 0);
  assert.equal(portOf('port', 'off', 0), 'off');
  assert.equal(portOf('port', '8500', 0), 8500);
  for (const text of ['-1', '65536', '1.5', 'http', '']) {
    assert.throws(() => portOf('port', text, 0), /--port: expected a port from 0 to 65535/);
  }
});
