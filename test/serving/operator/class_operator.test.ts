import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SAMPLE_IMAGE } from '../../../easyrec/serving/operator/test_operator.js';
import { withTempFolder } from '../../support/temp_folder.js';
import { base64, lineLog, plain, withHttp, withOperator, writeClass } from './support.js';
import { until } from '../versions/support.js';
import { startOperatorServer } from '../../../easyrec/serving/operator/index.js';

/** Vectors of length 1: the first byte of each file. */
const FIRST_BYTE = `
  async run(images: string[], urls: string[]): Promise<number[][]> {
    return (await this.context.readFiles(images, urls)).map((file) => [file[0] ?? -1]);
  }`;

const elements = (reply: { vectors: readonly { element: readonly number[] }[] }): readonly number[] =>
  reply.vectors.flatMap(({ element }) => element);

test('a class introduces itself, is healthy, and encodes', () =>
  withTempFolder((folder) =>
    withOperator({ file: writeClass(folder, 1, FIRST_BYTE) }, async ({ client, endpoint }) => {
      const { name, type, input, output, dimension, metricType, endpoint: told } = await client.identity();
      assert.deepEqual(
        [name, type, input, output, dimension, metricType, told],
        ['custom', 'encoder', 'image', 'vector', '1', 'L2', endpoint],
      );
      assert.equal(await client.health(), 'healthy');
      const reply = await client.execute({ datas: ['Bw==', 'data:image/jpg;base64,CA=='], urls: [] });
      assert.deepEqual(elements(reply), [7, 8]);
      assert.equal(reply.metadata.length, 0);
    }),
  ));

test('datas win over urls, empty urls stand for nothing, and what cannot be read is left out and logged', () =>
  withTempFolder(async (folder) => {
    const file = writeClass(folder, 1, FIRST_BYTE);
    await withHttp(
      (request, response) => {
        if (request.url === '/9') response.end(Buffer.of(9));
        else response.writeHead(404).end();
      },
      (url) =>
        withOperator({ file, allowPrivateAddresses: true }, async ({ client, lines }) => {
          const urls = ['', `${url}/9`, `${url}/missing`, ''];
          assert.deepEqual(elements(await client.execute({ datas: [], urls })), [9]);
          assert.ok(
            lines.some((line) => /url 1 is left out: .*expected status 200, received 404/.test(line)),
          );
          assert.deepEqual(elements(await client.execute({ datas: ['Bw=='], urls })), [7]);
          assert.deepEqual(elements(await client.execute({ datas: ['*', 'CA=='], urls })), [8]);
          assert.ok(lines.some((line) => /datum 0 is left out: .*expected base64/.test(line)));
          assert.deepEqual(elements(await client.execute({ datas: [], urls: [] })), []);
        }),
    );
  }));

test('private addresses are not fetched unless that is allowed', () =>
  withTempFolder(async (folder) => {
    const file = writeClass(folder, 1, FIRST_BYTE);
    await withHttp(
      (_request, response) => response.end(Buffer.of(9)),
      (url) =>
        withOperator({ file }, async ({ client, lines }) => {
          assert.deepEqual(elements(await client.execute({ datas: [], urls: [url] })), []);
          assert.ok(lines.some((line) => line.includes('--allow_private_addresses')));
        }),
    );
  }));

test('a processor gives images as base64 text, whether its class gives text or bytes', () =>
  withTempFolder((folder) => {
    const body = `run(images: string[]): (string | Uint8Array)[] { return [images[0] ?? '', Buffer.from('ab')]; }`;
    return withOperator({ file: writeClass(folder, -1, body) }, async ({ client }) => {
      const reply = await client.execute({ datas: [SAMPLE_IMAGE], urls: [] });
      assert.equal(reply.vectors.length, 0);
      const texts = reply.metadata.map(({ data }) => Buffer.from(data).toString('utf8'));
      assert.deepEqual(texts, [SAMPLE_IMAGE, 'YWI=']);
    });
  }));

test('a class decodes pictures with TensorFlow', () =>
  withTempFolder((folder) => {
    const body = `async run(images: string[], urls: string[]) {
      const files = await this.context.readFiles(images, urls);
      return this.context.readPixels(files, { height: 1, width: 1 });
    }`;
    return withOperator({ file: writeClass(folder, 3, body) }, async ({ client, lines }) => {
      const datas = [plain(1, 2, 3), Buffer.from('no image'), plain(4, 5, 6)].map(base64);
      assert.deepEqual(elements(await client.execute({ datas, urls: [] })), [1, 2, 3, 4, 5, 6]);
      assert.ok(lines.some((line) => /image 1 is left out: image: expected JPEG/.test(line)));
    });
  }));

