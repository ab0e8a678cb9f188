import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { NativeError } from '../../../easyrec/errors.js';
import { SILENT_LOG } from '../../../easyrec/log.js';
import type { RunRequest } from '../../../easyrec/serving/servable.js';
import { ServingError } from '../../../easyrec/serving/status.js';
import { temporaryFolder } from '../../support/temporary.js';
import { FakeModel, halfPlusTwo } from '../support.js';
import { configOf, FakeLoader, isServed, quickManager, states, until, writeShell } from './support.js';

const log = SILENT_LOG;
const X = new Map([['x', { dtype: 'float32' as const, shape: [1], values: Float32Array.of(2) }]]);
const CALL: RunRequest = { signatureName: 'serving_default', inputs: X };

/** A model whose calls end when they are let go. */
function gate(): { readonly model: FakeModel; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const base = halfPlusTwo();
  const model = new FakeModel(Object.fromEntries(base.signatures), async (request) => {
    await opened;
    return base.run(request);
  });
  return { model, open };
}

function failure(code: 'UNAVAILABLE' | 'INVALID_ARGUMENT', message: string): ServingError {
  return new ServingError(code, message);
}

test('serves the newest version of each model, and no other', async (t) => {
  const root = temporaryFolder(t);
  for (const path of ['a/1', 'a/3', 'a/0000020', 'a/notes', 'b/7']) writeShell(join(root, path));
  const manager = quickManager({ loader: new FakeLoader(), log });
  t.after(() => manager.close(0));
  await manager.start(configOf({ b: join(root, 'b'), a: join(root, 'a') }));
  assert.deepEqual(manager.names(), ['a', 'b']);
  assert.deepEqual(states(manager, 'a'), ['20 AVAILABLE']);
  assert.equal(manager.find({ name: 'a' }).version, 20n);
  assert.equal(manager.find({ name: 'b', version: 7n }).version, 7n);
  assert.throws(
    () => manager.find({ name: 'a', version: 3n }),
    /Servable not found for request: Specific\(a, 3\)/,
  );
  assert.throws(() => manager.find({ name: 'c' }), /Servable not found for request: Latest\(c\)/);
  assert.throws(() => manager.status({ name: 'c' }), /Could not find any versions of model c/);
  assert.throws(() => manager.status({ name: 'a', version: 3n }), /Could not find version 3 of model a/);
});

test('serves as many of the newest versions as the policy says, all, or the ones listed', async (t) => {
  const root = temporaryFolder(t);
  const lines: string[] = [];
  const loud = { ...SILENT_LOG, warn: (line: string) => void lines.push(line) };
  for (const version of [1, 2, 3, 4]) writeShell(join(root, String(version)));
  const manager = quickManager({ loader: new FakeLoader(), log: loud });
  t.after(() => manager.close(0));
  const all = (name: string): boolean => manager.status({ name }).every(({ state }) => state === 'AVAILABLE');
  await manager.start(
    configOf({
      two: { basePath: root, versionPolicy: { kind: 'latest', count: 2 } },
      all: { basePath: root, versionPolicy: { kind: 'all' } },
      some: { basePath: root, versionPolicy: { kind: 'specific', versions: [1n, 3n, 9n] } },
    }),
  );
  await until(() => all('two') && all('all') && all('some'));
  assert.deepEqual(states(manager, 'two'), ['4 AVAILABLE', '3 AVAILABLE']);
  assert.equal(states(manager, 'all').length, 4);
  assert.deepEqual(states(manager, 'some'), ['3 AVAILABLE', '1 AVAILABLE']);
  assert.ok(
    lines.some((line) => /version 9 of model some was asked for, but is not under/.test(line)),
    lines.join(),
  );
});

test('a new version takes over when it is loaded, and the old one goes when its calls have ended', async (t) => {
  const root = temporaryFolder(t);
  writeShell(join(root, '1'));
  const first = gate();
  const second = gate();
  const loading = gate();
  const loader = new FakeLoader(async ({ version }) => {
    if (version === 1n) return first.model;
    await loading.model.run(CALL);
    return second.model;
  });
  const manager = quickManager({ loader, log });
  t.after(() => manager.close(0));
  await manager.start(configOf({ m: root }));
  const old = manager.find({ name: 'm' }).model;
  const pending = old.run(CALL);
  writeShell(join(root, '2'));
  await until(() => loader.loads.length === 2);
  assert.deepEqual(states(manager, 'm'), ['2 LOADING', '1 AVAILABLE']);
  assert.equal(manager.find({ name: 'm' }).version, 1n, 'until the new one is there');
  loading.open();
  await until(() => states(manager, 'm').join() === '2 AVAILABLE,1 UNLOADING');
  assert.equal(manager.find({ name: 'm' }).version, 2n);
  await delay(200);
  assert.equal(first.model.closed, false, 'a call is in progress');
  first.open();
  assert.equal((await pending).get('y')?.values[0], 3);
  await until(() => states(manager, 'm').join() === '2 AVAILABLE,1 END');
  assert.equal(first.model.closed, true);
});

