import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../easyrec/setup/lock.js';
import { temporaryFolder } from './support.js';

const LOCK_MODULE = new URL('../../easyrec/setup/lock.js', import.meta.url).href;

test('lets one body run at a time, and says once that another one waits', async (t) => {
  const file = join(temporaryFolder(t), 'lock');
  const events: string[] = [];
  const body = (name: string) => async () => {
    events.push(`${name} begins`);
    await sleep(100);
    events.push(`${name} ends`);
    return name;
  };
  const first = withLock(file, body('first'));
  while (events.length === 0) await sleep(5);
  const second = withLock(file, body('second'), () => events.push('second waits'));
  assert.deepEqual(await Promise.all([first, second]), ['first', 'second']);
  assert.deepEqual(
    events.filter((event) => event !== 'second waits'),
    ['first begins', 'first ends', 'second begins', 'second ends'],
  );
  assert.equal(events.filter((event) => event === 'second waits').length, 1);
});

test('is free again after a body that throws', async (t) => {
  const file = join(temporaryFolder(t), 'lock');
  await assert.rejects(
    withLock(file, () => Promise.reject(new Error('no'))),
    /^Error: no$/,
  );
  assert.equal(await withLock(file, () => Promise.resolve(1)), 1);
});

test('is free again after its holder was killed', async (t) => {
  const file = join(temporaryFolder(t), 'lock');
  const program = `const { withLock } = await import(${JSON.stringify(LOCK_MODULE)});
    await withLock(${JSON.stringify(file)}, async () => { console.log('held'); await new Promise((r) => setTimeout(r, 60000)); });`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  let waited = false;
  const taken = withLock(
    file,
    () => Promise.resolve('mine'),
    () => {
      waited = true;
      holder.kill('SIGKILL');
    },
  );
  assert.equal(await taken, 'mine');
  assert.equal(waited, true);
});

test('names the file when it cannot be locked', async () => {
  await assert.rejects(
    withLock('/nonexistent-folder/lock', () => Promise.resolve(1)),
    /NativeError: \/nonexistent-folder\/lock could not be locked: .*No such file/,
  );
});
