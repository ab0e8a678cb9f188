import assert from 'node:assert/strict';
import test from 'node:test';
import { NativeError } from '../../easyrec/errors.js';
import { checkVersion, loadLibtensorflow } from '../../easyrec/tf/native.js';

test('takes libtensorflow 2.12 and whatever is newer', () => {
  for (const version of ['2.12.0', '2.21.0', '2.22.0-rc1', '3.0.0', loadLibtensorflow().version]) {
    assert.doesNotThrow(() => checkVersion(version, '/lib/libtensorflow.so.2'), version);
  }
});

test('refuses an older libtensorflow, naming the file and the way out', () => {
  for (const version of ['1.15.0', '2.9.1', '2.11.1', '']) {
    assert.throws(
      () => checkVersion(version, '/lib/libtensorflow.so.2'),
      (error: unknown) =>
        error instanceof NativeError &&
        /2\.12 or later/.test(error.message) &&
        error.message.includes('/lib/libtensorflow.so.2') &&
        /EASYREC_LIBTENSORFLOW/.test(error.message),
      version,
    );
  }
});
