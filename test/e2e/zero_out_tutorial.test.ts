import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SILENT_LOG } from '../../easyrec/log.js';
import { startModelServer } from '../../easyrec/serving/model_server.js';
import { freePort } from '../support/free_port.js';
import { pageSection } from '../support/page_section.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../support/python.js';
import { checkPrinted, fileBlock, followTutorial, parseTutorial } from '../support/tutorial.js';

const INSTALL = 'npm install easyrec\n';
const REQUEST = '{"inputs": [[1,2], [3,4]]}';
const ANSWER = JSON.parse('{"outputs": [[1, 0], [0, 0]]}') as unknown;
const section = pageSection('docs/serving.md', 'Tutorial: zero_out');
const blocks = parseTutorial(section);

describe('the tutorial of zero_out, as written, from an empty folder', () => {
  const root = mkdtempSync(join(tmpdir(), 'easyrec-zero-out-'));
  const folder = join(root, 'folder');
  let printed: readonly string[] = [];
  let port = 0;

  before(async () => {
    port = await freePort();
    const grpcPort = await freePort();
    // The ports are this machine's to give; the rest is done as it stands.
    printed = await followTutorial(blocks, {
      root,
      substitute: (commands) =>
        commands
          .replace('easyrec serve ', `easyrec serve --port off --rest_api_port ${port} `)
          .replace('8500', String(grpcPort))
          .replaceAll('8501', String(port)),
    });
  });

  after(() => rmSync(root, { recursive: true, force: true }));

  test('needs three commands: the library, the model, the server', () => {
    const commands = blocks.flatMap((block) => (block.kind === 'commands' ? [block.text] : []));
    assert.equal(commands[0]?.split(INSTALL).length, 2);
    const programs = commands[1]?.trimEnd().split('\n');
    assert.deepEqual(
      programs?.map((line) => /^(?:easyrec \w+|node)/.exec(line)?.[0]),
      ['easyrec op', 'node', 'easyrec serve'],
    );
    assert.equal(commands.join('').split(REQUEST).length, 3);
  });

  test('prints what it shows, through either program', () => {
    const texts = checkPrinted(blocks, printed);
    for (const text of texts) {
      const [answer = '{}'] = /\{\s*"outputs"[^}]*\}/.exec(text) ?? [];
      assert.deepEqual(JSON.parse(answer), ANSWER);
    }
    assert.equal(texts.length, 2);
    assert.ok(section.includes('`{"outputs": [[1, 0], [0, 0]]}`'));
  });

  test('leaves no server behind', async () => {
    await assert.rejects(fetch(`http://127.0.0.1:${port}/v1/models/zero_out`), /fetch failed/);
  });

  for (const version of ORACLE_VERSIONS) {
    const skip = skipWithoutTensorflow(version);
    test(`the model that TensorFlow ${version} of Python makes answers the same`, { skip }, async (t) => {
      const models = join(folder, 'models', 'zero_out');
      rmSync(join(models, '2'), { recursive: true, force: true });
      const there = 'import os, sys\nos.chdir(sys.argv[1])\n';
      await runPython(version, there + fileBlock(blocks, 'zero_out.py'), [folder]);
      const server = await startModelServer({
        modelBasePath: models,
        modelName: 'zero_out',
        opLibraries: [join(folder, 'libzero_out.so')],
        host: '127.0.0.1',
        restApiPort: 0,
        log: SILENT_LOG,
      });
      t.after(() => server.close());
      const url = `http://127.0.0.1:${server.port}/v1/models/zero_out/versions/2:predict`;
      const response = await fetch(url, { method: 'POST', body: REQUEST });
      assert.deepEqual([response.status, await response.json()], [200, ANSWER]);
    });
  }
});
