import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { packageFile } from '../../easyrec/package_files.js';
import { temporaryFolder } from './support.js';

/** Runs a script where only the named programs exist: real ones by path, or ones made up by their text. */
function runWith(t: TestContext, script: string, programs: Readonly<Record<string, string>>) {
  const bin = temporaryFolder(t);
  for (const name of ['dirname', 'uname', 'bash']) {
    const path = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
    if (!Object.hasOwn(programs, name)) symlinkSync(path, join(bin, name));
  }
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return spawnSync('bash', [packageFile(script)], { env: { PATH: bin }, encoding: 'utf8' });
}

describe('scripts/setup', () => {
  test('names every program that is missing, and why it is needed, at once', (t) => {
    const { status, stderr, stdout } = runWith(t, 'scripts/setup', {});
    assert.equal(status, 2);
    assert.equal(stdout, '');
    const lines = stderr.trim().split('\n');
    assert.equal(lines[0], 'error: set-up needs what is not on this machine:');
    assert.deepEqual(
      lines.slice(1).map((line) => line.trim().split(' ')[0]),
      ['node', 'npm', 'g++', 'cmake', 'flock', 'python3'],
    );
    assert.ok(lines.slice(1).every((line) => /\(.+\)$/.test(line)));
  });

  test('names a Node that is too old with its version, and a Python without pip', (t) => {
    const { status, stderr } = runWith(t, 'scripts/setup', {
      node: 'if [ "$1" = --version ]; then echo v18.20.1; else echo 18; fi',
      npm: 'exit 0',
      'g++': 'exit 0',
      cmake: 'exit 0',
      flock: 'exit 0',
      python3: 'exit 1',
    });
    assert.equal(status, 2);
    assert.match(stderr, /node 20 or later \(.*found v18\.20\.1\)/);
    assert.match(stderr, /pip for python3/);
    assert.doesNotMatch(stderr, /cmake/);
  });

  test('says on another system that it needs Linux', (t) => {
    const { status, stderr } = runWith(t, 'scripts/setup', { uname: 'echo Darwin' });
    assert.equal(status, 2);
    assert.match(stderr, /^error: expected Linux, received Darwin: /);
  });
});
