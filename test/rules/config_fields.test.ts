import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { packageFile } from '../../easyrec/package_files.js';

test('docs/config_fields.md says what the table of supported fields says', () => {
  const script = packageFile('scripts/generate_config_docs.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});
