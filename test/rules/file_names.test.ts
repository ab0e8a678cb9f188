import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { projectFiles } from './project_files.js';

/** Words of lower-case letters and digits joined with `_`, then `.test` or the like, then the extension. */
const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*(\.[a-z0-9]+)*$/;

/** Names that tools prescribe. */
const PRESCRIBED = new Set([
  'CHANGELOG.md',
  'CMakeLists.txt',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'package-lock.json',
]);

/** Checkpoints have TensorFlow's names. */
const CHECKPOINT = /^model\.ckpt-\d+\./;

function badNames(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => {
    const name = basename(path);
    return !name.startsWith('.') && !PRESCRIBED.has(name) && !CHECKPOINT.test(name) && !SNAKE_CASE.test(name);
  });
}

test('file names are in snake_case', () => {
  assert.deepEqual(badNames(projectFiles().map(({ path }) => path)), []);
});

test('a name in another form is found', () => {
  const good = ['easyrec/tf/op_def.ts', 'test/tf/op_def.test.ts', '.prettierrc.json', 'tsconfig.base.json'];
  const bad = ['easyrec/MaskNet.ts', 'easyrec/mask-net.ts', 'test/maskNet.test.ts', 'docs/_private.md'];
  assert.deepEqual(badNames([...good, ...bad]), bad);
});
