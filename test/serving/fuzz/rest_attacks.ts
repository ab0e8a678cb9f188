import { gzipSync } from 'node:zlib';
import type { Random } from '../../../easyrec/input/random.js';
import { broken, noise } from './bytes.js';
import { type Arsenal, pick, weighted } from './campaign.js';
import { brokenText, deep, ODD_NAMES, oddValue } from './json_texts.js';
import { type Exchange, exchange, type RestTarget } from './rest_answers.js';

const MEBIBYTE = 1 << 20;
const SINGLE = '{"instances": [1.0, 2.0]}';
const MULTI =
  '{"signature_name": "serving_default", "instances": [{"x": [1.0, 2], "id": 3, "word": {"b64": "YQ=="}, "flag": true}]}';
const EXAMPLES =
  '{"context": {"c": "x"}, "examples": [{"a": 1, "b": [2.5, 3.5], "c": ["x", {"b64": "YQ=="}]}]}';

/** What may be right after all, or is wrong. */
const MAYBE = [200, 400, 501];
const WRONG = [400];

/** Requests over TensorFlow Serving's REST protocol. */
export function restAttacks(target: RestTarget): Arsenal {
  const made =
    (title: string, make: (random: Random) => Exchange): Arsenal =>
    (random) => {
      const request = make(random);
      return { title: `REST, ${title}`, send: () => exchange(target, request) };
    };
  const post = (path: string, body: string | Uint8Array, statuses: readonly number[]): Exchange => ({
    method: 'POST',
    path: `/v1/models/${path}`,
    body,
    statuses,
  });
  const bomb = gzipSync(Buffer.alloc(200 * MEBIBYTE, '['), { level: 9 });
  return weighted([
    [10, made('broken JSON', (random) => post('single:predict', brokenText(random, SINGLE), MAYBE))],
    [
      10,
      made('broken JSON of many inputs', (random) => post('multi:predict', brokenText(random, MULTI), MAYBE)),
    ],
    [
      10,
      made('broken JSON of examples', (random) =>
        post(exampleCall(random), brokenText(random, EXAMPLES), MAYBE),
      ),
    ],
    [3, made('no JSON', (random) => post('single:predict', noise(random, 300), WRONG))],
    [10, made('odd values', (random) => post('single:predict', document(random, oddValue(random)), MAYBE))],
    [10, made('odd values of many inputs', (random) => post('multi:predict', multi(random), MAYBE))],
    [10, made('odd features', (random) => post(exampleCall(random), examples(random), MAYBE))],
    [2, made('deep JSON', (random) => post('single:predict', document(random, deep(random)), MAYBE))],
    [
      2,
      made('deep examples', (random) =>
        post(exampleCall(random), `{"examples": [{"a": ${deep(random)}}]}`, WRONG),
      ),
    ],
    [6, made('odd names', (random) => post(oddPath(random), SINGLE, [400, 404]))],
    [4, made('odd names asked for', (random) => ({ ...oddGet(random), statuses: [400, 404] }))],
    [4, made('odd methods', oddMethod)],
    [3, made('gzip that is none', (random) => gzipped(post('single:predict', badGzip(random), MAYBE)))],
    [1, made('a gzip bomb', () => gzipped(post('single:predict', bomb, WRONG)))],
    [
      2,
      made('odd headers', (random) => ({
        ...post('single:predict', SINGLE, MAYBE),
        headers: oddHeaders(random),
      })),
    ],
    [0.1, made('100 MB', () => post('single:predict', Buffer.alloc(100_000_000, '1'), [413]))],
    [
      0.3,
      made('a long path', () => ({
        method: 'GET',
        path: `/v1/models/${'a'.repeat(20_000)}`,
        statuses: [431],
      })),
    ],
  ]);
}

function exampleCall(random: Random): string {
  return pick(random, ['examples:classify', 'examples:regress', 'single:classify', 'multi:regress']);
}

function document(random: Random, value: string): string {
  return pick(random, [
    `{"instances": ${value}}`,
    `{"inputs": ${value}}`,
    `{"inputs": {"x": ${value}}}`,
    `{"instances": [1.0], "inputs": ${value}}`,
    `{"signature_name": ${value}, "instances": [1.0]}`,
    `{"instances": [1.0, ${value}]}`,
    value,
  ]);
}

