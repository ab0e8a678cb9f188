import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { DataError } from '../../easyrec/errors.js';
import { CheckpointReader } from '../../easyrec/tf/index.js';
import {
  checkpointPrefix,
  hasCheckpoints,
  latestCheckpoint,
  listCheckpoints,
  pruneCheckpoints,
  readCheckpointPart,
  removeUnfinished,
  resolveCheckpoint,
  stepOfCheckpoint,
  writeCheckpointPart,
} from '../../easyrec/train/checkpoint_files.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'easyrec-checkpoints-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function put(...names: readonly string[]): void {
  for (const name of names) writeFileSync(join(folder, name), '');
}

function putCheckpoints(...steps: readonly number[]): void {
  for (const step of steps) {
    put(`model.ckpt-${step}.index`, `model.ckpt-${step}.data-00000-of-00001`);
  }
}

function steps(): number[] {
  return listCheckpoints(folder).map(({ step }) => step);
}

test('lists complete checkpoints by step and leaves out the others', () => {
  putCheckpoints(100, 20, 3);
  put('model.ckpt-200.index', 'model.ckpt-300.data-00000-of-00001', 'model.ckpt-best.index', 'checkpoint');
  put('model.ckpt-40.index', 'model.ckpt-40.data-00000-of-00002', 'model.ckpt-40.data-00001-of-00002');
  put('model.ckpt-50.index', 'model.ckpt-50.data-00001-of-00002');
  assert.deepEqual(steps(), [3, 20, 40, 100]);
  assert.deepEqual(latestCheckpoint(folder), { step: 100, prefix: checkpointPrefix(folder, 100) });
  assert.equal(latestCheckpoint(join(folder, 'none')), undefined);
});

test('takes an index or a meta file as the sign of an earlier run', () => {
  assert.equal(hasCheckpoints(folder), false);
  put('model.ckpt-3.data-00000-of-00001', 'checkpoint');
  assert.equal(hasCheckpoints(folder), false);
  put('model.ckpt-3.meta');
  assert.equal(hasCheckpoints(folder), true);
});

test('finds a checkpoint by folder, prefix or file', () => {
  putCheckpoints(5, 10);
  put('best.index', 'best.data-00000-of-00001');
  const prefix = join(folder, 'model.ckpt-5');
  assert.equal(resolveCheckpoint(folder), join(folder, 'model.ckpt-10'));
  assert.equal(resolveCheckpoint(`${folder}/`), join(folder, 'model.ckpt-10'));
  for (const ending of ['', '.index', '.meta', '.data-00000-of-00001']) {
    assert.equal(resolveCheckpoint(prefix + ending), prefix);
  }
  assert.equal(resolveCheckpoint(join(folder, 'best')), join(folder, 'best'));
  assert.equal(stepOfCheckpoint(prefix), 5);
  assert.equal(stepOfCheckpoint(join(folder, 'best')), undefined);
});

test('says which checkpoints there are when one is not', () => {
  putCheckpoints(5);
  put('model.ckpt-6.index');
  const says = (pattern: RegExp) => (error: unknown) =>
    error instanceof DataError && pattern.test(error.message);
  assert.throws(
    () => resolveCheckpoint(join(folder, 'model.ckpt-7')),
    says(/received .*model\.ckpt-7: there is no such checkpoint; .* has model\.ckpt-5$/),
  );
  assert.throws(() => resolveCheckpoint(join(folder, 'model.ckpt-6')), says(/its data is incomplete/));
  mkdirSync(join(folder, 'empty'));
  assert.throws(() => resolveCheckpoint(join(folder, 'empty')), says(/received .*empty, which has none/));
});

