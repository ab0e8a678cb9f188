import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SILENT_LOG } from '../../../../easyrec/log.js';
import {
  prepareSingleFunction,
  serveSingleFunction,
  type SingleFunctionOptions,
} from '../../../../easyrec/serving/function/project/single_function.js';
import { withTempFolder } from '../../../support/temp_folder.js';

const HANDLER = `
export class Handler {
  call(req: { input: Buffer }): string {
    if (req.input.length === 0) throw new Error('nothing came');
    return req.input.toString().toUpperCase();
  }
}`;

function optionsIn(folder: string, handler: string): SingleFunctionOptions {
  mkdirSync(join(folder, 'fn'));
  writeFileSync(join(folder, 'fn/handler.ts'), handler);
  return {
    ...{ folder: join(folder, 'fn'), runtime: 'node', handlerFile: 'handler.ts', handlerName: 'Handler' },
    ...{ stateDirectory: join(folder, 'state'), host: '127.0.0.1', port: 0 },
    ...{ timeoutMs: 10_000, concurrency: 2, log: SILENT_LOG },
  };
}

const { signal } = new AbortController();

test('one function answers at every path, and probes are answered beside it', () =>
  withTempFolder(async (folder) => {
    const options = optionsIn(folder, HANDLER);
    await prepareSingleFunction(options, signal);
    // Again, with what was prepared, as a container that is started a second time.
    for (const path of ['/', '/function/x?y']) {
      const served = await serveSingleFunction(options, signal);
      const url = `http://127.0.0.1:${served.port}`;
      try {
        const answer = await fetch(url + path, { method: 'POST', body: 'hello' });
        assert.deepEqual([answer.status, await answer.text()], [200, 'HELLO']);
        const failure = await fetch(url + path);
        assert.equal(failure.status, 500);
        assert.match(await failure.text(), /nothing came/);
        for (const probe of ['/healthz', '/_/health']) assert.equal((await fetch(url + probe)).status, 200);
        assert.equal((await fetch(url, { method: 'DELETE' })).status, 405);
      } finally {
        await served.close();
      }
      await assert.rejects(fetch(url), /fetch failed/);
    }
  }));

test('a handler that does not load, and a folder without one, are told', () =>
  withTempFolder(async (folder) => {
    const options = optionsIn(folder, "throw new Error('no model');");
    await assert.rejects(serveSingleFunction(options, signal), /the function does not start: .*no model/);
    const nothing = { ...options, handlerFile: 'other.ts' };
    await assert.rejects(
      serveSingleFunction(nothing, signal),
      /expected the handler, there is none at .*other\.ts/,
    );
  }));
