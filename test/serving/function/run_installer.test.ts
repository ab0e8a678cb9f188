import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const RUN_INSTALLER = new URL('../../../easyrec/serving/function/run_installer.js', import.meta.url).href;
const ARCHIVE = new URL('../../../easyrec/serving/function/archive.js', import.meta.url).href;

/** Takes all file descriptors but two, starts programs, and tells what came of it a while later. */
const PROGRAM = `
import { openSync, closeSync } from 'node:fs';
import { runInstaller } from '${RUN_INSTALLER}';
import { unpackArchive } from '${ARCHIVE}';
const taken = [];
try { for (;;) taken.push(openSync('/dev/null')); } catch {}
for (const fd of taken.splice(-2)) closeSync(fd);
const signal = new AbortController().signal;
const command = ['true'];
const options = { what: 'true', command, directory: '/', stateDirectory: '/', onLine() {}, signal };
async function* nothing() {}
const told = [];
for (const work of [() => runInstaller(options), () => unpackArchive(nothing(), '/nowhere')]) {
  await work().catch((error) => told.push(error.message));
  await new Promise((resolve) => setTimeout(resolve, 50));
}
console.log(JSON.stringify(told));
`;

test('without file descriptors for a program an upload fails, and the gateway does not end', () => {
  const command = 'ulimit -n 100; exec "$0" --input-type=module -e "$1"';
  const { stdout, stderr } = spawnSync('bash', ['-c', command, process.execPath, PROGRAM], {
    encoding: 'utf8',
  });
  assert.notEqual(stdout, '', stderr);
  const told = JSON.parse(stdout) as readonly string[];
  assert.deepEqual(told, ['no file descriptors are left for true', 'no file descriptors are left for tar']);
});
