import type protobuf from 'protobufjs';
import type { Random } from '../../../easyrec/input/random.js';
import { servicesFile, servingProtos } from '../../../easyrec/serving/tfserving/protos.js';
import { broken, noise } from './bytes.js';
import { type Arsenal, pick, weighted } from './campaign.js';
import { type Code, grpcArsenal, type GrpcExchange } from './grpc_answers.js';
import type { BytesClient } from './grpc_client.js';

const PREDICTION = '/tensorflow.serving.PredictionService';
const MODEL = '/tensorflow.serving.ModelService';
const RELOAD = `${MODEL}/HandleReloadConfigRequest`;

/** What may be right after all, or is wrong. */
const MAYBE: readonly Code[] = [
  'OK',
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'FAILED_PRECONDITION',
  'UNIMPLEMENTED',
];
const WRONG: readonly Code[] = ['INVALID_ARGUMENT', 'NOT_FOUND', 'FAILED_PRECONDITION', 'UNIMPLEMENTED'];

const INT64_MAX = '9223372036854775807';
const ODD_SIZES = [
  -1,
  -2,
  0,
  1,
  3,
  2 ** 31,
  '4294967296',
  '1000000000000',
  INT64_MAX,
  '-9223372036854775808',
] as const;

type Request = Pick<GrpcExchange, 'path' | 'message'>;

/** Requests over TensorFlow Serving's gRPC protocol. */
export function grpcAttacks(client: BytesClient): Arsenal {
  const { root } = servicesFile(servingProtos());
  const encode = (type: string, message: object): Uint8Array =>
    encodeAs(root.lookupType(`tensorflow.serving.${type}`), message);
  const predict = (message: object): Uint8Array => encode('PredictRequest', message);
  const made = (
    title: string,
    make: (random: Random) => Partial<GrpcExchange> & Pick<GrpcExchange, 'message'>,
  ): Arsenal =>
    grpcArsenal(client, title, (random) => ({
      path: `${PREDICTION}/Predict`,
      codes: MAYBE,
      ...make(random),
    }));
  const methods = requestsOf(encode);
  const reloads = root.lookupType('tensorflow.serving.ReloadConfigRequest');
  const spoilt = (random: Random, { path, message }: Request): Request => {
    let wrong = broken(random, message);
    while (path === RELOAD && unloadsAll(reloads, wrong)) wrong = broken(random, message);
    return { path, message: wrong };
  };
  return weighted([
    [8, made('noise', (random) => ({ message: noise(random, 300), path: pick(random, methods).path }))],
    [20, made('broken messages', (random) => spoilt(random, pick(random, methods)))],
    [20, made('odd tensors', (random) => ({ message: predict(withInputs({ x: oddTensor(random) })) }))],
    [
      10,
      made('odd tensors of many', (random) => {
        const alias = pick(random, ['x', 'id', 'word', 'flag', 'none', '__proto__', '']);
        const inputs = new Map<string, object>([...Object.entries(MULTI), [alias, oddTensor(random)]]);
        return { message: predict(withInputs(Object.fromEntries(inputs), 'multi')) };
      }),
    ],
    [
      6,
      made('odd specs', (random) => ({
        message: predict({ ...SINGLE, model_spec: oddSpec(random) }),
        codes: WRONG,
      })),
    ],
    [
      3,
      made('odd filters', (random) => ({
        message: predict({
          ...SINGLE,
          output_filter: pick(random, [['z'], ['y', 'y'], [''], ['__proto__'], ['y', 'x']]),
        }),
        codes: WRONG,
      })),
    ],
    [
      3,
      made('no such method', (random) => ({
        message: noise(random, 50),
        path: oddMethod(random),
        codes: ['UNIMPLEMENTED'],
      })),
    ],
    [
      3,
      made('an impatient client', (random) => ({
        message: predict(SINGLE),
        deadlineMs: random.below(5) - 2,
        codes: ['OK', 'DEADLINE_EXCEEDED'],
      })),
    ],
    [
      3,
      made('a client that goes', (random) => ({
        message: predict(SINGLE),
        cancelMs: random.below(3),
        codes: ['OK', 'CANCELLED'],
      })),
    ],
    [
      0.1,
      made('100 MB', () => ({
        message: Buffer.alloc(100_000_000, 8),
        codes: ['INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED'],
      })),
    ],
  ]);
}

/**
 * Whether a request is right and serves no model from then on: its list is there and empty, as it also is where a changed
 * byte makes its models a field that is unknown.
 */
function unloadsAll(type: protobuf.Type, message: Uint8Array): boolean {
  let request: object;
  try {
    request = type.toObject(type.decode(message), { arrays: true });
  } catch {
    return false;
  }
  const { config } = request as { config?: { model_config_list?: { config: readonly object[] } } };
  return config?.model_config_list?.config.length === 0;
}

