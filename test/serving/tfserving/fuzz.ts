import grpc from '@grpc/grpc-js';
import { Random } from '../../../easyrec/input/random.js';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { startGrpcServer } from '../../../easyrec/serving/grpc/grpc_server.js';
import { Inference } from '../../../easyrec/serving/inference/inference.js';
import { SingleModelCatalog } from '../../../easyrec/serving/single_model_catalog.js';
import { encodeExamplesRequest } from '../../../easyrec/serving/tfserving/messages/example_messages.js';
import { encodePredictRequest } from '../../../easyrec/serving/tfserving/messages/predict_messages.js';
import { predictionService } from '../../../easyrec/serving/tfserving/prediction_service.js';
import { RestHandler } from '../../../easyrec/serving/tfserving/rest_handler.js';
import type { ServableModel } from '../../../easyrec/serving/servable.js';

/** How many requests were answered with each code, and answers that no client could make sense of. */
export interface FuzzReport {
  readonly answers: ReadonlyMap<string, number>;
  readonly faults: readonly string[];
}

const JSON_SEEDS = [
  '{"signature_name": "serving_default", "instances": [{"x": 1.0}, {"x": 2.5e3}]}',
  '{"instances": [1.0, 2.0, 5.0]}',
  '{"inputs": {"x": [[1.0, -2], [NaN, Infinity]]}}',
  '{"inputs": [{"b64": "YWJj"}, "text", null, true, {"x": []}]}',
  '{"examples": [{"age": 20.0, "tags": ["a", {"b64": "/wA="}]}], "context": {"n": [1, 2]}}',
] as const;
const JSON_PIECES = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\u',
  '\\ud800',
  '1e999',
  '-',
  'nul',
  '\0',
  '\xff',
  '1'.repeat(400),
];
const METHODS = ['predict', 'predict', 'predict', 'classify', 'regress'];
const PATHS = METHODS.map((method) => `/v1/models/half:${method}`);
/** All that a request that is wrong may be told. */
const STATUSES = new Set([200, 400, 404]);

/** Sends `count` requests made from good ones by random changes to the REST protocol. */
export async function fuzzRest(model: ServableModel, count: number, seed: number): Promise<FuzzReport> {
  const catalog = new SingleModelCatalog('half', { version: 1n, model });
  const handler = new RestHandler(
    new Inference(catalog),
    { timeoutMs: 30_000, maxBodyBytes: 10_000 },
    SILENT_LOG,
  );
  const random = new Random(seed);
  const answers = new Map<string, number>();
  const faults: string[] = [];
  const { signal } = new AbortController();
  for (let i = 0; i < count; i++) {
    const body = mutate(Buffer.from(JSON_SEEDS[i % JSON_SEEDS.length] ?? ''), random, JSON_PIECES);
    const path = changedPath(PATHS[random.below(PATHS.length)] ?? '', random);
    const headers = random.below(50) === 0 ? { 'content-encoding': 'gzip' } : {};
    const header = (name: string): string | undefined => new Map(Object.entries(headers)).get(name);
    const response = await handler.handle({ method: 'POST', path, query: '', header, body, signal });
    const { status } = response;
    answers.set(String(status), (answers.get(String(status)) ?? 0) + 1);
    const text = Buffer.from(response.body).toString('latin1');
    const isAnswer =
      status === 200 ? /"(predictions|outputs|results)"/.test(text) : /^\{\s*"error": ".+"\s*\}$/s.test(text);
    if (!STATUSES.has(status) || !isAnswer)
      faults.push(`${path} ${body.toString('latin1')} -> ${status} ${text}`);
  }
  return { answers, faults };
}

const GRPC_METHODS = ['Predict', 'Classify', 'Regress', 'MultiInference', 'GetModelMetadata'];
const CODES = new Set([
  grpc.status.OK,
  grpc.status.INVALID_ARGUMENT,
  grpc.status.NOT_FOUND,
  grpc.status.FAILED_PRECONDITION,
  grpc.status.UNIMPLEMENTED,
]);

