import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const WORKER_PROCESS = new URL('../../../easyrec/serving/workers/worker_process.js', import.meta.url).href;

/** Takes all file descriptors but a few, starts a worker, and tells what came of it a while later. */
const PROGRAM = `
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { WorkerProcess } from '${WORKER_PROCESS}';
const log = { info() {}, warn() {} };
// What Node opens with the first process stays open.
await once(spawn('true'), 'close');
const taken = [];
try { for (;;) taken.push(openSync('/dev/null')); } catch {}
const left = Number(process.argv[1]);
for (const fd of taken.splice(-left)) closeSync(fd);
let refused = '';
try {
  new WorkerProcess({ name: 'm', log, limits: { threads: 1, maxInFlightBytes: 1 } });
} catch (error) {
  refused = error.name + ': ' + error.message;
}
await new Promise((resolve) => setTimeout(resolve, 50));
const free = [];
try { for (;;) free.push(openSync('/dev/null')); } catch {}
console.log(JSON.stringify({ refused, free: free.length }));
`;

for (const left of [1, 3, 5]) {
  test(`with ${left} file descriptors left no worker is started, which is an error and no end`, () => {
    const command = `ulimit -n 100; exec "$0" --input-type=module -e "$1" ${left}`;
    const { stdout, stderr } = spawnSync('bash', ['-c', command, process.execPath, PROGRAM], {
      encoding: 'utf8',
    });
    assert.notEqual(stdout, '', stderr);
    const { refused, free } = JSON.parse(stdout) as { readonly refused: string; readonly free: number };
    assert.match(
      refused,
      /^NativeError: (worker process: no sockets|no file descriptors are left for a worker process)/,
    );
    assert.equal(free, left, 'all that were left are free again');
  });
}
