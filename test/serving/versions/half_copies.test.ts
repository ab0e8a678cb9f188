import assert from 'node:assert/strict';
import {
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { before, test, after } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { ServingLoader } from '../../../easyrec/serving/serving_loader.js';
import { ServingError } from '../../../easyrec/serving/status.js';
import { inspectVersion } from '../../../easyrec/serving/versions/version_files.js';
import { VersionWatch } from '../../../easyrec/serving/versions/version_watch.js';
import { temporaryFolder } from '../../support/temporary.js';
import { configOf, factorOf, quickManager, states, until, writeScale } from './support.js';

const log = SILENT_LOG;
const models = mkdtempSync(join(tmpdir(), 'easyrec-test-'));
after(() => rmSync(models, { recursive: true, force: true }));
const model = (version: number): string => join(models, String(version));

before(async () => {
  for (const version of [1, 2]) await writeScale(model(version), version);
});

function loader(): ServingLoader {
  return new ServingLoader({ trust: { fromModels: false }, isolation: 'auto', tags: ['serve'], config: {} });
}

test('tells what a folder lacks of a SavedModel', async (t) => {
  const root = temporaryFolder(t);
  const lackAfter = async (name: string, damage: (folder: string) => void): Promise<string | undefined> => {
    const folder = join(root, name);
    cpSync(model(1), folder, { recursive: true });
    damage(folder);
    return (await inspectVersion(folder)).lack;
  };
  const data = 'variables/variables.data-00000-of-00001';
  const size = readFileSync(join(model(1), 'saved_model.pb')).length;
  assert.equal(await lackAfter('whole', () => undefined), undefined);
  assert.equal(
    await lackAfter('no graph', (folder) => rmSync(join(folder, 'saved_model.pb'))),
    'saved_model.pb is not there',
  );
  for (const length of [0, 1, Math.floor(size / 2), size - 1]) {
    const lack = await lackAfter(`graph of ${length}`, (folder) =>
      truncateSync(join(folder, 'saved_model.pb'), length),
    );
    assert.equal(lack, `saved_model.pb breaks off after ${length} bytes`);
  }
  assert.equal(await lackAfter('no data', (folder) => rmSync(join(folder, data))), `${data} is not there`);
  assert.equal(
    await lackAfter('part of data', (folder) => truncateSync(join(folder, data), 3)),
    `${data} has 3 of 4 bytes`,
  );
  assert.equal(
    await lackAfter('no index', (folder) => rmSync(join(folder, 'variables/variables.index'))),
    'variables/variables.index is not there',
  );
  const cutIndex = await lackAfter('part of index', (folder) =>
    truncateSync(join(folder, 'variables/variables.index'), 60),
  );
  assert.match(cutIndex ?? '', /damaged or incomplete: its index/);
  assert.match((await inspectVersion(join(root, 'missing'))).lack ?? '', /cannot be read: ENOENT/);
});

test('a fingerprint changes with every change of the files, times of modification carried over or not', async (t) => {
  const folder = join(temporaryFolder(t), '1');
  cpSync(model(1), folder, { recursive: true });
  const seen = new Set<string>();
  const look = async (): Promise<void> => {
    seen.add((await inspectVersion(folder)).fingerprint);
    await delay(10);
  };
  await look();
  await look();
  assert.equal(seen.size, 1);
  const file = join(folder, 'saved_model.pb');
  writeFileSync(file, readFileSync(file));
  utimesSync(file, 1, 1);
  await look();
  mkdirSync(join(folder, 'assets'));
  await look();
  renameSync(join(folder, 'assets'), join(folder, 'assets.extra'));
  await look();
  assert.equal(seen.size, 4);
});

test('waits until a whole model is at rest, and for what lacks something longer', async (t) => {
  const folder = join(temporaryFolder(t), '1');
  cpSync(model(1), folder, { recursive: true });
  const whole = new VersionWatch(folder, { quietMs: 300, incompleteMs: 600_000 });
  assert.equal(await whole.isReady(), false);
  await delay(350);
  assert.equal(await whole.isReady(), true);
  writeFileSync(join(folder, 'notes.txt'), 'x');
  assert.equal(await whole.isReady(), false, 'something is going on again');
  truncateSync(join(folder, 'saved_model.pb'), 3);
  await delay(350);
  assert.equal(await whole.isReady(), false);
  assert.match(whole.lack ?? '', /breaks off/);
  const impatient = new VersionWatch(folder, { quietMs: 0, incompleteMs: 100 });
  assert.equal(await impatient.isReady(), true, 'nothing has happened for long enough: it is to fail');
});

test('a version that is copied slowly is loaded once, when all of it is there, and the old one serves until then', async (t) => {
  const root = temporaryFolder(t);
  cpSync(model(1), join(root, '1'), { recursive: true });
  const lines: string[] = [];
  const add = (line: string): void => void lines.push(line);
  const patience = { quietMs: 100, incompleteMs: 600_000 };
  const manager = quickManager({ loader: loader(), patience, log: { ...log, info: add, warn: add } });
  t.after(() => manager.close(0));
  await manager.start(configOf({ m: root }));
  const target = join(root, '2');
  mkdirSync(join(target, 'variables'), { recursive: true });
  for (const name of [
    'saved_model.pb',
    'variables/variables.index',
    'variables/variables.data-00000-of-00001',
  ]) {
    const bytes = readFileSync(join(model(2), name));
    for (let end = 0; end < bytes.length; end += Math.ceil(bytes.length / 3)) {
      writeFileSync(join(target, name), bytes.subarray(0, end));
      await delay(60);
      assert.equal(manager.find({ name: 'm' }).version, 1n);
      assert.deepEqual(states(manager, 'm'), ['2 START', '1 AVAILABLE']);
    }
    writeFileSync(join(target, name), bytes);
  }
  await until(() => manager.find({ name: 'm' }).version === 2n);
  assert.equal(await factorOf(manager.find({ name: 'm' }).model), 2);
  assert.equal(lines.filter((line) => /version 2 of model m is not loaded yet/.test(line)).length, 1);
  assert.equal(lines.filter((line) => /loading model m version 2/.test(line)).length, 1);
});

test('at the start, an older version serves while a newer one is being copied', async (t) => {
  const root = temporaryFolder(t);
  for (const version of [1, 2]) cpSync(model(version), join(root, String(version)), { recursive: true });
  const data = join(root, '2/variables/variables.data-00000-of-00001');
  truncateSync(data, 1);
  const manager = quickManager({ loader: loader(), patience: { quietMs: 0, incompleteMs: 600_000 }, log });
  t.after(() => manager.close(0));
  await manager.start(configOf({ m: root }));
  assert.deepEqual(states(manager, 'm'), ['2 START', '1 AVAILABLE']);
  cpSync(model(2), join(root, '2'), { recursive: true });
  await until(() => states(manager, 'm').join() === '2 AVAILABLE,1 END');
});

test('at the start, a whole version that was written a moment ago is waited for, no older one is loaded first', async (t) => {
  const root = temporaryFolder(t);
  cpSync(model(1), join(root, '1'), { recursive: true });
  await delay(400);
  cpSync(model(2), join(root, '2'), { recursive: true });
  const lines: string[] = [];
  const add = (line: string): void => void lines.push(line);
  const patience = { quietMs: 300, incompleteMs: 600_000 };
  const manager = quickManager({ loader: loader(), patience, log: { ...log, info: add } });
  t.after(() => manager.close(0));
  await manager.start(configOf({ m: root }));
  assert.deepEqual(states(manager, 'm'), ['2 AVAILABLE']);
  assert.equal(lines.filter((line) => /loading model m version 1/.test(line)).length, 0);
});

test('at the start, an older version serves once a newer one has been changed for too long', async (t) => {
  const root = temporaryFolder(t);
  for (const version of [1, 2]) cpSync(model(version), join(root, String(version)), { recursive: true });
  const patience = { quietMs: 1500, incompleteMs: 700 };
  const manager = quickManager({ loader: loader(), patience, log });
  const changes = setInterval(() => writeFileSync(join(root, '2/notes.txt'), String(Math.random())), 50);
  t.after(() => manager.close(0));
  t.after(() => clearInterval(changes));
  await manager.start(configOf({ m: root }));
  assert.deepEqual(states(manager, 'm'), ['2 START', '1 AVAILABLE']);
  clearInterval(changes);
  await until(() => states(manager, 'm').join() === '2 AVAILABLE,1 END');
});

test('a truncated version that nobody completes is reported, evicts nothing, and is loaded when it is mended', async (t) => {
  const root = temporaryFolder(t);
  cpSync(model(1), join(root, '1'), { recursive: true });
  const manager = quickManager({ loader: loader(), log });
  t.after(() => manager.close(0));
  await manager.start(configOf({ m: root }));
  cpSync(model(2), join(root, '2'), { recursive: true });
  rmSync(join(root, '2/variables'), { recursive: true });
  await until(() => states(manager, 'm').join() === '2 END,1 AVAILABLE');
  const [status] = manager.status({ name: 'm', version: 2n });
  assert.match(status?.errorMessage ?? '', /variables are damaged or incomplete/);
  assert.notEqual(status?.errorCode, 'OK');
  assert.equal(await factorOf(manager.find({ name: 'm' }).model), 1);
  cpSync(model(2), join(root, '2'), { recursive: true });
  await until(() => states(manager, 'm').join() === '2 AVAILABLE,1 END');
});

test('a single truncated version fails the start', async (t) => {
  const root = temporaryFolder(t);
  cpSync(model(1), join(root, '1'), { recursive: true });
  truncateSync(join(root, '1/saved_model.pb'), 5);
  const manager = quickManager({ loader: loader(), log });
  t.after(() => manager.close(0));
  await assert.rejects(manager.start(configOf({ m: root })), (error: unknown) => {
    assert.ok(error instanceof ServingError);
    assert.match(
      error.message,
      /^1 model\(s\) did not become available: \{\{\{name: m version: 1\} due to error: /,
    );
    return true;
  });
});
