import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { frameRecord } from '../../../easyrec/report/tfrecord.js';
import { Inference } from '../../../easyrec/serving/inference/index.js';
import {
  readWarmupRecords,
  replay,
  RequestLog,
  warmupFile,
} from '../../../easyrec/serving/request_log/index.js';
import { SingleModelCatalog } from '../../../easyrec/serving/single_model_catalog.js';
import { ServingError, type StatusCode } from '../../../easyrec/serving/status.js';
import type { LoggingConfig } from '../../../easyrec/serving/versions/model_server_config.js';
import { GatedModel, plain, rowsOf } from '../batching/support.js';
import { exampleModel } from './example_model.js';

const folder = mkdtempSync(join(tmpdir(), 'easyrec-request-log-'));
after(() => rmSync(folder, { recursive: true }));

const CONTEXT = { entrypoint: 'GRPC' as const };

function config(name: string, samplingRate = 1): LoggingConfig {
  return { collectorType: '', filenamePrefix: join(folder, 'logs', name), samplingRate };
}

function fails(code: StatusCode, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof ServingError && error.code === code && message.test(error.message);
}

test('calls that were logged warm up another version of the model', async () => {
  const model = new GatedModel(true);
  const log = new RequestLog({ log: SILENT_LOG });
  await log.update(new Map([['m', config('predict')]]));
  const inference = new Inference(new SingleModelCatalog('m', { version: 7n, model }), [log]);
  await inference.predict({ name: 'm' }, { signatureName: '', inputs: rowsOf(1, 2) }, CONTEXT);
  await inference.predict(
    { name: 'm' },
    { signatureName: 'other', inputs: rowsOf(3), outputs: ['t'] },
    CONTEXT,
  );
  await assert.rejects(
    inference.predict({ name: 'm' }, { signatureName: 'none', inputs: rowsOf(3) }, CONTEXT),
  );
  await log.close();

  const requests = await readWarmupRecords(join(folder, 'logs/predict.tfrecord'));
  assert.equal(requests?.length, 2, 'a call that failed is not logged');
  const next = new GatedModel(true);
  const served = new Inference(new SingleModelCatalog('other name', { version: 8n, model: next }));
  await replay(requests, served, { name: 'other name' }, { iterations: 2 });
  assert.deepEqual(
    next.requests.map(({ signatureName, inputs, outputs }) => [
      signatureName,
      plain(inputs.get('x')),
      plain(inputs.get('s')),
      outputs,
    ]),
    [
      ...Array.from({ length: 2 }, () => ['serving_default', [1, 2], ['1', '2'], undefined]),
      ...Array.from({ length: 2 }, () => ['other', [3], ['3'], ['t']]),
    ],
  );
});

test('calls with examples are logged and sent again as they were', async () => {
  const model = exampleModel();
  const log = new RequestLog({ log: SILENT_LOG });
  await log.update(new Map([['m', config('examples')]]));
  const inference = new Inference(new SingleModelCatalog('m', { version: 7n, model }), [log]);
  const examples = { examples: [Buffer.from([1, 2]), Buffer.from([3])], context: Buffer.from([4]) };
  await inference.classify({ name: 'm' }, 'classify', examples, CONTEXT);
  await inference.regress({ name: 'm' }, 'regress', examples, CONTEXT);
  const spec = { name: 'm' };
  await inference.multiInference(
    [
      { spec, signatureName: 'classify', methodName: 'tensorflow/serving/classify' },
      { spec, signatureName: 'regress', methodName: 'tensorflow/serving/regress' },
    ],
    examples,
    CONTEXT,
  );
  await log.close();
  const before = model.requests.map(({ signatureName, inputs }) => [
    signatureName,
    plain(inputs.get('inputs')),
  ]);
  model.requests.length = 0;
  const requests = (await readWarmupRecords(join(folder, 'logs/examples.tfrecord'))) ?? [];
  assert.deepEqual(
    requests.map(({ method }) => method),
    ['classify', 'regress', 'multi_inference'],
  );
  const next = new Inference(new SingleModelCatalog('n', { version: 1n, model }));
  await replay(requests, next, { name: 'n' });
  assert.deepEqual(
    model.requests.map(({ signatureName, inputs }) => [signatureName, plain(inputs.get('inputs'))]),
    before,
  );
});

test('only the share of calls that the config names is logged', async () => {
  const numbers = [0.1, 0.3, 0.24, 0.26];
  const logged: string[] = [];
  const log = new RequestLog({
    log: SILENT_LOG,
    random: () => numbers.shift() ?? 1,
    onLogged: (name, status) => logged.push(`${name} ${status}`),
  });
  await log.update(new Map([['m', config('sampled', 0.25)]]));
  const inference = new Inference(new SingleModelCatalog('m', { version: 7n, model: new GatedModel(true) }), [
    log,
  ]);
  for (let x = 0; x < 4; x++) {
    await inference.predict({ name: 'm' }, { signatureName: '', inputs: rowsOf(x) }, CONTEXT);
  }
  await log.update(new Map());
  await inference.predict({ name: 'm' }, { signatureName: '', inputs: rowsOf(9) }, CONTEXT);
  assert.deepEqual(logged, ['m OK', 'm OK']);
  const requests = (await readWarmupRecords(join(folder, 'logs/sampled.tfrecord'))) ?? [];
  assert.equal(requests.length, 2);
  await log.close();
});

