import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { Inference } from '../../../easyrec/serving/inference/inference.js';
import { ServerMetrics } from '../../../easyrec/serving/monitoring/index.js';
import { SingleModelCatalog } from '../../../easyrec/serving/single_model_catalog.js';
import { ServingError } from '../../../easyrec/serving/status.js';
import { RestHandler } from '../../../easyrec/serving/tfserving/rest_handler.js';
import { FakeModel, halfPlusTwo, infos } from '../support.js';

function handlerOf(model: FakeModel): RestHandler {
  const catalog = new SingleModelCatalog('half/plus two', { version: 123n, model });
  return new RestHandler(new Inference(catalog), { timeoutMs: 1234, maxBodyBytes: 1000 }, SILENT_LOG);
}

interface Answer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly text: string;
}

async function ask(
  method: string,
  path: string,
  body: string | Uint8Array = '',
  headers: Readonly<Record<string, string>> = {},
  model = halfPlusTwo(),
): Promise<Answer> {
  const handler = handlerOf(model);
  assert.ok(handler.accepts(path));
  const response = await handler.handle({
    method,
    path,
    query: '',
    header: (name) => headers[name],
    body: Buffer.from(body),
    signal: new AbortController().signal,
  });
  const { status, contentType } = response;
  return { status, contentType, text: Buffer.from(response.body).toString('utf8') };
}

const MODEL = '/v1/models/half%2Fplus%20two';
const BODY = '{"instances": [1.0, 2.0, 5.0]}';

async function assertError(answer: Promise<Answer>, status: number, message: string): Promise<void> {
  const { text, ...rest } = await answer;
  assert.deepEqual(JSON.parse(text), { error: message });
  assert.deepEqual(rest, { status, contentType: 'application/json' });
}

test('predicts, with and without a version, in any case of the path', async () => {
  const expected = {
    status: 200,
    contentType: 'application/json',
    text: '{\n    "predictions": [2.5, 3.0, 4.5\n    ]\n}',
  };
  for (const path of [
    `${MODEL}:predict`,
    `${MODEL}/versions/123:predict`,
    `${MODEL}/VERSIONS/0123:predict`,
  ]) {
    assert.deepEqual(await ask('POST', path, BODY), expected);
  }
});

test('passes the time limit on to the model', async () => {
  const model = halfPlusTwo();
  await ask('POST', `${MODEL}:predict`, BODY, {}, model);
  const { timeoutMs = 0 } = model.requests[0] ?? {};
  // What was spent on reading the request is taken off.
  assert.ok(timeoutMs > 1000 && timeoutMs <= 1234, String(timeoutMs));
});

test('inflates a gzipped body, up to the limit', async () => {
  const gzip = { 'content-encoding': 'gzip' };
  assert.equal((await ask('POST', `${MODEL}:predict`, gzipSync(BODY), gzip)).status, 200);
  const bomb = gzipSync(Buffer.alloc(100_000, ' '));
  const tooLarge = 'Request body is larger than 1000 bytes once unpacked';
  await assertError(ask('POST', `${MODEL}:predict`, bomb, gzip), 400, tooLarge);
  const broken = await ask('POST', `${MODEL}:predict`, BODY, gzip);
  assert.equal(broken.status, 400);
  assert.match(broken.text, /Failed to uncompress the gzipped body/);
});

test('tells the status of the model and of a version', async () => {
  const expected = {
    model_version_status: [
      { version: '123', state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } },
    ],
  };
  for (const path of [MODEL, `${MODEL}/versions/123`, `${MODEL}/labels/any`]) {
    const { status, text } = await ask('GET', path);
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text), expected);
  }
});

test('tells the metadata of the model as TensorFlow Serving does', async () => {
  const { status, text } = await ask('GET', `${MODEL}/metadata`);
  assert.equal(status, 200);
  const tensorInfo = (name: string): object => ({
    dtype: 'DT_FLOAT',
    tensor_shape: { dim: [{ size: '-1', name: '' }], unknown_rank: false },
    name,
  });
  const signature = {
    inputs: { x: tensorInfo('x:0') },
    outputs: { y: tensorInfo('y:0') },
    method_name: 'tensorflow/serving/predict',
    defaults: {},
  };
  assert.deepEqual(JSON.parse(text), {
    model_spec: { name: 'half/plus two', signature_name: '', version: '123' },
    metadata: { signature_def: { signature_def: { serving_default: signature } } },
  });
});

