import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { packageFile } from '../../easyrec/package_files.js';
import { CLI, runProgram } from '../support/cli.js';
import { readColumns } from '../support/csv_columns.js';
import { temporaryFolder } from '../support/temporary.js';

function writeProgram(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

/** A checkout in which set-up has been done: the quickstart as it is, `npx easyrec` being this build. */
function checkout(t: TestContext): string {
  const folder = temporaryFolder(t);
  for (const name of ['configs', 'dist', 'ops']) symlinkSync(packageFile(name), join(folder, name));
  for (const name of ['scripts', 'bin']) mkdirSync(join(folder, name));
  copyFileSync(packageFile('scripts/quickstart'), join(folder, 'scripts', 'quickstart'));
  writeProgram(join(folder, 'scripts', 'setup'), 'exit 0');
  writeProgram(join(folder, 'bin', 'npx'), `shift; exec "${process.execPath}" "${CLI}" "$@"`);
  return folder;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

test('the quickstart trains, evaluates, exports, predicts and serves as it is written', async (t) => {
  const folder = checkout(t);
  const { code, stdout, stderr } = await runProgram('bash', ['scripts/quickstart'], {
    cwd: folder,
    env: {
      PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      PORT: String(await freePort()),
      STEPS: '60',
    },
  });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /It works: trained, exported with its native op, served/);

  const model = join(folder, 'experiments', 'quickstart');
  const evaluation = JSON.parse(readFileSync(join(model, 'eval_result.txt'), 'utf8')) as { auc: number };
  assert.ok(evaluation.auc > 0.6, `AUC after 60 steps: ${evaluation.auc}`);
  const predictions = readColumns(join(model, 'predictions', 'part-0.csv'), ',');
  assert.deepEqual([...predictions.keys()], ['probs', 'label']);
  assert.equal(predictions.get('probs')?.length, 20_000);

  const answer = JSON.parse(/\{\s*"predictions"[^]*\}/.exec(stdout)?.[0] ?? '{}') as {
    readonly predictions: readonly { readonly probs: number }[];
  };
  assert.equal(answer.predictions.length, 2);
  assert.ok(answer.predictions.every(({ probs }) => probs > 0 && probs < 1));
});