test('a hung call delays no other model, and is cut off after the limit', async (t) => {
  const root = temporaryFolder(t);
  for (const path of ['hung/1', 'other/1']) writeShell(join(root, path));
  const hung = gate();
  const loader = new FakeLoader(({ modelName, version }) =>
    modelName === 'hung' && version === 1n ? hung.model : halfPlusTwo(),
  );
  const manager = quickManager({ loader, log, drainMs: 600 });
  t.after(() => manager.close(0));
  await manager.start(configOf({ hung: join(root, 'hung'), other: join(root, 'other') }));
  const pending = manager.find({ name: 'hung' }).model.run(CALL);
  writeShell(join(root, 'hung/2'));
  await until(() => states(manager, 'hung')[1] === '1 UNLOADING');
  writeShell(join(root, 'other/2'));
  await until(() => states(manager, 'other').join() === '2 AVAILABLE,1 END');
  assert.equal(states(manager, 'hung')[1], '1 UNLOADING');
  await until(() => hung.model.closed);
  hung.open();
  await pending;
});

test('a bad version is reported and evicts nothing; mended, it is loaded', async (t) => {
  const root = temporaryFolder(t);
  writeShell(join(root, '1'));
  let isMended = false;
  const loader = new FakeLoader(({ version }) => {
    if (version === 2n && !isMended) throw new NativeError('no graph in it');
    return halfPlusTwo();
  });
  const manager = quickManager({ loader, log });
  t.after(() => manager.close(0));
  await manager.start(configOf({ m: root }));
  writeShell(join(root, '2'));
  await until(() => states(manager, 'm').join() === '2 END,1 AVAILABLE');
  assert.deepEqual(manager.status({ name: 'm', version: 2n }), [
    { version: 2n, state: 'END', errorCode: 'FAILED_PRECONDITION', errorMessage: 'no graph in it' },
  ]);
  await delay(100);
  assert.deepEqual(loader.loads, ['m/1', 'm/2'], 'not tried again while its files stay as they are');
  isMended = true;
  writeShell(join(root, '2'));
  await until(() => states(manager, 'm').join() === '2 AVAILABLE,1 END');
});

test('a failure that may pass is tried again, so many times', async (t) => {
  const root = temporaryFolder(t);
  writeShell(join(root, 'late/1'));
  writeShell(join(root, 'never/1'));
  const loader = new FakeLoader(({ modelName }, attempt) => {
    if (modelName === 'never' || attempt < 3) throw failure('UNAVAILABLE', `attempt ${attempt}`);
    return halfPlusTwo();
  });
  const manager = quickManager({ loader, log, maxLoadRetries: 3 });
  t.after(() => manager.close(0));
  await manager.start(configOf({ late: join(root, 'late') }));
  assert.equal(loader.loads.length, 3);
  await assert.rejects(
    manager.reload(configOf({ late: join(root, 'late'), never: join(root, 'never') })),
    (error: unknown) =>
      error instanceof ServingError &&
      error.toString() ===
        'UNKNOWN: 1 model(s) did not become available: {{{name: never version: 1} due to error: UNAVAILABLE: attempt 4}, }',
  );
  assert.equal(manager.find({ name: 'late' }).version, 1n);
  assert.deepEqual(states(manager, 'never'), ['1 END']);
});

test('between two attempts for one version, another of the same model is loaded', async (t) => {
  const root = temporaryFolder(t);
  for (const version of ['1', '2']) writeShell(join(root, version));
  const loader = new FakeLoader(({ version }) => {
    if (version === 2n) throw failure('UNAVAILABLE', 'not yet');
    return halfPlusTwo();
  });
  const manager = quickManager({ loader, log, loadRetryIntervalMs: 600_000 });
  t.after(() => manager.close(0));
  await manager.start(configOf({ m: { basePath: root, versionPolicy: { kind: 'all' } } }));
  assert.deepEqual(states(manager, 'm'), ['2 LOADING', '1 AVAILABLE']);
});

