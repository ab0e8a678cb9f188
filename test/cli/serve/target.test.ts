import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli, runCliOk } from '../../support/cli.js';
import { temporaryFolder } from '../../support/temporary.js';
import { writeShell } from '../../serving/versions/support.js';

test('writes what runs a model on KServe, passing flags on', async (t) => {
  const cwd = temporaryFolder(t);
  writeShell(join(cwd, 'export/7'));
  const flags = [
    '--model_base_path=export',
    '--model_name=movies',
    '--enable_batching',
    '--saved_model_tags=a,b',
  ];
  const { stdout } = await runCliOk(['serve', '--target=kserve', '--output_dir=out', ...flags], { cwd });
  assert.match(stdout, /wrote out\/inference_service\.yaml\n/);
  assert.match(stdout, /kubectl apply -f out\/inference_service\.yaml\n$/);
  assert.ok(existsSync(join(cwd, 'out/models/7/saved_model.pb')));
  const dockerfile = readFileSync(join(cwd, 'out/Dockerfile'), 'utf8');
  assert.match(dockerfile, /"--model_name=movies".*"--saved_model_tags=a,b","--enable_batching=true"\]\n/);
});

test('refuses other targets, and flags that cannot hold elsewhere', async (t) => {
  const cwd = temporaryFolder(t);
  for (const [flags, message] of [
    [['--target=x'], /--target: expected kserve, received "x"/],
    [['--target=kserve'], /--target needs a --model_name/],
    [['--target=kserve', '--model_name=m', '--model_config_file=f'], /expected one model/],
    [
      ['--target=kserve', '--model_name=m', '--storage_uri=gs://b/m', '--ssl_config_file=f'],
      /--ssl_config_file names a file of this machine/,
    ],
  ] as const) {
    const { code, stderr } = await runCli(['serve', ...flags], { cwd });
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
});
