import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { NativeError, UserError } from '../../easyrec/errors.js';
import { needsWorker, WorkerLoader } from '../../easyrec/serving/workers/index.js';
import { readAllowList } from '../../easyrec/trust/allow_list.js';
import { trustedOpLibraries } from '../../easyrec/trust/op_library_trust.js';
import { SILENT_LOG } from '../../easyrec/log.js';
import { loadOpLibrary } from '../../easyrec/tf/index.js';
import { ZERO_OUT } from '../export/libraries.js';
import { temporaryFolder } from '../support/temporary.js';
import { sha256Of, writeRecord } from '../serving/workers/faulty_model.js';

const SUM = sha256Of(ZERO_OUT);
const NAME = 'model "m" version 1';
const FROM_MODELS = { fromModels: true };

/** A version's folder with ZeroOut's library in assets, and no record. */
function version(t: TestContext, file = 'libzero_out.so'): { directory: string; library: string } {
  const directory = join(temporaryFolder(t), '1');
  const library = join(directory, 'assets', file);
  mkdirSync(dirname(library), { recursive: true });
  copyFileSync(ZERO_OUT, library);
  return { directory, library };
}

function isRefusal(pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof NativeError);
    assert.match(error.message, pattern);
    return true;
  };
}

test('nothing of a model is loaded unless that is allowed', async (t) => {
  const { directory } = version(t);
  writeRecord(directory, { 'libzero_out.so': SUM });
  assert.deepEqual(await trustedOpLibraries(NAME, directory, { fromModels: false }), []);
  assert.equal(needsWorker(directory, { fromModels: false }), false);
});

test('a library whose sum is in the record is trusted, wherever it lies in assets', async (t) => {
  const { directory, library } = version(t, 'ops/zero.so.2');
  writeRecord(directory, { 'ops/zero.so.2': SUM });
  assert.deepEqual(await trustedOpLibraries(NAME, directory, FROM_MODELS), [{ path: library, sha256: SUM }]);
  assert.equal(needsWorker(directory, FROM_MODELS), true);
});

test('a library without a record is refused, and what to do is told', async (t) => {
  const { directory, library } = version(t);
  await assert.rejects(
    trustedOpLibraries(NAME, directory, FROM_MODELS),
    isRefusal(
      new RegExp(
        `^${NAME}: op libraries cannot be loaded, since they are not trusted: ${library} has SHA-256 ${SUM}, and the model has ` +
          'no assets.extra/easyrec_export.json. To load a library that you trust, write its sha256sum into a file and ' +
          'name that with --op_library_allow_list, or name the library itself with --op_library$',
      ),
    ),
  );
});

test('all libraries that are refused are told of', async (t) => {
  const { directory, library } = version(t);
  writeFileSync(join(directory, 'assets/a.so'), 'a');
  writeRecord(directory, { 'libzero_out.so': '0'.repeat(64) });
  await assert.rejects(
    trustedOpLibraries(NAME, directory, FROM_MODELS),
    isRefusal(
      new RegExp(
        `a.so has SHA-256 ca978112\\S+, of which \\S+ says nothing; ${library} has SHA-256 ${SUM}, but was exported with 0{64}: the file has changed since`,
      ),
    ),
  );
});

test('a library whose sum is in the allow-list is trusted', async (t) => {
  const { directory, library } = version(t);
  const allowListFile = join(temporaryFolder(t), 'allowed');
  writeFileSync(allowListFile, `# zero_out\n${SUM.toUpperCase()} *some/lib.so\n`);
  assert.deepEqual(await trustedOpLibraries(NAME, directory, { ...FROM_MODELS, allowListFile }), [
    { path: library, sha256: SUM },
  ]);
  writeFileSync(allowListFile, '');
  await assert.rejects(
    trustedOpLibraries(NAME, directory, { ...FROM_MODELS, allowListFile }),
    isRefusal(new RegExp(`add its sha256sum to ${allowListFile}`)),
  );
});