test('keeps the newest checkpoints with what belongs to them', async () => {
  putCheckpoints(1, 2, 10, 11);
  put('model.ckpt-1.meta', 'model.ckpt-11.meta', 'model.ckpt-2.touched', 'model.ckpt-10.touched');
  for (const step of [1, 10])
    await writeCheckpointPart(checkpointPrefix(folder, step), 'input', { rows: step });
  const removed = await pruneCheckpoints(folder, 2);
  assert.deepEqual(
    removed.map(({ step }) => step),
    [1, 2],
  );
  assert.deepEqual(readdirSync(folder).sort(), [
    'checkpoint',
    'model.ckpt-10.data-00000-of-00001',
    'model.ckpt-10.index',
    'model.ckpt-10.input.json',
    'model.ckpt-10.touched',
    'model.ckpt-11.data-00000-of-00001',
    'model.ckpt-11.index',
    'model.ckpt-11.meta',
  ]);
  assert.equal(
    readFileSync(join(folder, 'checkpoint'), 'utf8'),
    'model_checkpoint_path: "model.ckpt-11"\n' +
      'all_model_checkpoint_paths: "model.ckpt-10"\nall_model_checkpoint_paths: "model.ckpt-11"\n',
  );
  assert.deepEqual(await pruneCheckpoints(folder, 0), []);
});

test('reads the parts beside a checkpoint', async () => {
  const prefix = checkpointPrefix(folder, 4);
  assert.equal(await readCheckpointPart(prefix, 'input'), undefined);
  await writeCheckpointPart(prefix, 'input', { epoch: 2, rows: [1, 2] });
  assert.deepEqual(await readCheckpointPart(prefix, 'input'), { epoch: 2, rows: [1, 2] });
  writeFileSync(`${prefix}.input.json`, '{"epoch":');
  await assert.rejects(
    readCheckpointPart(prefix, 'input'),
    (error: unknown) => error instanceof DataError && /input\.json: damaged: /.test(error.message),
  );
});

test('removes what a killed writer left and nothing else', () => {
  putCheckpoints(5);
  put('model.ckpt-5.input.json', 'model.ckpt-5.touched', '.hidden', 'notes.json', 'graph.pbtxt');
  const kept = readdirSync(folder).sort();
  put('model.ckpt-6.data-00000-of-00001', 'model.ckpt-6.input.json', 'model.ckpt-6.touched');
  put('.checkpoint.partial-0123456789ab');
  mkdirSync(join(folder, '.model.ckpt-6.partial-0123456789ab'));
  removeUnfinished(folder);
  assert.deepEqual(readdirSync(folder).sort(), kept);
});

test('a writer killed at any time leaves only checkpoints that can be read', async () => {
  const modules = ['tf/index.js', 'train/checkpoint_files.js'].map(
    (file) => new URL(`../../easyrec/${file}`, import.meta.url).href,
  );
  const script = `
    const [{ addSaver, Graph, makeStep, ops, Session, writeCheckpoint }, { checkpointPrefix, pruneCheckpoints }] =
      await Promise.all(${JSON.stringify(modules)}.map((url) => import(url)));
    const graph = new Graph();
    const handle = ops.varHandle(graph, 'v', 'float32', [200000]);
    const saver = addSaver(graph, [{ name: 'v', dtype: 'float32', shape: [200000], handle }]);
    const session = Session.create(graph);
    const value = ops.fill(ops.ints(graph, [200000]), ops.constant(graph, 'float32', 1));
    await session.run(makeStep({ targets: [ops.assign(handle, value)] }));
    for (let step = 0; ; step++) {
      await writeCheckpoint(session, saver, checkpointPrefix(process.argv[1], step));
      await pruneCheckpoints(process.argv[1], 3);
    }`;
  for (const delayMs of [17, 40, 71]) {
    const child = execFile(process.execPath, ['--input-type=module', '-e', script, folder]);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const before = latestCheckpoint(folder)?.step ?? -1;
    while ((latestCheckpoint(folder)?.step ?? -1) <= Math.max(before, 3)) {
      assert.equal(child.exitCode, null, 'the writer ended by itself');
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
    child.kill('SIGKILL');
    await exited;
    removeUnfinished(folder);
    const found = readdirSync(folder).filter((name) => name.endsWith('.index'));
    assert.equal(found.length, steps().length);
    for (const { prefix } of listCheckpoints(folder)) {
      using reader = new CheckpointReader(prefix);
      using value = reader.read('v');
      assert.ok(value.data('float32').every((each) => each === 1));
    }
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
  }
});
