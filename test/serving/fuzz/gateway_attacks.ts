import type { Random } from '../../../easyrec/input/random.js';
import { functionStoreProto, gatewayProto } from '../../../easyrec/serving/function/protocol.js';
import { broken, noise } from './bytes.js';
import { type Arsenal, pick, weighted } from './campaign.js';
import { type Code, grpcArsenal, type GrpcExchange } from './grpc_answers.js';
import type { BytesClient } from './grpc_client.js';
import { ODD_NAMES, oddValue } from './json_texts.js';
import { ask } from './http_client.js';
import type { RestTarget } from './rest_answers.js';

const MEBIBYTE = 1 << 20;

/** Handlers that fail; what their caller is told is the runtime's own error. */
export const HANDLERS = {
  echo: 'def Handler(req):\n    return req.input\n',
  throws: 'def Handler(req):\n    raise ValueError("no")\n',
  hangs: 'import time\ndef Handler(req):\n    time.sleep(60)\n',
  floods: 'def Handler(req):\n    print("x" * 1000000)\n    return "done"\n',
  leaks: 'kept = []\ndef Handler(req):\n    kept.append(bytearray(100000))\n    return str(len(kept) > 0)\n',
  ends: 'import os\ndef Handler(req):\n    os._exit(3)\n',
} as const;

