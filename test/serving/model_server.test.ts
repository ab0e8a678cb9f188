import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import grpc from '@grpc/grpc-js';
import { SILENT_LOG } from '../../easyrec/log.js';
import { serviceDefinition } from '../../easyrec/serving/grpc/service_definition.js';
import { type RunningServer, startModelServer } from '../../easyrec/serving/model_server.js';
import type { ServerOptions } from '../../easyrec/serving/server_options.js';
import { servicesFile, servingProtos } from '../../easyrec/serving/tfserving/protos.js';
import { ops } from '../../easyrec/tf/index.js';
import { writePlainModel } from '../support/plain_model.js';
import { temporaryFolder } from '../support/temporary.js';
import { isServed, until, writeScale } from './versions/support.js';

const QUICK = { quietMs: 0, incompleteMs: 0 };

/** Starts a server on free ports, for as long as the test runs. */
async function start(t: TestContext, options: Partial<ServerOptions>): Promise<RunningServer> {
  const server = await startModelServer({
    host: '127.0.0.1',
    restApiPort: 0,
    grpcPort: 0,
    fileSystemPollSeconds: 0.02,
    patience: QUICK,
    log: SILENT_LOG,
    ...options,
  });
  t.after(() => server.close());
  return server;
}

async function ask(
  { port }: RunningServer,
  path: string,
  body?: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const init = body === undefined ? {} : { method: 'POST', body };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return { status: response.status, text: await response.text() };
}

/** What a model of `writeScale` answers to 1. */
async function factor(server: RunningServer, path: string): Promise<unknown> {
  const { status, text } = await ask(server, `${path}:predict`, '{"instances": [1.0]}');
  assert.equal(status, 200, text);
  return (JSON.parse(text) as { predictions: number[] }).predictions[0];
}

/** A SavedModel whose calls do not end by themselves. */
function writeHung(directory: string): Promise<void> {
  return writePlainModel(directory, (graph) => {
    const x = ops.placeholder(graph, 'float32', [-1], 'x');
    const queue = graph
      .op('FIFOQueueV2', [], { component_types: ['float32'], shapes: [], capacity: 1 })
      .output();
    const dequeued = graph.op('QueueDequeueV2', [queue], { component_types: ['float32'] }).output();
    const y = graph.op('AddV2', [x, dequeued]).output();
    return { inputs: { x }, outputs: { y } };
  });
}

interface ReloadResponse {
  readonly metric: readonly {
    readonly name: string;
    readonly int64_value_increase: { toString(): string };
  }[];
  readonly status: { readonly error_code: number | string; readonly error_message: string };
}

function reload(server: RunningServer, config: object): Promise<ReloadResponse> {
  const definition = serviceDefinition(servicesFile(servingProtos()), 'tensorflow.serving.ModelService');
  const method = definition['HandleReloadConfigRequest'] as grpc.MethodDefinition<object, ReloadResponse>;
  const client = new grpc.Client(`127.0.0.1:${server.grpcPort}`, grpc.credentials.createInsecure());
  const request = { config, metric_names: ['/tensorflow/cc/saved_model/load_attempt_count'] };
  return new Promise<ReloadResponse>((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = method;
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) => {
      if (error !== null) reject(error);
      else if (response !== undefined) resolve(response);
    });
  }).finally(() => client.close());
}

test('serves the models of a config file, with labels, and follows the file', async (t) => {
  const root = temporaryFolder(t);
  for (const path of ['a/1', 'a/2', 'b/1', 'c/5'])
    await writeScale(join(root, path), Number(path.slice(2)) * 10);
  const file = join(root, 'models.config');
  const model = (name: string, more = ''): string =>
    `config { name: "${name}" base_path: "${join(root, name)}" model_platform: "tensorflow" ${more} }`;
  const labels = 'version_labels { key: "old" value: 1 } model_version_policy { all {} }';
  writeFileSync(file, `model_config_list { ${model('a', labels)} ${model('b')} }`);
  const server = await start(t, {
    modelConfigFile: file,
    modelConfigPollSeconds: 0.02,
    allowLabelsForUnavailable: true,
  });
  await until(() => server.catalog.status({ name: 'a' }).every(({ state }) => state === 'AVAILABLE'));
  assert.equal(await factor(server, '/v1/models/a'), 20);
  assert.equal(await factor(server, '/v1/models/a/versions/1'), 10);
  assert.equal(await factor(server, '/v1/models/a/labels/old'), 10);
  assert.equal(await factor(server, '/v1/models/b'), 10);
  writeFileSync(file, `model_config_list { ${model('a')} ${model('c')} }`);
  await until(() => server.catalog.names().join() === 'a,c');
  await until(() => isServed(server.catalog, 'c', 5n));
  assert.equal(await factor(server, '/v1/models/c'), 50);
  assert.equal((await ask(server, '/v1/models/b:predict', '{"instances": [1.0]}')).status, 404);
  assert.equal((await ask(server, '/v1/models/a/labels/old:predict', '{"instances": [1.0]}')).status, 400);
});

