import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { ServingError, type StatusCode } from '../../../easyrec/serving/status.js';
import { ConfigFilePoller } from '../../../easyrec/serving/versions/config_file_poller.js';
import type {
  ModelConfig,
  ModelServerConfig,
} from '../../../easyrec/serving/versions/model_server_config.js';
import { temporaryFolder } from '../../support/temporary.js';
import { halfPlusTwo } from '../support.js';
import { configOf, FakeLoader, isServed, quickManager, states, until, writeShell } from './support.js';

const log = SILENT_LOG;

/** The error that is rejected with, whole: its text is part of the protocol. */
async function assertStatus(promise: Promise<unknown>, code: StatusCode, message: string): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof ServingError, String(error));
    assert.deepEqual({ code: error.code, message: error.message }, { code, message });
    return true;
  });
}

test('a new config replaces the old one: models come, stay untouched, and go', async (t) => {
  const root = temporaryFolder(t);
  for (const path of ['a/1', 'b/1', 'c/1']) writeShell(join(root, path));
  const told: string[][] = [];
  const onConfig = (models: readonly ModelConfig[]): Promise<void> => {
    told.push(models.map(({ name }) => name));
    return Promise.resolve();
  };
  const loader = new FakeLoader();
  const manager = quickManager({ loader, log, onConfig });
  t.after(() => manager.close(0));
  const at = (name: string): string => join(root, name);
  await manager.start(configOf({ a: at('a'), b: at('b') }));
  await manager.reload(configOf({ b: at('b'), c: at('c') }));
  assert.deepEqual(manager.names(), ['b', 'c']);
  assert.equal(manager.find({ name: 'c' }).version, 1n, 'available when the reload has ended');
  assert.throws(() => manager.find({ name: 'a' }), /Servable not found for request: Latest\(a\)/);
  await until(() => states(manager, 'a').join() === '1 END');
  assert.deepEqual([...loader.loads].sort(), ['a/1', 'b/1', 'c/1']);
  await manager.reload(configOf({ a: at('a') }));
  assert.equal(manager.find({ name: 'a' }).version, 1n);
  assert.deepEqual(told, [['a', 'b'], ['b', 'c'], ['a']]);
});

test('a model that is removed and added at once is there in the end', async (t) => {
  const root = temporaryFolder(t);
  writeShell(join(root, '1'));
  const manager = quickManager({ loader: new FakeLoader(), log, pollMs: 0 });
  t.after(() => manager.close(0));
  await manager.start(configOf({ m: root }));
  const removed = manager.reload({ models: [] });
  const added = manager.reload(configOf({ m: root }));
  await Promise.all([removed, added]);
  assert.equal(manager.find({ name: 'm' }).version, 1n);
});

test('the policy of a model that is served may change', async (t) => {
  const root = temporaryFolder(t);
  for (const version of ['1', '2', '3']) writeShell(join(root, version));
  const manager = quickManager({ loader: new FakeLoader(), log });
  t.after(() => manager.close(0));
  await manager.start(configOf({ m: root }));
  await manager.reload(
    configOf({ m: { basePath: root, versionPolicy: { kind: 'specific', versions: [1n] } } }),
  );
  await until(() => states(manager, 'm').join() === '3 END,1 AVAILABLE');
  assert.throws(() => manager.find({ name: 'm', version: 2n }), /Servable not found/);
  await manager.reload(configOf({ m: { basePath: root, versionPolicy: { kind: 'all' } } }));
  await until(() => states(manager, 'm').join() === '3 AVAILABLE,2 AVAILABLE,1 AVAILABLE');
});

test('refuses configs in the words of the original, and changes nothing then', async (t) => {
  const root = temporaryFolder(t);
  writeShell(join(root, '1'));
  const manager = quickManager({ loader: new FakeLoader(), log });
  t.after(() => manager.close(0));
  await assertStatus(
    manager.start({ customType: 'type.example.org/x' }),
    'UNIMPLEMENTED',
    'ModelServer does not yet support custom model config.',
  );
  await manager.start({});
  assert.deepEqual(manager.names(), []);
  await manager.start(configOf({ m: root }));
  const [m] = configOf({ m: root }).models ?? [];
  assert.ok(m);
  const transition =
    'Cannot transition to requested config. It is only legal to transition from one ModelConfigList to another.';
  const refused: [ModelServerConfig, StatusCode, string][] = [
    [{}, 'FAILED_PRECONDITION', transition],
    [{ customType: 'x' }, 'FAILED_PRECONDITION', transition],
    [{ models: [m, m] }, 'INVALID_ARGUMENT', 'Illegal to list model m multiple times in config list'],
    [
      configOf({ n: 'models/n' }),
      'INVALID_ARGUMENT',
      'Expected model n to have an absolute path or URI; got base_path()=models/n',
    ],
    [
      configOf({ n: 'gs://bucket/n' }),
      'UNIMPLEMENTED',
      'Expected model n to have a folder of this machine as its base path; got base_path()=gs://bucket/n: mount or copy it',
    ],
    [
      configOf({ m: { basePath: root, platform: 'other' } }),
      'INVALID_ARGUMENT',
      "Illegal to change a model's platform. For model m platform was tensorflow and new platform requested is other",
    ],
    [
      configOf({ m: root, n: { basePath: root, platform: 'other' } }),
      'INVALID_ARGUMENT',
      'Model n requests unsupported platform other',
    ],
    [
      configOf({ n: { basePath: root, versionLabels: new Map([['live', 1n]]) } }),
      'FAILED_PRECONDITION',
      'Request to assign label to version 1 of model n, which is not currently available for inference',
    ],
  ];
  for (const [config, code, message] of refused) await assertStatus(manager.reload(config), code, message);
  assert.deepEqual(manager.names(), ['m']);
  assert.equal(manager.find({ name: 'm' }).version, 1n);
});