function encodeAs(type: protobuf.Type, message: object): Uint8Array {
  return type.encode(type.fromObject(message)).finish();
}

const X = { dtype: 'DT_FLOAT', tensor_shape: { dim: [{ size: 2 }] }, float_val: [1, 2] };
const ROW = [{ size: 1 }];
const MULTI = {
  x: { dtype: 'DT_FLOAT', tensor_shape: { dim: [{ size: 1 }, { size: 2 }] }, float_val: [1, 2] },
  id: { dtype: 'DT_INT64', tensor_shape: { dim: ROW }, int64_val: [3] },
  word: { dtype: 'DT_STRING', tensor_shape: { dim: ROW }, string_val: [Buffer.from('a')] },
  flag: { dtype: 'DT_BOOL', tensor_shape: { dim: ROW }, bool_val: [true] },
};
const SINGLE = withInputs({ x: X });

function withInputs(inputs: object, name = 'single'): object {
  return { model_spec: { name }, inputs };
}

/** A right request for each method. */
function requestsOf(encode: (type: string, message: object) => Uint8Array): [Request, ...Request[]] {
  const feature = { int64_list: { value: [1] } };
  const input = { example_list: { examples: [{ features: { feature: { a: feature } } }] } };
  const model_spec = { name: 'examples' };
  const tasks = ['classify', 'regress'].map((method, i) => ({
    model_spec: { name: 'examples', signature_name: i === 0 ? 'serving_default' : 'regress' },
    method_name: `tensorflow/serving/${method}`,
  }));
  const reload = { config: { model_config_list: { config: [{ name: '', base_path: 'none' }] } } };
  return [
    { path: `${PREDICTION}/Predict`, message: encode('PredictRequest', SINGLE) },
    { path: `${PREDICTION}/Predict`, message: encode('PredictRequest', withInputs(MULTI, 'multi')) },
    { path: `${PREDICTION}/Classify`, message: encode('ClassificationRequest', { model_spec, input }) },
    {
      path: `${PREDICTION}/Regress`,
      message: encode('RegressionRequest', {
        model_spec: { ...model_spec, signature_name: 'regress' },
        input,
      }),
    },
    { path: `${PREDICTION}/MultiInference`, message: encode('MultiInferenceRequest', { tasks, input }) },
    {
      path: `${PREDICTION}/GetModelMetadata`,
      message: encode('GetModelMetadataRequest', { model_spec, metadata_field: ['signature_def'] }),
    },
    { path: `${MODEL}/GetModelStatus`, message: encode('GetModelStatusRequest', { model_spec }) },
    { path: RELOAD, message: encode('ReloadConfigRequest', reload) },
  ];
}

function oddTensor(random: Random): object {
  const dims = Array.from({ length: random.below(5) }, () => ({ size: pick(random, [...ODD_SIZES]) }));
  const dtype = random.below(3) === 0 ? random.below(130) : pick(random, [1, 3, 7, 9, 10]);
  const values = pick<object>(random, [
    {},
    { float_val: [1] },
    { float_val: [1, 2, 3] },
    { int64_val: [INT64_MAX, '-1'] },
    { string_val: [Buffer.alloc(0), Buffer.from('x')] },
    { bool_val: [true] },
    { int_val: [-1] },
    { double_val: [NaN] },
    { tensor_content: noise(random, 40) },
    { tensor_content: Buffer.alloc(8) },
    { tensor_content: Buffer.alloc(4, 0xff), float_val: [1] },
  ]);
  const many = random.below(20) === 0 ? Array.from({ length: 300 }, () => ({ size: 1 })) : dims;
  return { dtype, tensor_shape: { dim: many, unknown_rank: random.below(10) === 0 }, ...values };
}

function oddSpec(random: Random): object {
  const name = pick(random, [
    '',
    '..',
    '../single',
    '__proto__',
    'constructor',
    'x'.repeat(10_000),
    '\0',
    '\u{1F600}',
  ]);
  return pick<object>(random, [
    { name },
    { name: 'single', version: { value: pick(random, ['0', '-1', INT64_MAX, '2']) } },
    { name: 'single', version_label: name === '' ? 'x' : name },
    { name: 'single', signature_name: name === '' ? 'x' : name },
    {},
  ]);
}

function oddMethod(random: Random): string {
  return pick(random, [
    `${PREDICTION}/Nothing`,
    `${PREDICTION}/`,
    '/tensorflow.serving.Nothing/Predict',
    '/',
    '/../etc/passwd',
    `/${'x'.repeat(5000)}/y`,
    `${PREDICTION}/__proto__`,
    `${PREDICTION}/constructor`,
  ]);
}