/** What a call of each of them may be answered with. */
const CODES: Readonly<Record<keyof typeof HANDLERS, readonly Code[]>> = {
  echo: ['OK'],
  throws: ['INTERNAL'],
  // Its worker ends with it, and calls that wait for another one may be too many, too.
  hangs: ['DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'UNAVAILABLE', 'INTERNAL'],
  floods: ['OK'],
  leaks: ['OK', 'INTERNAL', 'UNAVAILABLE', 'RESOURCE_EXHAUSTED'],
  ends: ['INTERNAL', 'UNAVAILABLE', 'RESOURCE_EXHAUSTED'],
};

/** Those that cost a worker its life are rarer: its successor takes a while. */
const FAILING: readonly [keyof typeof HANDLERS, ...(keyof typeof HANDLERS)[]] = [
  'throws',
  ...Array<'throws'>(12).fill('throws'),
  'floods',
  'leaks',
  'ends',
  'hangs',
];

/** DCF's gateway tells everything that comes of a call so: no such function, or the reply of one that is no text. */
const NOT_INVOKED =
  /^could not invoke: [^]* - (function is not exist|.*handler returned bytes that are not UTF-8)/;

const REFUSED: readonly Code[] = [
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'FAILED_PRECONDITION',
  'UNIMPLEMENTED',
  'RESOURCE_EXHAUSTED',
];

/** Requests to a gateway that has the functions above. */
export function gatewayAttacks(client: BytesClient, target: RestTarget): Arsenal {
  const { root } = gatewayProto();
  const encode = (type: string, message: object): Uint8Array =>
    root.lookupType(`pb.${type}`).encode(message).finish();
  const made = (title: string, make: (random: Random) => GrpcExchange): Arsenal =>
    grpcArsenal(client, `gateway, ${title}`, make, NOT_INVOKED);
  const invoke = (Service: string, Input: Uint8Array, codes: readonly Code[]): GrpcExchange => ({
    path: '/pb.Gateway/Invoke',
    message: encode('InvokeServiceRequest', { Service, Input }),
    codes,
  });
  return weighted([
    [
      6,
      made('failing handlers', (random) => {
        const name = pick(random, FAILING);
        return invoke(name, Buffer.from('x'), CODES[name]);
      }),
    ],
    [5, made('odd names', (random) => invoke(oddName(random), Buffer.from('x'), REFUSED))],
    [
      5,
      made('odd deployments', (random) => ({
        path: pick(random, ['/pb.Gateway/Deploy', '/pb.Gateway/Update', '/pb.FxGateway/Deploy']),
        message: encode('CreateFunctionRequest', oddDeployment(random)),
        codes: REFUSED,
      })),
    ],
    [3, made('odd scales', (random) => oddScale(random, encode))],
    [
      8,
      made('broken messages', (random) => {
        const message = encode('CreateFunctionRequest', {
          Service: 'echo',
          Image: 'echo',
          Labels: { a: 'b' },
        });
        const method = pick(random, [
          'Invoke',
          'Deploy',
          'GetMeta',
          'GetLog',
          'ReplicaUpdate',
          'List',
          'Info',
        ]);
        // Read as another message, it names a function all the same.
        return { path: `/pb.Gateway/${method}`, message: broken(random, message), codes: ['OK', ...REFUSED] };
      }),
    ],
    [3, made('no upload', (random) => oddUpload(random))],
    [
      0.05,
      made('giant inputs', () => invoke('echo', Buffer.alloc(70 * MEBIBYTE), ['OK', 'RESOURCE_EXHAUSTED'])),
    ],
    [
      1,
      made('a client that goes', (random) => ({
        ...invoke('echo', Buffer.from('x'), ['OK', 'CANCELLED']),
        cancelMs: random.below(5),
      })),
    ],
    [6, httpAttacks(target)],
  ]);
}

function oddName(random: Random): string {
  return pick(random, [
    'none',
    '',
    '.',
    '../echo',
    'echo/../../x',
    'ECHO',
    'echo\0',
    '__proto__',
    'constructor',
    'a'.repeat(64),
    'a'.repeat(100_000),
    '\u{1F600}',
    'echo;reboot',
    '-',
    'échö',
  ]);
}

function oddDeployment(random: Random): object {
  const Service = random.below(3) === 0 ? oddName(random) : `new-${random.below(10)}`;
  const wrong = pick<object>(random, [
    { Image: 'none' },
    { Image: '../../etc' },
    { Image: '' },
    { Image: `echo@sha256:${'0'.repeat(64)}` },
    { Image: 'echo', EnvVars: { 'A=B': 'x' } },
    { Image: 'echo', EnvVars: { A: 'x\0y' } },
    { Image: 'echo', EnvVars: { A: 'x'.repeat(200_000) } },
    { Image: 'echo', Limits: { Memory: '-1' } },
    { Image: 'echo', Limits: { Memory: 'lots' } },
    { Image: 'echo', Limits: { CPU: 'NaN' } },
    { Image: 'echo', Secrets: ['x'] },
    { Image: 'echo', MinReplicas: 5, MaxReplicas: 1 },
    { Image: 'echo', MinReplicas: 100_000 },
  ]);
  return { Service, ...wrong };
}

function oddScale(random: Random, encode: (type: string, message: object) => Uint8Array): GrpcExchange {
  const message = pick<object>(random, [
    { ServiceName: 'none', Replicas: 1 },
    { ServiceName: 'echo', Replicas: 1001 },
    { ServiceName: 'echo', Replicas: 2 ** 53 },
    { ServiceName: '../echo', Replicas: 1 },
  ]);
  return {
    path: '/pb.Gateway/ReplicaUpdate',
    message: encode('ScaleServiceRequest', message),
    codes: REFUSED,
  };
}

/** The first message of an upload; the stream ends with it. */
function oddUpload(random: Random): GrpcExchange {
  const type = functionStoreProto().root.lookupType('easyrec.UploadRequest');
  const message = pick<object>(random, [
    { chunk: noise(random, 300) },
    { header: { image: 'x', runtime: 'cobol' } },
    { header: { image: '../x', runtime: 'python3' } },
    { header: { image: '', runtime: 'python3' } },
    { header: { image: 'x', runtime: 'python3', handler_file: '../../etc/passwd' } },
    { header: { image: 'x', runtime: 'python3' } },
    {},
  ]);
  return { path: '/easyrec.FunctionStore/Upload', message: type.encode(message).finish(), codes: REFUSED };
}

/** The same over HTTP, whose errors are texts. */
function httpAttacks(target: RestTarget): Arsenal {
  return (random) => {
    const name = pick(random, ODD_NAMES);
    const { method, path, body } = pick<{ method: string; path: string; body?: string }>(random, [
      { method: 'POST', path: `/function/${name}`, body: 'x' },
      { method: 'GET', path: `/system/function/${name}` },
      { method: 'GET', path: `/system/function-log/${name}` },
      { method: 'DELETE', path: `/system/function/${name}` },
      { method: 'POST', path: '/system/functions', body: oddValue(random) },
      {
        method: 'POST',
        path: '/system/functions',
        body: `{"Service": ${oddValue(random)}, "Image": "none"}`,
      },
      { method: 'POST', path: '/system/functions', body: `{"Service": "new", "Image": ${oddValue(random)}}` },
      {
        method: 'POST',
        path: '/system/functions',
        body: `{"Service": "new", "Image": "none", "EnvVars": ${oddValue(random)}}`,
      },
      {
        method: 'PUT',
        path: '/system/scale-function',
        body: `{"ServiceName": "none", "Replicas": ${oddValue(random)}}`,
      },
      { method: 'PATCH', path: '/function/echo', body: 'x' },
      { method: 'GET', path: `/${name}` },
    ]);
    const send = async (): Promise<string | undefined> => {
      const answer = await ask({ ...target, method, path, body });
      const isRefused = answer.status >= 400 && answer.status < 500 && answer.body.length > 0;
      return isRefused
        ? undefined
        : `status ${answer.status}: ${answer.body.toString('latin1').slice(0, 300)}; sent ${method} ${path} ${body ?? ''}`;
    };
    return { title: 'gateway, HTTP', send };
  };
}