const ERRORS: readonly (readonly [string, string, string, number, string])[] = [
  ['POST', '/v1/models/m:predict', BODY, 404, 'Servable not found for request: Latest(m)'],
  [
    'POST',
    `${MODEL}/versions/99:predict`,
    BODY,
    404,
    'Servable not found for request: Specific(half/plus two, 99)',
  ],
  ['POST', `${MODEL}/labels/stable:predict`, BODY, 400, 'Unrecognized servable version label: stable'],
  [
    'POST',
    `${MODEL}:predict`,
    '{"signature_name": "s", "instances": [1]}',
    400,
    'Serving signature name: "s" not found in signature def',
  ],
  // The JSON is read first: what is wrong with it hides that the model does not exist.
  ['POST', '/v1/models/m:predict', '', 400, 'JSON Parse error: The document is empty'],
  ['GET', '/v1/models/m', '', 404, 'Could not find any versions of model m'],
  ['GET', `${MODEL}/versions/7`, '', 404, 'Could not find version 7 of model half/plus two'],
  ['GET', '/v1/models/m/metadata', '', 404, 'Servable not found for request: Latest(m)'],
  ['GET', '/v1/models', '', 400, 'Missing model name in request.'],
  ['GET', '/v1/nothing', '', 400, 'Malformed request: GET /v1/nothing'],
  ['GET', `${MODEL}:predict`, '', 400, `Malformed request: GET ${MODEL}:predict`],
  ['POST', MODEL, BODY, 400, `Malformed request: POST ${MODEL}`],
  ['POST', `${MODEL}:PREDICT`, BODY, 400, `Malformed request: POST ${MODEL}:PREDICT`],
  ['PUT', `${MODEL}:predict`, BODY, 400, `Malformed request: PUT ${MODEL}:predict`],
  [
    'POST',
    `${MODEL}/versions/1/labels/a:predict`,
    BODY,
    400,
    `Malformed request: POST ${MODEL}/versions/1/labels/a:predict`,
  ],
  [
    'POST',
    `${MODEL}/versions/99999999999999999999:predict`,
    BODY,
    400,
    'Failed to convert version: 99999999999999999999 to numeric.',
  ],
  [
    'POST',
    `${MODEL}:classify`,
    '{"examples": [{"age": 20}]}',
    400,
    'No classification inputs found in SignatureDef: inputs {\n  key: "x"\n  value {\n    name: "x:0"\n    dtype: DT_FLOAT\n' +
      '    tensor_shape {\n      dim {\n        size: -1\n      }\n    }\n  }\n}\noutputs {\n  key: "y"\n  value {\n' +
      '    name: "y:0"\n    dtype: DT_FLOAT\n    tensor_shape {\n      dim {\n        size: -1\n      }\n    }\n  }\n}\n' +
      'method_name: "tensorflow/serving/predict"\n',
  ],
  [
    'POST',
    `${MODEL}:regress`,
    '{"signature_name": "none", "examples": [{"age": 20}]}',
    400,
    'No signature was found with the name: none',
  ],
];

for (const [method, path, body, status, message] of ERRORS) {
  test(`answers ${method} ${path} ${body.slice(0, 24)} with ${status}`, () =>
    assertError(ask(method, path, body), status, message));
}

test('lays an error out over three lines', async () => {
  assert.equal((await ask('GET', '/v1/models')).text, '{\n    "error": "Missing model name in request."\n}');
});

test('answers with the code of an error from the model', async () => {
  const signature = { methodName: '', inputs: infos({ x: 'float32' }), outputs: infos({ y: 'float32' }) };
  const failing = (error: Error): FakeModel =>
    new FakeModel({ serving_default: signature }, () => Promise.reject(error));
  const late = failing(new ServingError('DEADLINE_EXCEEDED', 'Timed out'));
  await assertError(ask('POST', `${MODEL}:predict`, BODY, {}, late), 504, 'Timed out');
  const broken = failing(new Error('a defect'));
  await assertError(ask('POST', `${MODEL}:predict`, BODY, {}, broken), 500, 'a defect');
});

test('refuses outputs that JSON cannot carry without running the model', async () => {
  const signature = { methodName: '', inputs: infos({ x: 'float32' }), outputs: infos({ y: 'complex64' }) };
  const model = new FakeModel({ serving_default: signature }, () => Promise.reject(new Error('was run')));
  const message = 'Failed to write JSON value for tensor type: complex64';
  await assertError(ask('POST', `${MODEL}:predict`, BODY, {}, model), 400, message);
});

test('answers a preflight by its origin alone, without a body', async () => {
  const ok = await ask('OPTIONS', `${MODEL}:predict`, '', { origin: 'https://example.org' });
  assert.deepEqual(ok, { status: 200, contentType: undefined, text: '' });
  assert.equal((await ask('OPTIONS', `${MODEL}:predict`)).status, 400);
});

test('accepts the paths of its version of the protocol alone', () => {
  const handler = handlerOf(halfPlusTwo());
  for (const path of ['/', '/v1', '/v2/models/m', '/x/v1/models/m']) assert.ok(!handler.accepts(path), path);
  for (const path of ['/v1/', '/V1/models/m', '/v1/anything']) assert.ok(handler.accepts(path), path);
});

test('all that is asked about a model counts, its state as well, as with the original', async () => {
  const metrics = new ServerMetrics();
  const catalog = new SingleModelCatalog('m', { version: 1n, model: halfPlusTwo() });
  const options = { timeoutMs: 1234, maxBodyBytes: 1000 };
  const handler = new RestHandler(new Inference(catalog, [metrics]), options, SILENT_LOG);
  const { signal } = new AbortController();
  const get = (path: string): Promise<unknown> =>
    handler.handle({ method: 'GET', path, query: '', header: () => undefined, body: Buffer.of(), signal });
  await get('/v1/models/m');
  await get('/v1/models/m/versions/1');
  await get('/v1/models/m/metadata');
  await get('/v1/models/none');
  assert.deepEqual(
    metrics
      .text()
      .split('\n')
      .filter((line) => /_count\{/.test(line)),
    [
      ':tensorflow:serving:request_count{model_name="m",status="OK"} 3',
      ':tensorflow:serving:request_count{model_name="none",status="NOT_FOUND"} 1',
      ':tensorflow:serving:request_latency_count{model_name="m",API="",entrypoint="REST"} 3',
    ],
  );
});
