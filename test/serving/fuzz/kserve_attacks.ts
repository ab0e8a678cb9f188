import type { Random } from '../../../easyrec/input/random.js';
import { kserveProto } from '../../../easyrec/serving/kserve/grpc_service.js';
import { broken, noise } from './bytes.js';
import { type Arsenal, pick, weighted } from './campaign.js';
import { type Code, grpcArsenal } from './grpc_answers.js';
import type { BytesClient } from './grpc_client.js';
import { brokenText, deep, ODD_NAMES, oddValue } from './json_texts.js';
import { type Exchange, exchange, type RestTarget } from './rest_answers.js';

const DATATYPES = [
  'FP32',
  'FP64',
  'FP16',
  'BF16',
  'INT64',
  'UINT8',
  'BOOL',
  'BYTES',
  'fp32',
  '',
  '__proto__',
] as const;
const ODD_LENGTHS = [-1, 0, 1, 2, 1.5, 2 ** 31, 2 ** 53, 1e300] as const;
const RIGHT = '{"id": "a", "inputs": [{"name": "x", "datatype": "FP32", "shape": [2], "data": [1, 2]}]}';

/** Requests over the open inference protocol's REST form. */
export function kserveAttacks(target: RestTarget): Arsenal {
  const made =
    (title: string, make: (random: Random) => Partial<Exchange> & Pick<Exchange, 'statuses'>): Arsenal =>
    (random) => {
      const request = { method: 'POST', path: '/v2/models/single/infer', ...make(random) };
      return { title: `V2, ${title}`, send: () => exchange(target, request) };
    };
  return weighted([
    [5, made('broken JSON', (random) => ({ body: brokenText(random, RIGHT), statuses: [200, 400] }))],
    [
      8,
      made('odd inputs', (random) => ({ body: `{"inputs": [${oddInput(random)}]}`, statuses: [200, 400] })),
    ],
    [3, made('odd documents', (random) => ({ body: oddDocument(random), statuses: [200, 400] }))],
    [
      1,
      made('odd ranks', (random) => {
        const shape = Array(250 + random.below(60))
          .fill(1)
          .join();
        const body = `{"inputs": [{"name": "x", "datatype": "FP32", "shape": [${shape}], "data": [1]}]}`;
        return { body, statuses: [200, 400] };
      }),
    ],
    [
      1,
      made('deep data', (random) => ({
        body: `{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": ${deep(random)}}]}`,
        statuses: [200, 400],
      })),
    ],
    [
      3,
      made('odd binary data', (random) => {
        const head = `{"inputs": [{"name": "x", "datatype": "${pick(random, [...DATATYPES])}", "shape": [2],
          "parameters": {"binary_data_size": ${pick(random, ['8', '-1', '1.5', '9', '1e300', '"8"', 'null', '4'])}}}]}`;
        const length = pick(random, [
          String(head.length),
          '-1',
          '0',
          '1e9',
          '99999999999',
          'x',
          String(head.length - 1),
        ]);
        return {
          body: Buffer.concat([Buffer.from(head), noise(random, 16)]),
          headers: { 'inference-header-content-length': length },
          statuses: [200, 400],
        };
      }),
    ],
    [
      3,
      made('odd names', (random) => {
        const name = pick(random, ODD_NAMES);
        const path = pick(random, [
          `/v2/models/${name}/infer`,
          `/v2/models/single/versions/${name}/infer`,
          `/v2/models/${name}/${name}`,
          `/v2/${name}`,
        ]);
        return { path, body: RIGHT, statuses: [400, 404, 405] };
      }),
    ],
    [
      1,
      made('odd methods', (random) => ({
        method: pick(random, ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'GET']),
        statuses: [405],
      })),
    ],
    [
      1,
      made('odd encodings', (random) => ({
        headers: { 'content-encoding': pick(random, ['gzip', 'deflate', 'br', 'x', 'gzip, gzip']) },
        body: RIGHT,
        statuses: [400],
      })),
    ],
  ]);
}

function oddInput(random: Random): string {
  const shape = Array.from({ length: random.below(4) }, () => pick(random, [...ODD_LENGTHS]));
  const fields = new Map([
    ['name', '"x"'],
    ['datatype', `"${pick(random, [...DATATYPES])}"`],
    ['shape', `[${shape.join()}]`],
    ['data', oddValue(random)],
    [pick(random, ['name', 'datatype', 'shape', 'data', 'parameters']), oddValue(random)],
  ]);
  if (random.below(4) === 0) fields.delete(pick(random, ['name', 'datatype', 'shape', 'data']));
  return `{${[...fields].map(([key, value]) => `"${key}": ${value}`).join(', ')}}`;
}

function oddDocument(random: Random): string {
  const value = oddValue(random);
  return pick(random, [
    value,
    `{"inputs": ${value}}`,
    `{"id": ${value}, ${RIGHT.slice(1)}`,
    `${RIGHT.slice(0, -1)}, "outputs": ${value}}`,
    `${RIGHT.slice(0, -1)}, "outputs": [{"name": ${value}}]}`,
    `${RIGHT.slice(0, -1)}, "parameters": ${value}}`,
    `${RIGHT.slice(0, -1)}, "parameters": {"signature_name": ${value}}}`,
  ]);
}

/** Requests over its gRPC form. */
export function kserveGrpcAttacks(client: BytesClient): Arsenal {
  const type = kserveProto().root.lookupType('inference.ModelInferRequest');
  const encode = (message: object): Uint8Array => type.encode(type.fromObject(message)).finish();
  const path = '/inference.GRPCInferenceService/ModelInfer';
  const codes: readonly Code[] = ['OK', 'INVALID_ARGUMENT', 'NOT_FOUND', 'FAILED_PRECONDITION'];
  const x = { name: 'x', datatype: 'FP32', shape: [2] };
  const right = encode({
    model_name: 'single',
    inputs: [x],
    raw_input_contents: [Buffer.from(Float32Array.of(1, 2).buffer)],
  });
  return weighted([
    [
      2,
      grpcArsenal(client, 'V2, broken messages', (random) => ({
        path,
        codes,
        message: broken(random, right),
      })),
    ],
    [
      2,
      grpcArsenal(client, 'V2, odd inputs', (random) => {
        const input = {
          name: pick(random, ['x', '', '__proto__']),
          datatype: pick(random, [...DATATYPES]),
          shape: Array.from({ length: random.below(4) }, () =>
            pick(random, ['-1', '0', '2', '4294967296', '9007199254740993']),
          ),
          contents: pick<object>(random, [
            {},
            { fp32_contents: [1, 2] },
            { int64_contents: ['9223372036854775807'] },
            { bytes_contents: [Buffer.from('x')] },
            { fp32_contents: [1], bool_contents: [true] },
          ]),
        };
        const raw = random.below(3) === 0 ? { raw_input_contents: [noise(random, 20)] } : {};
        return { path, codes, message: encode({ model_name: 'single', inputs: [input], ...raw }) };
      }),
    ],
  ]);
}