test('another filename_prefix begins another file, and the one before has every call until then', async () => {
  const log = new RequestLog({ log: SILENT_LOG });
  const inference = new Inference(new SingleModelCatalog('m', { version: 7n, model: new GatedModel(true) }), [
    log,
  ]);
  const call = (x: number): Promise<unknown> =>
    inference.predict({ name: 'm' }, { signatureName: '', inputs: rowsOf(x) }, CONTEXT);
  const logged = async (name: string): Promise<number | undefined> =>
    (await readWarmupRecords(join(folder, `logs/${name}.tfrecord`)))?.length;
  await log.update(new Map([['m', config('monday')]]));
  for (let x = 0; x < 10; x++) await call(x);
  const change = log.update(new Map([['m', config('tuesday')]]));
  for (let x = 0; x < 5; x++) await call(x);
  await change;
  assert.equal(await logged('monday'), 10);
  await log.close();
  assert.equal(await logged('monday'), 10);
  assert.equal(await logged('tuesday'), 5);
});

test('a config that cannot be followed is refused', async () => {
  const log = new RequestLog({ log: SILENT_LOG });
  const refused: readonly (readonly [Partial<LoggingConfig>, RegExp])[] = [
    [
      { collectorType: 'kafka' },
      /^Cannot find LogCollector::Factory for type: kafka; this server has only tfrecord$/,
    ],
    [{ filenamePrefix: '' }, /filename_prefix/],
    [{ filenamePrefix: '/dev/null/x' }, /filename_prefix: /],
    [{ samplingRate: 1.5 }, /sampling_rate: expected a number from 0 to 1, received 1\.5/],
    [{ samplingRate: NaN }, /received NaN/],
  ];
  for (const [change, message] of refused) {
    await assert.rejects(
      log.update(new Map([['m', { ...config('refused'), ...change }]])),
      fails('INVALID_ARGUMENT', message),
    );
  }
});

test('a model without recorded requests needs none', async () => {
  assert.equal(await readWarmupRecords(warmupFile(folder)), undefined);
});

test('a damaged file is found out wherever the damage is', async () => {
  const path = join(folder, 'damaged');
  const good = frameRecord(Buffer.from([]));
  const broken = (change: (bytes: Buffer) => Buffer): Promise<unknown> => {
    writeFileSync(path, Buffer.concat([good, change(frameRecord(Buffer.from([1, 2, 3, 4])))]));
    return readWarmupRecords(path);
  };
  const flipped = (at: number) => (bytes: Buffer) => {
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };
  for (const at of [0, 8, 12, 15, 16, 19]) {
    await assert.rejects(
      broken(flipped(at)),
      fails('DATA_LOSS', /corrupted record at byte 16$/),
      `byte ${at}`,
    );
  }
  for (const length of [1, 11, 12, 19]) {
    await assert.rejects(
      broken((bytes) => bytes.subarray(0, length)),
      fails('DATA_LOSS', /truncated record at byte 16$/),
      `${length} bytes`,
    );
  }
});

test('a length far beyond the end of the file takes no memory', async () => {
  const path = join(folder, 'long');
  const record = frameRecord(Buffer.alloc(0));
  const long = frameRecord(Buffer.from('x'));
  long.writeBigUInt64LE(2n ** 40n, 0);
  writeFileSync(path, Buffer.concat([record, long]));
  await assert.rejects(readWarmupRecords(path), fails('DATA_LOSS', /record at byte 16$/));
});

test('what is no log, no request to send again, or too much is refused', async () => {
  const path = join(folder, 'refused');
  const write = (...payloads: readonly (readonly number[])[]): void => {
    writeFileSync(path, '');
    for (const payload of payloads) appendFileSync(path, frameRecord(Uint8Array.from(payload)));
  };
  write([0x32, 0x7f, 1]);
  await assert.rejects(
    readWarmupRecords(path),
    fails('INVALID_ARGUMENT', /^Failed to parse warmup record: .*record 1 from .*refused/),
  );
  write([0x2a, 0]);
  await assert.rejects(
    readWarmupRecords(path),
    fails('UNIMPLEMENTED', /^Unsupported log_type for warmup: 5$/),
  );
  write(...Array.from({ length: 1001 }, () => []));
  await assert.rejects(
    readWarmupRecords(path),
    fails('INVALID_ARGUMENT', /^Number of warmup records exceeds the maximum \(1000\) at .*refused$/),
  );
  write(...Array.from({ length: 1000 }, () => []));
  assert.deepEqual(await readWarmupRecords(path), []);
});

test('a request that the model refuses ends the warm-up with its error', async () => {
  const model = new GatedModel(true);
  const inference = new Inference(new SingleModelCatalog('m', { version: 1n, model }));
  const requests = [{ method: 'predict' as const, signatureName: 'none', inputs: rowsOf(1) }];
  await assert.rejects(
    replay(requests, inference, { name: 'm' }),
    fails('FAILED_PRECONDITION', /Serving signature key "none" not found/),
  );
});