test('a version whose folder is removed goes, and comes back with it; so does all of a model', async (t) => {
  const root = temporaryFolder(t);
  const base = join(root, 'm');
  for (const version of ['1', '2']) writeShell(join(base, version));
  const manager = quickManager({ loader: new FakeLoader(), log });
  t.after(() => manager.close(0));
  await manager.start(configOf({ m: base }));
  rmSync(join(base, '2'), { recursive: true });
  await until(() => states(manager, 'm').join() === '2 END,1 AVAILABLE');
  writeShell(join(base, '2'));
  await until(() => states(manager, 'm').join() === '2 AVAILABLE,1 END');
  // A base path that is not there may be one that is about to be mounted again.
  renameSync(base, join(root, 'away'));
  await delay(100);
  assert.deepEqual(states(manager, 'm'), ['2 AVAILABLE', '1 END']);
  mkdirSync(base);
  await until(() => states(manager, 'm').join() === '2 END,1 END');
  assert.throws(() => manager.find({ name: 'm' }), /NOT_FOUND|Servable not found for request: Latest\(m\)/);
});

test('a version whose process is being replaced says so, and goes on taking calls', async (t) => {
  const root = temporaryFolder(t);
  writeShell(join(root, '1'));
  const manager = quickManager({ loader: new FakeLoader(), log });
  t.after(() => manager.close(0));
  await manager.start(configOf({ m: root }));
  const request = { modelName: 'm', version: 1n, directory: join(root, '1') };
  manager.report(request, 'its process was killed by SIGSEGV');
  const replaced = { errorCode: 'UNAVAILABLE', errorMessage: 'its process was killed by SIGSEGV' };
  assert.deepEqual(manager.status({ name: 'm' }), [{ version: 1n, state: 'LOADING', ...replaced }]);
  assert.equal(manager.find({ name: 'm' }).version, 1n);
  manager.report(request, undefined);
  assert.deepEqual(states(manager, 'm'), ['1 AVAILABLE']);
});

test('what cannot be prepared is not served, and is freed', async (t) => {
  const root = temporaryFolder(t);
  writeShell(join(root, '1'));
  const loader = new FakeLoader();
  const prepare = (): Promise<never> =>
    Promise.reject(failure('INVALID_ARGUMENT', 'warm-up record 3 failed'));
  const manager = quickManager({ loader, log, prepare });
  t.after(() => manager.close(0));
  await assert.rejects(
    manager.start(configOf({ m: root })),
    /due to error: INVALID_ARGUMENT: warm-up record 3 failed/,
  );
  assert.equal(loader.models.get('m/1')?.closed, true);
});

test('waits for the first version at the start, but not in a reload', async (t) => {
  const root = temporaryFolder(t);
  const manager = quickManager({ loader: new FakeLoader(), log });
  t.after(() => manager.close(0));
  const base = join(root, 'm');
  const starting = manager.start(configOf({ m: base }));
  await delay(50);
  writeShell(join(base, '1'));
  await starting;
  const missing = join(root, 'missing');
  await assert.rejects(
    manager.reload(configOf({ m: base, n: missing })),
    new RegExp(
      `Could not find base path ${missing} for servable n with error NOT_FOUND: ${missing} not found`,
    ),
  );
  writeShell(join(missing, '5'));
  await until(() => manager.names().length === 2 && manager.find({ name: 'm' }).version === 1n);
  await until(() => isServed(manager, 'n', 5n));
});

test('looks once, or never, where it is told to', async (t) => {
  const root = temporaryFolder(t);
  writeShell(join(root, '1'));
  const once = quickManager({ loader: new FakeLoader(), log, pollMs: 0 });
  t.after(() => once.close(0));
  await once.start(configOf({ m: root }));
  writeShell(join(root, '2'));
  await delay(100);
  assert.deepEqual(states(once, 'm'), ['1 AVAILABLE']);
  const never = quickManager({ loader: new FakeLoader(), log, pollMs: -1 });
  const starting = never.start(configOf({ m: root }));
  await delay(50);
  assert.throws(() => never.find({ name: 'm' }));
  await never.close(0);
  await assert.rejects(starting, /the server is stopping/);
});

test('closing frees all models and the loader, even while one is being loaded', async (t) => {
  const root = temporaryFolder(t);
  for (const path of ['a/1', 'b/1']) writeShell(join(root, path));
  const slow = gate();
  const loader = new FakeLoader(async ({ modelName }) => {
    if (modelName === 'b') await slow.model.run(CALL);
    return halfPlusTwo();
  });
  const manager = quickManager({ loader, log });
  const starting = manager.start(configOf({ a: join(root, 'a'), b: join(root, 'b') }));
  await until(() => loader.models.has('a/1') && loader.loads.length === 2);
  const closing = manager.close();
  await assert.rejects(starting, /the server is stopping/);
  slow.open();
  await closing;
  assert.ok(loader.isClosed);
  assert.deepEqual(
    [...loader.models.values()].map(({ closed }) => closed),
    [true, true],
  );
});