function multi(random: Random): string {
  const alias = pick(random, ['x', 'id', 'word', 'flag', 'none', '__proto__']);
  const members = new Map([
    ['x', '[1.0, 2.0]'],
    ['id', '3'],
    ['word', '"a"'],
    ['flag', 'true'],
    [alias, oddValue(random)],
  ]);
  if (random.below(4) === 0) members.delete(pick(random, ['x', 'id', 'word', 'flag']));
  const object = `{${[...members].map(([key, value]) => `"${key}": ${value}`).join(', ')}}`;
  return pick(random, [`{"instances": [${object}]}`, `{"inputs": ${object}}`, `{"instances": ${object}}`]);
}

function examples(random: Random): string {
  const value = oddValue(random);
  return pick(random, [
    `{"examples": ${value}}`,
    `{"examples": [${value}]}`,
    `{"examples": [{"a": ${value}}]}`,
    `{"examples": [{"a": [1, ${value}]}]}`,
    `{"examples": [{"a": 1}], "context": ${value}}`,
    `{"examples": [{"a": 1}], "context": {"a": ${value}}}`,
    `{"signature_name": ${value}, "examples": [{"a": 1}]}`,
    `{"${value.replaceAll('"', '')}": [{"a": 1}]}`,
  ]);
}

function oddPath(random: Random): string {
  const name = pick(random, ODD_NAMES);
  return pick(random, [
    `${name}:predict`,
    `${name}/versions/1:predict`,
    `single/versions/${name}:predict`,
    `single/labels/${name}:predict`,
    `single/versions/${'9'.repeat(1 + random.below(40))}:predict`,
    `single/versions/-1:predict`,
    `single:${name}`,
    `single/../multi:predict`,
  ]);
}

function oddGet(random: Random): Omit<Exchange, 'statuses'> {
  const name = pick(random, ODD_NAMES);
  const path = pick(random, [
    `/v1/models/${name}`,
    `/v1/models/${name}/metadata`,
    `/v1/models/single/versions/${name}/metadata`,
    `/v1/models/single/versions/${'9'.repeat(1 + random.below(40))}`,
    `/v1/${name}`,
    `/${name}`,
    `/page/${name}`,
    `/page/../${name}`,
    `//v1/models/single`,
    '/v1/models',
    '*',
  ]);
  return { method: 'GET', path };
}

function oddMethod(random: Random): Exchange {
  const method = pick(random, [
    'PUT',
    'DELETE',
    'PATCH',
    'HEAD',
    'OPTIONS',
    'TRACE',
    'PROPFIND',
    'LOCK',
    'M-SEARCH',
  ]);
  const path = pick(random, ['/v1/models/single:predict', '/v1/models/single', '/v1/models/single/metadata']);
  return {
    method,
    path,
    statuses: [400],
    ...(random.below(2) === 0 && method !== 'TRACE' && { body: SINGLE }),
  };
}

function gzipped(request: Exchange): Exchange {
  return { ...request, headers: { 'content-encoding': 'gzip' } };
}

function badGzip(random: Random): Buffer {
  const good = gzipSync(SINGLE);
  switch (random.below(4)) {
    case 0:
      return noise(random, 200);
    case 1:
      return good.subarray(0, random.below(good.length));
    case 2:
      return gzipSync(good);
    default:
      return broken(random, good);
  }
}

function oddHeaders(random: Random): Record<string, string> {
  return pick<Record<string, string>>(random, [
    { 'content-type': 'multipart/form-data; boundary=' },
    { 'content-type': ';;;=' },
    { 'content-type': 'application/json; charset=klingon' },
    { 'content-encoding': 'br' },
    { 'content-encoding': 'gzip, gzip' },
    { accept: 'image/png' },
    { expect: '100-continue' },
    { connection: 'keep-alive, upgrade', upgrade: 'websocket', 'sec-websocket-key': 'x' },
    { range: 'bytes=-1' },
    { 'x-forwarded-host': '../../etc', forwarded: 'for=_x' },
    { origin: 'null', 'access-control-request-method': 'DELETE' },
    { 'inference-header-content-length': '-5' },
    Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-${i}`, 'v'])),
  ]);
}
