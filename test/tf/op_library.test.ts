import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { packageFile } from '../../easyrec/package_files.js';
import { buildOp } from '../../easyrec/setup/build_op.js';
import { leastElfSize } from '../../easyrec/tf/elf_check.js';
import { Graph, loadedOpLibraries, loadOpLibrary, makeStep, ops, Session } from '../../easyrec/tf/index.js';

let folder = '';
let library = '';

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'easyrec-op-library-'));
  const sources = [packageFile('ops/zero_out/zero_out.cc')];
  ({ library } = await buildOp(sources, { out: join(folder, 'libzero_out.so') }));
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('the ops of a library can be used at once, in graphs that existed before', async () => {
  using graph = new Graph();
  const x = ops.constant(graph, 'int32', [5, 4, 3]);
  assert.throws(() => graph.op('ZeroOut', [x]), /op "ZeroOut": not registered/);
  const loaded = loadOpLibrary(library);
  assert.deepEqual(
    loaded.ops.map(({ name }) => name),
    ['ZeroOut'],
  );
  const y = graph.op('ZeroOut', [x]).output();
  await using session = Session.create(graph);
  const [result] = await session.run(makeStep({ fetches: [y] }));
  assert.deepEqual([...(result?.data('int32') ?? [])], [5, 0, 0]);
  result?.dispose();
});

test('the same content under another path is the same library', async () => {
  const copy = join(folder, 'copy.so');
  copyFileSync(library, copy);
  assert.equal(loadOpLibrary(copy), loadOpLibrary(library));
  assert.equal(loadedOpLibraries().length, 1);
  using graph = new Graph();
  const y = graph.op('ZeroOut', [ops.constant(graph, 'int32', [1, 2])]).output();
  await using session = Session.create(graph);
  const [result] = await session.run(makeStep({ fetches: [y] }));
  assert.deepEqual([...(result?.data('int32') ?? [])], [1, 0]);
  result?.dispose();
});

test('names a file that is missing or is no library', () => {
  const missing = join(folder, 'missing.so');
  assert.throws(() => loadOpLibrary(missing), {
    name: 'NativeError',
    message: /missing\.so: cannot be read/,
  });
  const text = join(folder, 'text.so');
  writeFileSync(text, 'not a library');
  assert.throws(() => loadOpLibrary(text), {
    name: 'NativeError',
    message: /text\.so: cannot be loaded: .*text\.so/,
  });
});

test('refuses a library that is cut off, at whatever length, in which the linker would die', () => {
  const source = join(folder, 'whole.cc');
  const whole = join(folder, 'libwhole.so');
  writeFileSync(source, 'int Answer() { return 42; }');
  execFileSync('g++', ['-shared', '-fPIC', '-o', whole, source]);
  const content = readFileSync(whole);
  for (const length of [0, 63, 64, 200, 3000, 5000, 9000]) {
    const cut = join(folder, `libcut${length}.so`);
    writeFileSync(cut, content.subarray(0, length));
    assert.throws(() => loadOpLibrary(cut), {
      name: 'NativeError',
      message: /libcut\d+\.so: cannot be loaded/,
    });
  }
  assert.ok(leastElfSize(content) <= content.length);
});

test('says that a library was built for another TensorFlow', () => {
  const source = join(folder, 'other.cc');
  const other = join(folder, 'libother.so');
  writeFileSync(source, 'void OnlyInAnotherTensorFlow(); void Init() { OnlyInAnotherTensorFlow(); }');
  execFileSync('g++', ['-shared', '-fPIC', '-o', other, source]);
  assert.throws(() => loadOpLibrary(other), {
    name: 'NativeError',
    message: /undefined symbol.*OnlyInAnotherTensorFlow.*built for another TensorFlow than 2\.\d+\.\d+/,
  });
  assert.equal(loadedOpLibraries().length, 1);
});
