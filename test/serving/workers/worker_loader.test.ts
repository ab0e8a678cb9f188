import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeError } from '../../../easyrec/errors.js';
import { ABSENT_SYMBOL, callOf, compileLibrary } from '../../export/libraries.js';
import { temporaryFolder } from '../../support/temporary.js';
import { addLibrary, ASK, buildFaulty, callWith, writeFaultyModel } from './faulty_model.js';
import { isAlive, isUnavailable, load, pidOf } from './loading.js';
import { until } from '../versions/support.js';

let folder = '';
/** Multiplies by 2. */
let doubling = '';
/** The same, without its library. */
let bare = '';

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'easyrec-test-'));
  const library = await buildFaulty(folder, 2);
  bare = join(folder, 'bare');
  await writeFaultyModel(bare, library);
  doubling = join(folder, 'doubling');
  cpSync(bare, doubling, { recursive: true });
  addLibrary(doubling, library);
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('a model with an op of its own answers from another process', async (t) => {
  const loaded = await load(t, doubling);
  assert.deepEqual(await callWith(loaded.model, [1, -2, 3]), [2, -4, 6]);
  assert.notEqual(pidOf(loaded), process.pid);
  const { inputs } = loaded.model.signatures.get('serving_default') ?? {};
  assert.deepEqual(inputs?.get('x'), { name: 'x:0', dtype: 'int32', shape: [-1] });
  assert.match(
    loaded.lines.join('\n'),
    /loaded op library .*libfaulty_2\.so \(SHA-256 [0-9a-f]{64}\): Faulty/,
  );
});

test('errors of a call keep their code and words', async (t) => {
  const { model } = await load(t, doubling);
  await assert.rejects(model.run({ signatureName: 'nothing', inputs: new Map() }), {
    code: 'FAILED_PRECONDITION',
    message: 'Serving signature key "nothing" not found.',
  });
});

test('what an op prints goes to the log under the name of its model', async (t) => {
  const loaded = await load(t, doubling);
  await callWith(loaded.model, [ASK.print]);
  await until(() => loaded.lines.includes('model "faulty" version 1: faulty op: complaint'));
  assert.equal(loaded.lines.filter((line) => line.includes('complaint')).length, 1);
});

test('two versions can bring one library, and two different ones for the same op', async (t) => {
  const [same, other] = [join(temporaryFolder(t), 'same'), join(temporaryFolder(t), 'other')];
  cpSync(doubling, same, { recursive: true });
  cpSync(bare, other, { recursive: true });
  addLibrary(other, await buildFaulty(folder, 3));
  const models = [await load(t, doubling), await load(t, same), await load(t, other)];
  const answers = await Promise.all(models.map(({ model }) => callWith(model, [7])));
  assert.deepEqual(answers, [[14], [14], [21]]);
});

test('a library that is there twice is loaded once', async (t) => {
  const twice = join(temporaryFolder(t), 'twice');
  cpSync(doubling, twice, { recursive: true });
  cpSync(join(twice, 'assets/libfaulty_2.so'), join(twice, 'assets/libfaulty_2.so.1'));
  const { model, lines } = await load(t, twice);
  assert.deepEqual(await callWith(model, [1]), [2]);
  assert.equal(lines.filter((line) => line.includes('loaded op library')).length, 1);
});

test('two libraries of one op in one model are told by name', async (t) => {
  const both = join(temporaryFolder(t), 'both');
  cpSync(doubling, both, { recursive: true });
  const other = await buildFaulty(folder, 4);
  cpSync(other, join(both, 'assets/other.so'));
  const files = [other];
  await assert.rejects(
    load(t, both, { trust: { fromModels: true, files } }),
    /Faulty.*; more than one of the op libraries has this op: \S+libfaulty_4\.so, \S+libfaulty_2\.so$/s,
  );
});

test('a library that lacks a symbol is told by name', async (t) => {
  const broken = join(temporaryFolder(t), 'broken');
  cpSync(bare, broken, { recursive: true });
  addLibrary(broken, compileLibrary(folder, 'libabsent.so', callOf(ABSENT_SYMBOL)));
  await assert.rejects(load(t, broken), (error: unknown) => {
    assert.ok(error instanceof NativeError);
    assert.match(
      error.message,
      /op library .*\/broken\/assets\/libabsent\.so: cannot be loaded: .*undefined symbol: \S*NotThere.*built for another TensorFlow/,
    );
    return true;
  });
});

test('a library that crashes as it is loaded is told by name', async (t) => {
  process.env['FAULTY_LIBRARY_CRASHES'] = '1';
  t.after(() => delete process.env['FAULTY_LIBRARY_CRASHES']);
  await assert.rejects(
    load(t, doubling),
    /^NativeError: model "faulty" version 1: its worker process, loading the op library \S*libfaulty_2\.so, ended with SIGABRT; was it built for another TensorFlow\?$/,
  );
});

test('a model whose ops nobody brings tells which these are', async (t) => {
  await assert.rejects(load(t, bare), /uses ops that are not registered: Faulty \(node "Faulty"\)/);
});

test('closing a model ends its process, and calls in progress', async (t) => {
  const loaded = await load(t, doubling);
  const running = callWith(loaded.model, [ASK.hang]);
  const failed = assert.rejects(running, { code: 'CANCELLED' });
  await sleep(50);
  await loaded.model.close();
  await failed;
  assert.equal(isAlive(pidOf(loaded)), false);
  await assert.rejects(callWith(loaded.model, [1]), isUnavailable);
  assert.deepEqual(
    loaded.healths.map(({ state }) => state),
    ['closed'],
  );
});

test('nothing is left open of processes that were replaced', async (t) => {
  const loaded = await load(t, doubling, { limits: { backOffMs: 1 } });
  const openFiles = (): number => readdirSync('/proc/self/fd').length;
  const before = openFiles();
  for (let i = 0; i < 6; i++) {
    await assert.rejects(callWith(loaded.model, [ASK.crash]), isUnavailable);
    assert.deepEqual(await callWith(loaded.model, [i]), [2 * i]);
  }
  await until(() => openFiles() <= before);
  assert.equal(loaded.healths.at(-1)?.restarts, 6);
});
