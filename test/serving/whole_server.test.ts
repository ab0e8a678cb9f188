import assert from 'node:assert/strict';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  existsSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SILENT_LOG } from '../../easyrec/log.js';
import { parseBatchingParameters } from '../../easyrec/serving/batching/index.js';
import { type RunningServer, startModelServer } from '../../easyrec/serving/model_server.js';
import { readWarmupRecords } from '../../easyrec/serving/request_log/index.js';
import { LOOKUP_ROWS, writeLookup } from './lookup_model.js';

const folder = mkdtempSync(join(tmpdir(), 'easyrec-server-'));
const messages: string[] = [];
let server: RunningServer;

before(async () => {
  await writeLookup(join(folder, 'lookup/1'));
  writeFileSync(join(folder, 'monitoring'), 'prometheus_config { enable: true }');
  writeFileSync(
    join(folder, 'models'),
    `model_config_list { config {
      name: "lookup" base_path: "${join(folder, 'lookup')}" model_platform: "tensorflow"
      logging_config {
        log_collector_config { type: "tfrecord" filename_prefix: "${join(folder, 'logs/lookup')}" }
        sampling_config { sampling_rate: 1 }
      }
    } }`,
  );
  const batching =
    'max_batch_size { value: 8 } batch_timeout_micros { value: 20000 } allowed_batch_sizes: [4, 8]';
  server = await startModelServer({
    log: { ...SILENT_LOG, info: (text) => messages.push(text) },
    host: '127.0.0.1',
    restApiPort: 0,
    modelConfigFile: join(folder, 'models'),
    monitoringConfigFile: join(folder, 'monitoring'),
    accessLogFile: join(folder, 'access.log'),
    fileSystemPollSeconds: 0.05,
    patience: { quietMs: 10, incompleteMs: 10 },
    batching: { parameters: parseBatchingParameters(batching, 'batching') },
  });
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

async function ask(path: string, body?: object): Promise<readonly [number, string]> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
  return [response.status, await response.text()];
}

function predict(id: number): Promise<readonly [number, string]> {
  return ask('/v1/models/lookup:predict', { instances: [{ id, word: `word ${id}` }] });
}

test('requests of clients are joined, filled up, and answered each with its own; a bad one fails alone', async () => {
  const ids = [1, 2, LOOKUP_ROWS, 4, 5];
  const answers = await Promise.all(ids.map(predict));
  assert.deepEqual(
    answers.map(([status]) => status),
    [200, 200, 400, 200, 200],
  );
  assert.match(answers[2]?.[1] ?? '', /indices\[0\] = 10 is not in \[0, 10\)/);
  assert.deepEqual(JSON.parse(answers[4]?.[1] ?? ''), { predictions: [{ echo: 'word 5', value: 1.25 }] });
  const many = await ask('/v1/models/lookup:predict', {
    inputs: { id: Array.from({ length: 9 }, () => 1), word: Array.from({ length: 9 }, () => 'w') },
  });
  assert.deepEqual(many, [400, '{\n    "error": "Task size 9 is larger than maximum input batch size 8"\n}']);
});

test('Prometheus is told of calls and batches, under the names of the original', async () => {
  const [status, text] = await ask('/monitoring/prometheus/metrics');
  assert.equal(status, 200);
  assert.match(text, /^:tensorflow:serving:request_count\{model_name="lookup",status="OK"\} 4$/m);
  assert.match(
    text,
    /^:tensorflow:serving:request_count\{model_name="lookup",status="INVALID_ARGUMENT"\} 2$/m,
  );
  assert.match(text, /^:tensorflow:serving:batching_session:input_batch_size_count\{\} 6$/m);
  assert.match(
    text,
    /^:tensorflow:serving:batching_session:padding_size_count\{execution_batch_size="4"\} \d+$/m,
  );
  assert.match(
    text,
    /^:tensorflow:cc:saved_model:load_attempt_count\{model_path=".*lookup\/1",status="success"\} 1$/m,
  );
});

test('the open inference protocol answers beside it, through the same batches', async () => {
  const body = {
    inputs: [
      { name: 'id', datatype: 'INT64', shape: [2], data: [3, 4] },
      { name: 'word', datatype: 'BYTES', shape: [2], data: ['a', 'b'] },
    ],
  };
  const [status, text] = await ask('/v2/models/lookup/infer', body);
  assert.equal(status, 200, text);
  assert.deepEqual(JSON.parse(text), {
    model_name: 'lookup',
    model_version: '1',
    outputs: [
      { name: 'echo', datatype: 'BYTES', shape: [2], data: ['a', 'b'] },
      { name: 'value', datatype: 'FP32', shape: [2], data: [0.75, 1] },
    ],
  });
});

test('the page shows the model and its load', async () => {
  const [status, page] = await ask('/');
  assert.equal(status, 200);
  assert.match(page, /<title>easyrec serve<\/title>/);
  const [, state] = await ask('/page/state');
  assert.match(state, /"name":"lookup","versions":\[\{"version":"1","state":"AVAILABLE"/);
});

test('what was logged warms the next version up, and every call is in the access log', async () => {
  const log = join(folder, 'logs/lookup.tfrecord');
  const accessLog = join(folder, 'access.log');
  const linesOf = (file: string): readonly string[] =>
    existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  while ((await readWarmupRecords(log))?.length !== 5 || linesOf(accessLog).length < 7) await delay(50);
  const next = join(folder, 'next');
  cpSync(join(folder, 'lookup/1'), next, { recursive: true });
  mkdirSync(join(next, 'assets.extra'));
  copyFileSync(log, join(next, 'assets.extra/tf_serving_warmup_requests'));
  renameSync(next, join(folder, 'lookup/2'));
  const isServed = async (): Promise<boolean> =>
    (await ask('/v1/models/lookup/versions/2'))[1].includes('AVAILABLE');
  const deadline = Date.now() + 20_000;
  while (!(await isServed()) && Date.now() < deadline) await delay(50);
  assert.ok(await isServed());
  assert.ok(messages.includes('model lookup version 2 is warmed up with 5 requests'), messages.join('\n'));
  const statuses = linesOf(accessLog).map((line) => (JSON.parse(line) as { status: string }).status);
  assert.equal(statuses.filter((status) => status === 'OK').length, 5);
  assert.equal(statuses.filter((status) => status === 'INVALID_ARGUMENT').length, 2);
});