test('a library that the operator names is trusted, also in a model, and is there once', async (t) => {
  const { directory } = version(t);
  const expected = [{ path: ZERO_OUT, sha256: SUM }];
  const files = [ZERO_OUT];
  assert.deepEqual(await trustedOpLibraries(NAME, directory, { fromModels: true, files }), expected);
  assert.deepEqual(await trustedOpLibraries(NAME, directory, { fromModels: false, files }), expected);
  await assert.rejects(
    trustedOpLibraries(NAME, directory, { fromModels: false, files: ['nowhere.so'] }),
    isRefusal(/^op library nowhere\.so: cannot be read: ENOENT/),
  );
});

test("where this package's own need no leave, they are loaded for a model that brings the same", async (t) => {
  const { directory } = version(t, 'renamed.so');
  writeFileSync(join(directory, 'assets/a.so'), 'a');
  const own = [{ path: ZERO_OUT, sha256: SUM }];
  const trust = { fromModels: false, fromPackage: true };
  assert.deepEqual(await trustedOpLibraries(NAME, directory, trust), own);
  await assert.rejects(
    trustedOpLibraries(NAME, directory, { ...trust, fromModels: true }),
    isRefusal(/^[^;]*a\.so has SHA-256 ca978112\S+, and the model has no/),
  );
  rmSync(join(directory, 'assets/a.so'));
  assert.deepEqual(await trustedOpLibraries(NAME, directory, { ...trust, fromModels: true }), own);
  rmSync(join(directory, 'assets/renamed.so'));
  assert.deepEqual(await trustedOpLibraries(NAME, directory, trust), []);
});

test('a link that leads out of the version is refused, whatever it leads to', async (t) => {
  const { directory, library } = version(t);
  writeRecord(directory, { 'libzero_out.so': SUM });
  const elsewhere = join(temporaryFolder(t), 'elsewhere.so');
  renameSync(library, elsewhere);
  symlinkSync(elsewhere, library);
  await assert.rejects(
    trustedOpLibraries(NAME, directory, FROM_MODELS),
    isRefusal(/libzero_out\.so leads out of the version's folder, to \S+elsewhere\.so/),
  );
});

test('a link within the version and a version that is a link itself are followed', async (t) => {
  const { directory, library } = version(t);
  writeRecord(directory, { 'libzero_out.so': SUM });
  renameSync(library, join(directory, 'real.so'));
  symlinkSync('../real.so', library);
  const link = join(temporaryFolder(t), '2');
  symlinkSync(directory, link);
  const path = join(link, 'assets/libzero_out.so');
  assert.deepEqual(await trustedOpLibraries(NAME, link, FROM_MODELS), [{ path, sha256: SUM }]);
});

test('a record that cannot be read refuses all', async (t) => {
  const { directory } = version(t);
  writeRecord(directory, { 'libzero_out.so': 'abc' });
  await assert.rejects(
    trustedOpLibraries(NAME, directory, FROM_MODELS),
    isRefusal(
      /easyrec_export\.json: op_libraries: "libzero_out\.so": expected a SHA-256 sum, received "abc"/,
    ),
  );
});

test('a model that is refused starts no process', async (t) => {
  const { directory } = version(t);
  const loader = new WorkerLoader({ trust: FROM_MODELS });
  t.after(() => loader.close());
  await assert.rejects(
    loader.load({ modelName: 'm', version: 1n, directory }, SILENT_LOG),
    isRefusal(/^model "m" version 1: op libraries cannot be loaded, since they are not trusted/),
  );
});

test('a library that has changed since it was trusted is not loaded', () => {
  assert.throws(
    () => loadOpLibrary(ZERO_OUT, { sha256: '0'.repeat(64) }),
    isRefusal(/has changed: expected SHA-256 0{64}, received [0-9a-f]{64}$/),
  );
});

test('a line of an allow-list that is none is told by its place', async (t) => {
  const file = join(temporaryFolder(t), 'allowed');
  writeFileSync(file, `\n${SUM}  libx.so\r\n${SUM}\nlibx.so ${SUM}\n`);
  await assert.rejects(readAllowList(file), (error: unknown) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /allowed:4: op_library_allow_list: expected a line as sha256sum writes it/);
    return true;
  });
  await assert.rejects(readAllowList(`${file}.not`), /op_library_allow_list \S+\.not: cannot be read/);
});
