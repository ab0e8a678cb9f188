import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelCatalog } from '../../../easyrec/serving/catalog.js';
import { ServerMetrics } from '../../../easyrec/serving/monitoring/index.js';
import { PageHandler } from '../../../easyrec/serving/page/index.js';
import type { PageState } from '../../../easyrec/serving/page/page_state.js';
import { SingleModelCatalog } from '../../../easyrec/serving/single_model_catalog.js';
import { ServingError } from '../../../easyrec/serving/status.js';
import { halfPlusTwo } from '../support.js';

const catalog = new SingleModelCatalog('m', { version: 3n, model: halfPlusTwo() });

function get(handler: PageHandler, path: string, method = 'GET'): ReturnType<PageHandler['handle']> {
  return handler.handle({ method, path });
}

test('the page and its parts name nothing that lies elsewhere', async () => {
  const handler = new PageHandler(catalog, new ServerMetrics());
  const types: Readonly<Record<string, RegExp>> = {
    '/': /^text\/html/,
    '/page/page.css': /^text\/css/,
    '/page/page.js': /^text\/javascript/,
  };
  for (const [path, type] of Object.entries(types)) {
    const { status, contentType, headers, body } = await get(handler, path);
    assert.equal(status, 200, path);
    assert.match(contentType ?? '', type);
    assert.match(headers?.['content-security-policy'] ?? '', /^default-src 'none'; script-src 'self'/);
    const text = Buffer.from(body).toString();
    const addresses = [...text.matchAll(/\bhttps?:\/\/[^'"\s)]+/g)].map(([address]) => address);
    assert.deepEqual(
      addresses.filter((address) => address !== 'http://www.w3.org/2000/svg'),
      [],
      path,
    );
    for (const [, link] of text.matchAll(/(?:src|href)="([^"]*)"/g)) {
      assert.ok(link === 'data:,' || handler.accepts(link ?? ''), link);
    }
  }
});

test('the state tells of models, signatures, calls and latencies', async () => {
  const metrics = new ServerMetrics();
  const call = { method: 'predict', modelName: 'm', signatureName: '', entrypoint: 'REST' } as const;
  metrics.finished({ ...call, status: 'OK', latencyMs: 0.02 });
  metrics.finished({ ...call, status: 'INTERNAL', latencyMs: 1 });
  const { contentType, body } = await get(new PageHandler(catalog, metrics), '/page/state');
  assert.equal(contentType, 'application/json');
  const state = JSON.parse(Buffer.from(body).toString()) as PageState;
  assert.deepEqual(state.models, [
    {
      name: 'm',
      versions: [{ version: '3', state: 'AVAILABLE', code: 'OK', error: '' }],
      signatures: [
        {
          name: 'serving_default',
          inputs: [{ name: 'x', dtype: 'float32', shape: '[?]', dims: [-1] }],
          outputs: [{ name: 'y', dtype: 'float32', shape: '[?]', dims: [-1] }],
        },
      ],
    },
  ]);
  assert.deepEqual(state.counts, [
    { model: 'm', status: 'OK', count: 1 },
    { model: 'm', status: 'INTERNAL', count: 1 },
  ]);
  assert.equal(state.limits.length, 33);
  assert.deepEqual(
    state.latencies.map(({ model, counts }) => [model, counts.indexOf(1), counts.length]),
    [['m', 2, 34]],
  );
  assert.ok(Math.abs(state.now - Date.now()) < 60_000 && state.started <= state.now);
});

test('a model that has no version yet is shown all the same', async () => {
  const empty: ModelCatalog = {
    names: () => ['new'],
    find: () => {
      throw new ServingError('NOT_FOUND', 'none');
    },
    status: () => {
      throw new ServingError('NOT_FOUND', 'none');
    },
  };
  const { body } = await get(new PageHandler(empty, new ServerMetrics()), '/page/state');
  const { models } = JSON.parse(Buffer.from(body).toString()) as PageState;
  assert.deepEqual(models, [{ name: 'new', versions: [], signatures: [] }]);
});

test('the page is only read, and other paths are left to others', async () => {
  const handler = new PageHandler(catalog, new ServerMetrics());
  assert.equal((await get(handler, '/', 'POST')).status, 405);
  assert.deepEqual(
    ['/', '/page/state', '/page/other', '/page/../secret', '/constructor', '/v1/models/m'].map((path) =>
      handler.accepts(path),
    ),
    [true, true, false, false, false, false],
  );
});