/** Sends `count` messages made from good ones by random changes to the gRPC protocol, over a socket. */
export async function fuzzGrpc(model: ServableModel, count: number, seed: number): Promise<FuzzReport> {
  const catalog = new SingleModelCatalog('half', { version: 1n, model });
  const services = [predictionService(new Inference(catalog), SILENT_LOG)];
  const server = await startGrpcServer({ services, host: '127.0.0.1', port: 0, maxMessageBytes: 1 << 20 });
  const client = new grpc.Client(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
  const random = new Random(seed);
  const answers = new Map<string, number>();
  const faults: string[] = [];
  const send = async (): Promise<void> => {
    const method = GRPC_METHODS[random.below(GRPC_METHODS.length)] ?? '';
    const body = mutate(GRPC_SEEDS[random.below(GRPC_SEEDS.length)] ?? Buffer.alloc(0), random, []);
    const { code, details } = await call(client, method, body);
    answers.set(grpc.status[code], (answers.get(grpc.status[code]) ?? 0) + 1);
    const isKnown =
      CODES.has(code) || (code === grpc.status.INTERNAL && details.startsWith('Failed to parse'));
    if (!isKnown) faults.push(`${method} ${body.toString('hex')} -> ${grpc.status[code]} ${details}`);
  };
  try {
    for (let sent = 0; sent < count; sent += 50) {
      await Promise.all(Array.from({ length: Math.min(50, count - sent) }, send));
    }
  } finally {
    client.close();
    await server.close();
  }
  return { answers, faults };
}

const MODEL = { spec: { name: 'half', version: 1n }, signatureName: 'serving_default' };

const GRPC_SEEDS: readonly Buffer[] = [
  encodePredictRequest(
    MODEL,
    new Map([['x', { dtype: 'float32', shape: [3], values: Float32Array.of(1, 2, 5) }]]),
    ['y'],
  ),
  encodePredictRequest(
    { spec: { name: 'half' }, signatureName: '' },
    new Map([
      ['x', { dtype: 'string', shape: [2], values: [Buffer.from('a'), Buffer.from('bc')] }],
      ['z', { dtype: 'int64', shape: [1, 2], values: BigInt64Array.of(-1n, 2n ** 60n) }],
    ]),
  ),
  encodeExamplesRequest(MODEL, {
    examples: [Buffer.from([10, 0]), Buffer.alloc(0)],
    context: Buffer.from([10, 0]),
  }),
];

interface Status {
  readonly code: grpc.status;
  readonly details: string;
}

function call(client: grpc.Client, method: string, body: Buffer): Promise<Status> {
  const asIs = (bytes: Buffer): Buffer => bytes;
  const path = `/tensorflow.serving.PredictionService/${method}`;
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, asIs, asIs, body, { deadline: Date.now() + 30_000 }, (error) => {
      resolve(error === null ? { code: grpc.status.OK, details: '' } : error);
    });
  });
}

/** Changes, removes, repeats and inserts bytes, or leaves all as it is. */
function mutate(seed: Buffer, random: Random, pieces: readonly string[]): Buffer {
  let bytes = Buffer.from(seed);
  for (let n = random.below(4); n > 0; n--) {
    const at = random.below(bytes.length + 1);
    const rest = bytes.subarray(at);
    switch (random.below(5)) {
      case 0:
        if (at < bytes.length) bytes[at] = random.below(256);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), rest.subarray(random.below(8))]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), rest.subarray(0, 20), rest]);
        break;
      case 3:
        bytes = bytes.subarray(0, at);
        break;
      default: {
        const piece =
          pieces[random.below(Math.max(1, pieces.length))] ?? String.fromCharCode(random.below(256));
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(piece, 'latin1'), rest]);
      }
    }
  }
  return bytes;
}

const PATH_TRICKS = [
  '..%2f',
  '%00',
  '/../',
  '%',
  '/versions/1',
  '/versions/-1',
  '/labels/x',
  '\u00e9',
  ':',
  'x'.repeat(3000),
];

function changedPath(path: string, random: Random): string {
  if (random.below(5) > 0) return path;
  const trick = PATH_TRICKS[random.below(PATH_TRICKS.length)] ?? '';
  const at = '/v1/models/'.length + random.below(path.length - '/v1/models/'.length);
  return path.slice(0, at) + trick + path.slice(at);
}
