import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { addLibrary, ASK, buildFaulty, callWith, writeFaultyModel } from '../serving/workers/faulty_model.js';
import { isUnavailable, load, pidOf } from '../serving/workers/loading.js';
import { temporaryFolder } from '../support/temporary.js';

const MEBIBYTE = 1 << 20;

/** Bytes of memory that a process uses. */
function memoryOf(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
  return pages * 4096;
}

/** A model that brings the op Faulty along. */
async function faultyModel(t: TestContext): Promise<string> {
  const folder = temporaryFolder(t);
  const library = await buildFaulty(folder, 2);
  const directory = join(folder, '1');
  await writeFaultyModel(directory, library);
  addLibrary(directory, library);
  return directory;
}

const openFiles = (): number => readdirSync('/proc/self/fd').length;

test('neither memory nor files are lost over 100 processes that crash', async (t) => {
  const directory = await faultyModel(t);
  const { model, healths } = await load(t, directory, { limits: { backOffMs: 1 } });
  const crash = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      await assert.rejects(callWith(model, [ASK.crash]), isUnavailable);
      assert.deepEqual(await callWith(model, [i]), [2 * i]);
    }
  };
  await crash(20);
  const before = { memory: process.memoryUsage.rss(), files: openFiles() };
  await crash(80);
  const grown = process.memoryUsage.rss() - before.memory;
  assert.ok(grown < 20 * MEBIBYTE, `grew by ${Math.round(grown / MEBIBYTE)} MiB`);
  assert.ok(openFiles() <= before.files + 1, `open files: ${before.files}, then ${openFiles()}`);
  assert.equal(healths.at(-1)?.restarts, 100);
});

test('calls leave no memory behind, here and in the other process', async (t) => {
  const directory = await faultyModel(t);
  const loaded = await load(t, directory);
  const pid = pidOf(loaded);
  const call = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i += 10) {
      await Promise.all(Array.from({ length: 10 }, () => callWith(loaded.model, Array(100).fill(i))));
    }
  };
  await call(20_000);
  const before = [process.memoryUsage.rss(), memoryOf(pid)] as const;
  await call(100_000);
  const after = [process.memoryUsage.rss(), memoryOf(pid)] as const;
  const grown = after.map((memory, i) => Math.round((memory - (before[i] ?? 0)) / MEBIBYTE));
  assert.ok(Math.max(...grown) < 30, `grew by ${grown.join(' and ')} MiB`);
});
