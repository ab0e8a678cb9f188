import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { SILENT_LOG } from '../../../easyrec/log.js';
import type { HttpRequest, HttpResponse } from '../../../easyrec/serving/http.js';
import { Inference, type InferenceRecord } from '../../../easyrec/serving/inference/index.js';
import { KserveHandler } from '../../../easyrec/serving/kserve/index.js';
import { SingleModelCatalog } from '../../../easyrec/serving/single_model_catalog.js';
import { echoModel, INFER_DTYPES } from './echo_model.js';

const records: InferenceRecord[] = [];
const catalog = new SingleModelCatalog('my model', { version: 3n, model: echoModel() });
const inference = new Inference(catalog, [{ finished: (record) => records.push(record) }]);
const handler = new KserveHandler(inference, { timeoutMs: 1000, maxBodyBytes: 10_000 }, SILENT_LOG);
const INFER = '/v2/models/my%20model/infer';

function call(
  method: string,
  path: string,
  body: Uint8Array | string | object = '',
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpResponse> {
  const isText = typeof body === 'string' || body instanceof Uint8Array;
  const request: HttpRequest = {
    method,
    path,
    query: '',
    header: (name) => headers[name],
    body: Buffer.from(isText ? body : JSON.stringify(body)),
    signal: new AbortController().signal,
  };
  return handler.handle(request);
}

async function json(response: Promise<HttpResponse>): Promise<readonly [number, unknown]> {
  const { status, body } = await response;
  return [status, JSON.parse(Buffer.from(body).toString()) as unknown];
}

const X = { name: 'x', datatype: 'FP32', shape: [2], data: [1, 2.5] };
const S = { name: 's', datatype: 'BYTES', shape: [2], data: ['a', 'ü'] };

test('tells that it lives, that it is ready, and what it is', async () => {
  assert.deepEqual(await json(call('GET', '/v2/health/live')), [200, { live: true }]);
  assert.deepEqual(await json(call('GET', '/v2/health/ready')), [200, { ready: true }]);
  const [status, server] = await json(call('GET', '/v2'));
  const { version, ...rest } = server as { version: string };
  assert.match(version, /^\d+\.\d+\.\d+$/);
  assert.deepEqual([status, rest], [200, { name: 'easyrec', extensions: ['binary_tensor_data'] }]);
  assert.deepEqual(await json(call('GET', '/v2/models/my%20model/ready')), [
    200,
    { name: 'my model', ready: true },
  ]);
  assert.deepEqual(await json(call('GET', '/v2/models/my%20model/versions/4/ready')), [
    503,
    { name: 'my model', ready: false },
  ]);
});

test("describes a model by its default signature's inputs and outputs", async () => {
  const tensors = [
    { name: 'x', datatype: 'FP32', shape: [-1] },
    { name: 's', datatype: 'BYTES', shape: [-1] },
  ];
  const expected = {
    name: 'my model',
    versions: ['3'],
    platform: 'tensorflow_savedmodel',
    inputs: tensors,
    outputs: tensors,
  };
  assert.deepEqual(await json(call('GET', '/v2/models/my%20model')), [200, expected]);
  assert.deepEqual(await json(call('GET', '/v2/models/my%20model/versions/3')), [200, expected]);
  assert.deepEqual(await json(call('GET', '/v2/models/none')), [
    404,
    { error: 'Servable not found for request: Latest(none)' },
  ]);
});

test('infers from JSON and answers in JSON', async () => {
  const [status, answer] = await json(call('POST', INFER, { id: '42', inputs: [X, S] }));
  assert.deepEqual(answer, {
    model_name: 'my model',
    model_version: '3',
    id: '42',
    outputs: [X, S],
  });
  assert.equal(status, 200);
  const record = records.at(-1);
  assert.deepEqual(
    [record?.method, record?.entrypoint, record?.status, record?.version],
    ['predict', 'REST', 'OK', 3n],
  );
});

test('gives only the outputs that are asked for', async () => {
  const body = { inputs: [X, S], outputs: [{ name: 's' }] };
  const [, answer] = await json(call('POST', '/v2/models/my%20model/versions/3/infer', body));
  assert.deepEqual((answer as { outputs: unknown }).outputs, [S]);
});

test('data may be nested as the shape is, and another signature may be named', async () => {
  const input = {
    name: 'x',
    datatype: 'INT64',
    shape: [2, 2],
    data: [
      [1, 2],
      [3, 4],
    ],
  };
  const body = { parameters: { signature_name: 'int64' }, inputs: [input] };
  const [, answer] = await json(call('POST', INFER, body));
  assert.deepEqual((answer as { outputs: unknown }).outputs, [{ ...input, data: [1, 2, 3, 4] }]);
});

test('64-bit integers stay exact, and numbers that JSON lacks pass', async () => {
  const big = `{"parameters":{"signature_name":"uint64"},"inputs":[{"name":"x","datatype":"UINT64","shape":[1],"data":[18446744073709551615]}]}`;
  assert.match(
    Buffer.from((await call('POST', INFER, big)).body).toString(),
    /"data":\[18446744073709551615\]/,
  );
  const odd = `{"parameters":{"signature_name":"float64"},"inputs":[{"name":"x","datatype":"FP64","shape":[3],"data":[NaN,-Infinity,0.1]}]}`;
  assert.match(
    Buffer.from((await call('POST', INFER, odd)).body).toString(),
    /"data":\[NaN,-Infinity,0\.1\]/,
  );
});

test('bytes that are no text come back as base64, and may be sent as such', async () => {
  const input = {
    name: 'x',
    datatype: 'BYTES',
    shape: [2],
    parameters: { content_type: 'base64' },
    data: ['/wA=', 'YQ=='],
  };
  const body = { parameters: { signature_name: 'string' }, inputs: [input] };
  const [, answer] = await json(call('POST', INFER, body));
  assert.deepEqual((answer as { outputs: unknown }).outputs, [input]);
});

/** JSON and binary data behind it. */
function withBinary(
  document: object,
  ...parts: readonly Uint8Array[]
): readonly [Buffer, Record<string, string>] {
  const head = Buffer.from(JSON.stringify(document));
  return [Buffer.concat([head, ...parts]), { 'inference-header-content-length': String(head.length) }];
}

test('takes and gives binary data of every type', async () => {
  const sizes: Readonly<Record<string, number>> = { bool: 1, string: 0 };
  for (const dtype of INFER_DTYPES) {
    const bytes = Buffer.from(
      dtype === 'string' ? [2, 0, 0, 0, 255, 0, 0, 0, 0, 0] : Array.from({ length: 16 }, (_, i) => i),
    );
    const width = sizes[dtype] ?? Number(/\d+$/.exec(dtype)?.[0] ?? 16) / 8;
    const data =
      dtype === 'bool' ? Buffer.from([1, 0]) : bytes.subarray(0, width === 0 ? bytes.length : 2 * width);
    const datatype =
      { string: 'BYTES', bfloat16: 'BF16' }[dtype as string] ?? dtype.replace('float', 'FP').toUpperCase();
    const input = { name: 'x', datatype, shape: [2], parameters: { binary_data_size: data.length } };
    const document = { parameters: { signature_name: dtype, binary_data_output: true }, inputs: [input] };
    const [body, headers] = withBinary(document, data);
    const response = await call('POST', INFER, body, headers);
    const length = Number(response.headers?.['inference-header-content-length']);
    const answer = Buffer.from(response.body);
    assert.equal(response.contentType, 'application/octet-stream', dtype);
    const head = JSON.parse(answer.subarray(0, length).toString()) as { outputs: unknown };
    assert.deepEqual(head.outputs, [input], dtype);
    assert.deepEqual(answer.subarray(length), data, dtype);
  }
});

test('each output is binary or not as it is asked for', async () => {
  const body = { inputs: [X, S], outputs: [{ name: 'x', parameters: { binary_data: true } }, { name: 's' }] };
  const response = await call('POST', INFER, body);
  const length = Number(response.headers?.['inference-header-content-length']);
  const answer = Buffer.from(response.body);
  const head = JSON.parse(answer.subarray(0, length).toString()) as { outputs: unknown };
  assert.deepEqual(head.outputs, [
    { name: 'x', datatype: 'FP32', shape: [2], parameters: { binary_data_size: 8 } },
    S,
  ]);
  assert.deepEqual([answer.readFloatLE(length), answer.readFloatLE(length + 4)], [1, 2.5]);
});

test('takes compressed bodies', async () => {
  const body = JSON.stringify({ inputs: [X, S] });
  for (const [encoding, packed] of [
    ['gzip', gzipSync(body)],
    ['deflate', deflateSync(body)],
  ] as const) {
    assert.equal((await call('POST', INFER, packed, { 'content-encoding': encoding })).status, 200, encoding);
  }
  const bomb = gzipSync(Buffer.alloc(100_000));
  assert.equal((await call('POST', INFER, bomb, { 'content-encoding': 'gzip' })).status, 400);
});

/** As text: `JSON.stringify` would need a stack for it. */
const NESTED = `{"inputs": [{"name": "x", "datatype": "FP32", "shape": [2], "data": ${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`;

test('what is wrong with a request is told', async () => {
  const int8 = { name: 'x', datatype: 'INT8', shape: [1], data: [200] };
  const wrong: readonly (readonly [object | string, RegExp])[] = [
    ['{', /JSON Parse error/],
    [[], /expected the request to be an object/],
    [{}, /expected inputs to be a list, received none/],
    [{ inputs: [] }, /expected 'inputs' to name at least one tensor/],
    [{ inputs: [X] }, /expected 2 inputs but got 1 inputs for model 'my model'; missing: s/],
    [{ inputs: [X, X, S] }, /inference input 'x' is given twice/],
    [
      { inputs: [{ ...X, name: 'z' }] },
      /unexpected inference input 'z' for model 'my model'; its inputs are x, s/,
    ],
    [{ inputs: [{ ...X, datatype: 'FP64' }] }, /data-type is 'FP64', but model 'my model' expects 'FP32'/],
    [{ inputs: [{ ...X, datatype: 'FLOAT' }] }, /expected a datatype of BOOL, .*; received 'FLOAT'/],
    [{ inputs: [{ ...X, shape: [3] }, S] }, /input 'x': expected 3 elements for shape \[3\], received 2/],
    [{ inputs: [{ ...X, shape: [1] }, S] }, /input 'x': expected 1 elements for shape \[1\], received more/],
    [{ inputs: [{ ...X, shape: [-2] }, S] }, /input 'x': \[-2\] is no shape of a tensor/],
    [{ inputs: [{ ...X, shape: [2 ** 40, 2 ** 40] }, S] }, /is no shape of a tensor/],
    [{ inputs: [{ ...X, shape: [2 ** 40, 2 ** 40, 0], data: [] }, S] }, /is no shape of a tensor/],
    [{ inputs: [{ ...X, shape: new Array<number>(255).fill(1), data: [1] }, S] }, /is no shape of a tensor/],
    [{ inputs: [{ ...X, data: ['a', 'b'] }, S] }, /input 'x': "a" is no FP32/],
    [NESTED, /input 'x': its data are nested deeper than a tensor can be/],
    [{ inputs: [{ name: 'x', datatype: 'FP32', shape: [2] }] }, /neither data nor binary_data_size/],
    [{ inputs: [{ ...X, parameters: { binary_data_size: 1 } }] }, /both data and binary_data_size/],
    [{ inputs: [int8], parameters: { signature_name: 'int8' } }, /input 'x': 200 is no INT8/],
    [{ inputs: [X, S], outputs: [{ name: 'q' }] }, /output tensor alias not found in signature: q/],
    [{ inputs: [X, S], parameters: { signature_name: 'none' } }, /"none" not found/],
    [{ inputs: [X, S], parameters: { sequence_id: 1 } }, /the parameter sequence_id is not supported/],
  ];
  for (const [body, message] of wrong) {
    const [status, answer] = await json(call('POST', INFER, body));
    assert.equal(status, 400, JSON.stringify(body));
    assert.match((answer as { error: string }).error, message);
  }
  assert.equal(records.at(-1)?.status, 'INVALID_ARGUMENT');
});

test('binary data that does not fit its description is refused', async () => {
  const input = (size: number, shape = [2]): object => ({
    name: 'x',
    datatype: 'FP32',
    shape,
    parameters: { binary_data_size: size },
  });
  const strings = { name: 'x', datatype: 'BYTES', shape: [1], parameters: { binary_data_size: 6 } };
  const wrong: readonly (readonly [object, Buffer, RegExp])[] = [
    [{ inputs: [input(8)] }, Buffer.alloc(4), /binary_data_size 8, but 4 bytes are left/],
    [{ inputs: [input(8), S] }, Buffer.alloc(9), /1 bytes that no input takes/],
    [{ inputs: [input(4), S] }, Buffer.alloc(4), /expected 8 bytes for shape \[2\], received 4/],
    [
      { inputs: [strings], parameters: { signature_name: 'string' } },
      Buffer.from([9, 0, 0, 0, 1, 1]),
      /input 'x': its last element is incomplete/,
    ],
  ];
  for (const [document, bytes, message] of wrong) {
    const [body, headers] = withBinary(document, bytes);
    const [status, answer] = await json(call('POST', INFER, body, headers));
    assert.equal(status, 400);
    assert.match((answer as { error: string }).error, message);
  }
  const [status] = await json(call('POST', INFER, '{}', { 'inference-header-content-length': '3' }));
  assert.equal(status, 400);
});

test('an output of a type that the protocol lacks is UNIMPLEMENTED', async () => {
  const body = { inputs: [X], parameters: { signature_name: 'complex' } };
  assert.deepEqual(await json(call('POST', INFER, body)), [
    501,
    { error: "output 'x': the protocol has no type for complex64" },
  ]);
});

test('paths and methods that the protocol lacks are refused, others are left to others', async () => {
  assert.equal((await call('GET', '/v2/repository/index')).status, 404);
  assert.equal((await call('GET', INFER)).status, 405);
  assert.equal((await call('POST', '/v2/models/my%20model')).status, 405);
  assert.equal((await call('GET', '/v2/models/%zz')).status, 400);
  assert.equal((await call('GET', '/v2/models/my%20model/versions/x')).status, 400);
  assert.deepEqual(
    ['/v2', '/v2/', '/v2/models/m', '/v2x', '/v1/models/m', '/'].map((path) => handler.accepts(path)),
    [true, true, true, false, false, false],
  );
});
