import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { NativeError } from '../../easyrec/errors.js';
import { inspectOpLibrary } from '../../easyrec/export/op_library_file.js';
import { describeOpLibrary, recordOpLibraries } from '../../easyrec/export/op_library_record.js';
import type { ExportedLibrary } from '../../easyrec/export/op_library_record.js';
import type { Log } from '../../easyrec/log.js';
import { SILENT_LOG } from '../../easyrec/log.js';
import { loadLibtensorflow } from '../../easyrec/tf/index.js';
import { withTempFolder } from '../support/temp_folder.js';
import { ABSENT_SYMBOL, callOf, compileLibrary, ZERO_OUT } from './libraries.js';

/** A cache that has this process's TensorFlow under the name of version 2.99.0, and no other. */
function useCache(t: TestContext, folder: string): void {
  const { directory } = loadLibtensorflow();
  mkdirSync(join(folder, 'libtensorflow'));
  symlinkSync(directory, join(folder, 'libtensorflow/2.99.0'));
  const before = process.env['EASYREC_CACHE'];
  process.env['EASYREC_CACHE'] = folder;
  t.after(() => {
    if (before === undefined) delete process.env['EASYREC_CACHE'];
    else process.env['EASYREC_CACHE'] = before;
  });
}

interface Entry {
  readonly api: string;
  readonly loads_in_target: boolean;
  readonly because: string;
  readonly ops: readonly string[];
  readonly tensorflow_versions: string;
}

function only(record: string): Entry {
  const { libraries } = JSON.parse(record) as { libraries: Entry[] };
  const [entry] = libraries;
  assert.ok(entry !== undefined && libraries.length === 1);
  return entry;
}

async function cxxLibrary(folder: string): Promise<ExportedLibrary> {
  const library = await inspectOpLibrary(compileLibrary(folder, 'libcxx.so', callOf(ABSENT_SYMBOL)));
  return { ...library, ops: ['Mine'] };
}

test('records what a library is and that it loads', async () => {
  const library = await describeOpLibrary(ZERO_OUT);
  const { version } = loadLibtensorflow();
  const record = await recordOpLibraries([library], { log: SILENT_LOG });
  assert.deepEqual(JSON.parse(record), {
    tensorflow_version: version,
    target_tensorflow_version: version,
    libraries: [
      {
        file: 'libzero_out.so',
        sha256: library.sha256,
        size: library.size,
        machine: library.machine,
        ops: ['ZeroOut'],
        api: 'stable-c',
        tensorflow_versions: '2.x',
        loads_in_target: true,
        because: 'loaded',
      },
    ],
  });
});

test('tries a library in the target version where the cache has it', async (t) => {
  await withTempFolder(async (folder) => {
    useCache(t, folder);
    const options = { targetVersion: '2.99.0', log: SILENT_LOG };
    const good = only(await recordOpLibraries([await describeOpLibrary(ZERO_OUT)], options));
    assert.deepEqual([good.loads_in_target, good.because], [true, 'loaded']);
    await assert.rejects(
      recordOpLibraries([await cxxLibrary(folder)], options),
      (error: unknown) =>
        error instanceof NativeError &&
        /libcxx\.so: cannot be loaded: .*would not load in TensorFlow 2\.99\.0$/.test(error.message),
    );
  });
});

test('goes by the interface where the target version is not at hand', async (t) => {
  await withTempFolder(async (folder) => {
    useCache(t, folder);
    const warnings: string[] = [];
    const log: Log = { ...SILENT_LOG, warn: (message) => warnings.push(message) };
    const good = only(
      await recordOpLibraries([await describeOpLibrary(ZERO_OUT)], { targetVersion: '2.13.1', log }),
    );
    assert.deepEqual([good.loads_in_target, good.because], [true, 'interface']);
    const library = await cxxLibrary(folder);
    await assert.rejects(
      recordOpLibraries([library], { targetVersion: '2.13.1', log }),
      /libcxx\.so: uses TensorFlow's C\+\+ interface and was built for .*; rebuild it for 2\.13\.1/,
    );
    assert.deepEqual(warnings, []);
    const bad = only(
      await recordOpLibraries([library], { targetVersion: '2.13.1', onIncompatible: 'warn', log }),
    );
    assert.deepEqual([bad.loads_in_target, bad.because, bad.ops], [false, 'interface', ['Mine']]);
    assert.equal(bad.tensorflow_versions, loadLibtensorflow().version);
    assert.equal(warnings.length, 1);
  });
});

test('refuses a target that is no version', async () => {
  await assert.rejects(
    recordOpLibraries([], { targetVersion: '2', log: SILENT_LOG }),
    /such as 2\.12\.0, received "2"/,
  );
});