const failures: readonly (readonly [string, string, RegExp])[] = [
  ['throws', `run() { throw new Error('no luck'); }`, /13 INTERNAL: run failed: no luck/],
  ['gives no array', 'run() { return 3; }', /13 INTERNAL: run: expected an array, received 3/],
  ['gives short vectors', 'run() { return [[1, 2]]; }', /expected vectors of length 3, received \[ 1, 2 \]/],
  ['gives NaN', 'run() { return [[1, 2, NaN]]; }', /expected finite numbers/],
  ['hangs', 'run() { return new Promise(() => undefined); }', /4 DEADLINE_EXCEEDED: no result within 200 ms/],
];

for (const [what, body, message] of failures) {
  test(`a class that ${what} is told to the caller, and the operator goes on`, () =>
    withTempFolder((folder) =>
      withOperator(
        { file: writeClass(folder, 3, body), ...(what === 'hangs' && { timeoutMs: 200 }) },
        async ({ client }) => {
          await assert.rejects(client.execute({ datas: ['aGk='], urls: [] }), message);
          assert.equal(await client.health(), 'healthy');
        },
      ),
    ));
}

test('more calls than may run and wait are refused at once', () =>
  withTempFolder((folder) => {
    const gate = join(folder, 'gate');
    const body = `async run() {
      const { existsSync } = await import('node:fs');
      while (!existsSync('${gate}')) await new Promise((r) => setTimeout(r, 5));
      return [[1]];
    }`;
    return withOperator({ file: writeClass(folder, 1, body) }, async ({ client }) => {
      let ended = 0;
      const calls = Array.from({ length: 130 }, () =>
        client.execute({ datas: ['aGk='], urls: [] }).finally(() => ended++),
      );
      const all = Promise.allSettled(calls);
      await until(() => ended === 20);
      writeFileSync(gate, '');
      const results = await all;
      const refused = results.filter(({ status }) => status === 'rejected');
      assert.equal(refused.length, 20);
      for (const result of refused) {
        assert.match(
          String((result as PromiseRejectedResult).reason),
          /8 RESOURCE_EXHAUSTED: 10 calls are running/,
        );
      }
    });
  }));

test('messages of 60 MB go through', () =>
  withTempFolder((folder) => {
    const body = 'run(images: string[]) { return images.map((image) => [image.length]); }';
    return withOperator({ file: writeClass(folder, 1, body) }, async ({ client }) => {
      const datas = ['A'.repeat(60_000_000)];
      assert.deepEqual(elements(await client.execute({ datas, urls: [] })), [60_000_000]);
    });
  }));

const bad: readonly (readonly [string, string, RegExp])[] = [
  [
    'exports no class',
    'export const a = 1;',
    /expected a class exported as CustomOperator, the file exports a/,
  ],
  ['does not compile', 'export class {', /operator\.ts:1:\d+: operator: /],
  [
    'lacks a property',
    'export class CustomOperator { run() {} }',
    /operator: name: expected a text, received nothing/,
  ],
  [
    'fails to start',
    `export class CustomOperator { constructor() { throw new Error('x') } }`,
    /its class fails: x/,
  ],
];

for (const [what, text, message] of bad) {
  test(`a file that ${what} is not served`, () =>
    withTempFolder(async (folder) => {
      const file = join(folder, 'operator.ts');
      writeFileSync(file, text);
      await assert.rejects(
        startOperatorServer({ file, endpoint: '127.0.0.1:0', log: lineLog().log }),
        message,
      );
    }));
}

test('a port that is taken and an endpoint without one are told', () =>
  withTempFolder((folder) => {
    const file = writeClass(folder, 1, FIRST_BYTE);
    const { log } = lineLog();
    return withOperator({ file }, async ({ endpoint }) => {
      await assert.rejects(
        startOperatorServer({ file, endpoint, log }),
        /cannot listen on \[::\]:\d+: .*EADDRINUSE/,
      );
      await assert.rejects(
        startOperatorServer({ file, endpoint: 'host', log }),
        /expected HOST:PORT, received "host"/,
      );
    });
  }));