test('is reloaded over gRPC, and tells what is wrong with a config', async (t) => {
  const root = temporaryFolder(t);
  for (const path of ['a/1', 'b/1']) await writeScale(join(root, path), 7);
  const server = await start(t, { modelBasePath: join(root, 'a'), modelName: 'a' });
  const config = (name: string): object => ({
    model_config_list: { config: [{ name, base_path: join(root, name), model_platform: 'tensorflow' }] },
  });
  const answer = await reload(server, config('b'));
  assert.equal(answer.status.error_message, '');
  assert.deepEqual(
    answer.metric.map(({ int64_value_increase: increase }) => increase.toString()),
    ['1'],
    'one version was loaded meanwhile',
  );
  assert.equal(await factor(server, '/v1/models/b'), 7);
  assert.equal((await ask(server, '/v1/models/a:predict', '{"instances": [1.0]}')).status, 404);
  await assert.rejects(reload(server, config('../b')), /numerical version path|base path|absolute/);
  const twice = [config('b'), config('b')].flatMap((one) => Object.values(one) as { config: object[] }[]);
  const list = { model_config_list: { config: twice.flatMap((part) => part.config) } };
  await assert.rejects(reload(server, list), /Illegal to list model b multiple times in config list/);
});

test('calls that hang delay no other model, and end when their version goes', async (t) => {
  const root = temporaryFolder(t);
  await writeHung(join(root, 'hung/1'));
  await writeScale(join(root, 'fine/1'), 3);
  const config = ['hung', 'fine'].map(
    (name) => `config { name: "${name}" base_path: "${join(root, name)}" model_platform: "tensorflow" }`,
  );
  writeFileSync(join(root, 'models.config'), `model_config_list { ${config.join(' ')} }`);
  const server = await start(t, {
    modelConfigFile: join(root, 'models.config'),
    restApiTimeoutMs: 600_000,
    drainSeconds: 0.3,
  });
  const hung = Array.from({ length: 20 }, () =>
    ask(server, '/v1/models/hung:predict', '{"instances": [1.0]}'),
  );
  for (let i = 0; i < 5; i++) {
    const started = performance.now();
    assert.equal(await factor(server, '/v1/models/fine'), 3);
    assert.ok(performance.now() - started < 2000);
  }
  await writeScale(join(root, 'fine/2'), 4);
  await until(() => server.catalog.find({ name: 'fine' }).version === 2n);
  await writeScale(join(root, 'hung/2'), 5);
  await until(() => server.catalog.find({ name: 'hung' }).version === 2n);
  for (const { status, text } of await Promise.all(hung))
    assert.ok(status === 499 || status === 503, `${status} ${text}`);
  assert.equal(await factor(server, '/v1/models/hung'), 5);
});

test('stopping answers calls in progress, in the end with an error, and takes no new ones', async (t) => {
  const root = temporaryFolder(t);
  await writeHung(join(root, '1'));
  const limits = { runsAtATime: 1, maxQueuedCalls: 0 };
  const options = { modelBasePath: root, restApiTimeoutMs: 600_000, drainSeconds: 0.5, ...limits };
  const server = await start(t, options);
  const calls = [1, 2].map(() => ask(server, '/v1/models/default:predict', '{"instances": [1.0]}'));
  // The one that is refused tells that the other one runs.
  assert.equal((await Promise.race(calls)).status, 429);
  const closing = server.close();
  await assert.rejects(async () => {
    for (;;) await ask(server, '/v1/models/default');
  }, /fetch failed/);
  const answers = await Promise.all(calls);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [429, 499]);
  await closing;
});

