import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { NativeError } from '../../easyrec/errors.js';
import { inspectOpLibrary, missingSymbols } from '../../easyrec/export/op_library_file.js';
import { probeOpLibrary } from '../../easyrec/export/op_library_ops.js';
import { loadLibtensorflow } from '../../easyrec/tf/index.js';
import { withTempFolder } from '../support/temp_folder.js';
import { ABSENT_SYMBOL, callOf, compileLibrary, CXX_SYMBOL, ZERO_OUT } from './libraries.js';

const says = (pattern: RegExp) => (error: unknown) =>
  error instanceof NativeError && pattern.test(error.message);

test('knows a library on the stable C interface and the ops it registers', async () => {
  const library = await inspectOpLibrary(ZERO_OUT);
  const content = readFileSync(ZERO_OUT);
  assert.equal(library.api, 'stable-c');
  assert.equal(library.file, 'libzero_out.so');
  assert.equal(library.size, content.length);
  assert.equal(library.sha256, createHash('sha256').update(content).digest('hex'));
  assert.ok(library.needed.includes('libtensorflow_framework.so.2'));
  assert.ok(library.symbols.includes('TF_RegisterKernelBuilder'));
  const { directory, version } = loadLibtensorflow();
  assert.deepEqual(missingSymbols(library, directory), []);
  assert.deepEqual(await probeOpLibrary(library, directory), {
    ops: ['ZeroOut'],
    tensorflowVersion: version,
  });
});

test('knows a library on the C++ interface, and what a TensorFlow lacks for it', async () => {
  await withTempFolder(async (folder) => {
    const { directory } = loadLibtensorflow();
    const fits = await inspectOpLibrary(compileLibrary(folder, 'libfits.so', callOf(CXX_SYMBOL)));
    assert.equal(fits.api, 'c++');
    assert.deepEqual(missingSymbols(fits, directory), []);
    assert.deepEqual((await probeOpLibrary(fits, directory)).ops, []);

    const other = await inspectOpLibrary(compileLibrary(folder, 'libother.so', callOf(ABSENT_SYMBOL)));
    assert.equal(other.api, 'c++');
    assert.deepEqual(other.symbols, [ABSENT_SYMBOL]);
    assert.deepEqual(missingSymbols(other, directory), [ABSENT_SYMBOL]);
    await assert.rejects(
      probeOpLibrary(other, directory),
      says(/libother\.so: cannot be loaded: .*rebuild it.*; it needs _ZN10tensorflow8NotThereEv, which this/),
    );
  });
});

test('knows a library that has nothing to do with TensorFlow', async () => {
  await withTempFolder(async (folder) => {
    const library = await inspectOpLibrary(
      compileLibrary(folder, 'libplain.so', 'int f(void) { return 1; }'),
    );
    assert.equal(library.api, 'none');
    assert.deepEqual(library.symbols, []);
  });
});

test('survives a library that crashes while it is loaded', async () => {
  await withTempFolder(async (folder) => {
    const source = '#include <stdlib.h>\n__attribute__((constructor)) static void start(void) { abort(); }';
    const library = await inspectOpLibrary(compileLibrary(folder, 'libcrash.so', source));
    await assert.rejects(
      probeOpLibrary(library, loadLibtensorflow().directory),
      says(/libcrash\.so: the process that loaded it ended with SIGABRT/),
    );
  });
});

test('notices a library that is another file than the one inspected', async () => {
  const library = await inspectOpLibrary(ZERO_OUT);
  await assert.rejects(
    probeOpLibrary({ ...library, sha256: '00' }, loadLibtensorflow().directory),
    says(/changed while it was read: expected SHA-256 00, received [0-9a-f]{64}/),
  );
});

test('says what a file is that is no library for this machine', async () => {
  await withTempFolder(async (folder) => {
    const file = join(folder, 'lib.so');
    const elf = readFileSync(ZERO_OUT);
    const changed = (offset: number, value: number): Buffer => {
      const copy = Buffer.from(elf);
      copy[offset] = value;
      return copy;
    };
    const cases: [Buffer, RegExp][] = [
      [
        Buffer.from('#!/bin/sh\n'.repeat(20)),
        /expected a 64-bit ELF shared library \(\.so\), received a file that begins with "#!\/b"/,
      ],
      [Buffer.alloc(3), /received a file of 3 bytes/],
      [changed(4, 1), /received a 32-bit one/],
      [changed(5, 2), /received a big-endian one/],
      [changed(16, 1), /received an object file: link it with -shared/],
      [changed(18, 3), /expected one for (x86_64|aarch64), received one for i386/],
    ];
    for (const [content, pattern] of cases) {
      writeFileSync(file, content);
      await assert.rejects(inspectOpLibrary(file), says(pattern));
    }
    writeFileSync(file, elf);
    truncateSync(file, elf.length / 2);
    await assert.rejects(inspectOpLibrary(file), says(/received one that has been cut off/));
    await assert.rejects(inspectOpLibrary(join(folder, 'none.so')), says(/none\.so: cannot be read: ENOENT/));
  });
});