test('labels name available versions, and move only to such', async (t) => {
  const root = temporaryFolder(t);
  for (const version of ['1', '2']) writeShell(join(root, version));
  const manager = quickManager({ loader: new FakeLoader(), log });
  t.after(() => manager.close(0));
  const labelled = (labels: Record<string, bigint>, versions = [1n, 2n]): ModelServerConfig =>
    configOf({
      m: {
        basePath: root,
        versionPolicy: { kind: 'specific', versions },
        versionLabels: new Map(Object.entries(labels)),
      },
    });
  await manager.start(labelled({}));
  await until(() => states(manager, 'm').join() === '2 AVAILABLE,1 AVAILABLE');
  await manager.reload(labelled({ stable: 1n, canary: 2n }));
  assert.equal(manager.find({ name: 'm', label: 'stable' }).version, 1n);
  assert.equal(manager.find({ name: 'm', label: 'canary' }).version, 2n);
  assert.throws(() => manager.find({ name: 'm', label: 'x' }), /Unrecognized servable version label: x/);
  assert.throws(
    () => manager.find({ name: 'n', label: 'stable' }),
    /Unrecognized servable version label: stable/,
  );
  assert.equal(
    manager.status({ name: 'm', label: 'stable' }).length,
    2,
    'a label does not narrow the status down',
  );
  await manager.reload(labelled({ stable: 2n }));
  assert.equal(manager.find({ name: 'm', label: 'stable' }).version, 2n);
  assert.throws(
    () => manager.find({ name: 'm', label: 'canary' }),
    /Unrecognized servable version label: canary/,
  );
  await assertStatus(
    manager.reload(labelled({ stable: 7n })),
    'FAILED_PRECONDITION',
    'Request to assign label to version 7 of model m, which is not currently available for inference',
  );
  assert.equal(manager.find({ name: 'm', label: 'stable' }).version, 2n);
});

test('with leave, a new label may name a version that is not there; one in use moves only to one that is', async (t) => {
  const root = temporaryFolder(t);
  writeShell(join(root, '1'));
  const manager = quickManager({ loader: new FakeLoader(), log, allowLabelsForUnavailable: true });
  t.after(() => manager.close(0));
  const labelled = (version: bigint): ModelServerConfig =>
    configOf({ m: { basePath: root, versionLabels: new Map([['live', version]]) } });
  await manager.start(labelled(1n));
  assert.equal(manager.find({ name: 'm', label: 'live' }).version, 1n);
  await assertStatus(
    manager.reload(labelled(2n)),
    'FAILED_PRECONDITION',
    'Request to assign label to version 2 of model m, which is not currently available for inference',
  );
  writeShell(join(root, '2'));
  await until(() => states(manager, 'm').join() === '2 AVAILABLE,1 END');
  assert.throws(
    () => manager.find({ name: 'm', label: 'live' }),
    /Servable not found for request: Specific\(m, 1\)/,
  );
  await manager.reload(labelled(2n));
  assert.equal(manager.find({ name: 'm', label: 'live' }).version, 2n);
});

test('one model that is slow to load does not hold up a later config', async (t) => {
  const root = temporaryFolder(t);
  for (const path of ['slow/1', 'quick/1']) writeShell(join(root, path));
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const loader = new FakeLoader(async ({ modelName }) => {
    if (modelName === 'slow') await released;
    return halfPlusTwo();
  });
  const manager = quickManager({ loader, log });
  t.after(() => manager.close(0));
  await manager.start({ models: [] });
  const first = manager.reload(configOf({ slow: join(root, 'slow') }));
  await manager.reload(configOf({ slow: join(root, 'slow'), quick: join(root, 'quick') }));
  assert.equal(manager.find({ name: 'quick' }).version, 1n);
  release();
  await first;
});

test('follows a config file; a bad text changes nothing, and a label is given as soon as it can be', async (t) => {
  const root = temporaryFolder(t);
  writeShell(join(root, 'm/1'));
  const file = join(root, 'models.config');
  const text = (more = ''): string =>
    `model_config_list { config { name: "m" base_path: "${join(root, 'm')}" model_platform: "tensorflow" ${more} } }`;
  const lines: string[] = [];
  const add = (line: string): void => void lines.push(line);
  const manager = quickManager({ loader: new FakeLoader(), log });
  t.after(() => manager.close(0));
  await manager.start(configOf({ m: join(root, 'm') }));
  writeFileSync(file, text());
  const poller = new ConfigFilePoller(file, text(), 10, manager, { ...log, info: add, warn: add });
  t.after(() => poller.stop());
  await delay(50);
  assert.deepEqual(lines, []);
  writeFileSync(file, 'model_config_list { nonsense: 1 }');
  await until(() =>
    lines.some((line) => /Error parsing text-format tensorflow\.serving\.ModelServerConfig/.test(line)),
  );
  assert.equal(manager.find({ name: 'm' }).version, 1n);
  writeFileSync(file, text('version_labels { key: "live" value: 2 }'));
  await until(() => lines.some((line) => /Request to assign label to version 2 of model m/.test(line)));
  writeShell(join(root, 'm/2'));
  await until(() => isServed(manager, 'm', 2n, 'live'));
  assert.ok(lines.length <= 5, `each problem is told once: ${lines.join('\n')}`);
});