test('counts calls, batches and loads for Prometheus, and writes a line for each call', async (t) => {
  const root = temporaryFolder(t);
  const monitoring = join(root, 'monitoring.config');
  writeFileSync(monitoring, 'prometheus_config { enable: true }');
  await writeScale(join(root, 'm/1'), 3);
  const accessLogFile = join(root, 'access.log');
  const { defaultBatchingParameters } = await import('../../easyrec/serving/batching/index.js');
  const server = await start(t, {
    modelBasePath: join(root, 'm'),
    modelName: 'm',
    monitoringConfigFile: monitoring,
    accessLogFile,
    batching: { parameters: defaultBatchingParameters() },
  });
  assert.equal(await factor(server, '/v1/models/m'), 3);
  const { text } = await ask(server, '/monitoring/prometheus/metrics');
  assert.match(text, /:tensorflow:serving:request_count\{model_name="m",status="OK"\} 1\n/);
  assert.match(text, /processed_batch_size_count\{\} 1|processed_batch_size_count 1/);
  assert.match(text, /:tensorflow:cc:saved_model:load_attempt_count\{[^}]*status="success"\} 1\n/);
  await server.close();
  assert.match(readFileSync(accessLogFile, 'utf8'), /"model":"m","version":"1".*"status":"OK"/);
});

test('a model whose recorded requests fail is not served; told to, it does without them', async (t) => {
  const root = temporaryFolder(t);
  await writeScale(join(root, '1'), 3);
  const file = join(root, '1/assets.extra/tf_serving_warmup_requests');
  mkdirSync(dirname(file));
  writeFileSync(file, 'no record');
  await assert.rejects(
    start(t, { modelBasePath: root }),
    /1 model\(s\) did not become available: \{\{\{name: default version: 1\} due to error: DATA_LOSS: /,
  );
  const server = await start(t, { modelBasePath: root, warmup: false });
  assert.equal(await factor(server, '/v1/models/default'), 3);
});

test('an allow list of op libraries that is not there, or without effect, is refused at the start', async (t) => {
  const root = temporaryFolder(t);
  await writeScale(join(root, '1'), 3);
  const options = { modelBasePath: root, opLibraryAllowList: join(root, 'allowed') };
  await assert.rejects(
    start(t, { ...options, loadOpLibraries: true }),
    /op_library_allow_list \S+allowed: cannot be read: ENOENT/,
  );
  await assert.rejects(start(t, options), /op_library_allow_list has no effect without load_op_libraries/);
});

test('what a model logs goes to a file that warms the next version up, and each of its processes', async (t) => {
  const root = temporaryFolder(t);
  await writeScale(join(root, 'm/1'), 3);
  const logging = `logging_config {
    log_collector_config { type: "tfrecord" filename_prefix: "${join(root, 'logs/m')}" }
    sampling_config { sampling_rate: 1 }
  }`;
  const config = `config { name: "m" base_path: "${join(root, 'm')}" model_platform: "tensorflow" ${logging} }`;
  writeFileSync(join(root, 'models.config'), `model_config_list { ${config} }`);
  const lines: string[] = [];
  const log = { ...SILENT_LOG, info: (line: string) => void lines.push(line) };
  const options = { modelConfigFile: join(root, 'models.config'), log };
  const first = await start(t, options);
  for (let i = 0; i < 3; i++) await factor(first, '/v1/models/m');
  await first.close();
  const records = readFileSync(join(root, 'logs/m.tfrecord'));
  await writeScale(join(root, 'm/2'), 4);
  mkdirSync(join(root, 'm/2/assets.extra'));
  writeFileSync(join(root, 'm/2/assets.extra/tf_serving_warmup_requests'), records);
  const second = await start(t, { ...options, isolation: 'process' });
  assert.equal(await factor(second, '/v1/models/m'), 4);
  const warmUps = (): readonly string[] => lines.filter((line) => line.includes('is warmed up'));
  assert.deepEqual(warmUps(), ['model m version 2 is warmed up with 3 requests']);
  process.kill(Number(/runs in worker process (\d+)/.exec(lines.join('\n'))?.[1]), 'SIGKILL');
  await until(() => lines.some((line) => line.includes('took over')));
  assert.equal(await factor(second, '/v1/models/m'), 4);
  assert.equal(warmUps().length, 2, lines.join('\n'));
});
