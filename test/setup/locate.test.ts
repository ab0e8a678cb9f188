import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { NativeError } from '../../easyrec/errors.js';
import { cacheDirectory } from '../../easyrec/setup/cache.js';
import { cachedVersions, locateLibtensorflow } from '../../easyrec/setup/locate.js';
import { temporaryFolder, writeFiles } from './support.js';

const LIBRARIES = { 'libtensorflow_cc.so.2': '', 'libtensorflow_framework.so.2': '' };

function prefixed(prefix: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [join(prefix, name), content]));
}

describe('cacheDirectory', () => {
  test('is EASYREC_CACHE, else in XDG_CACHE_HOME, else in the home folder', () => {
    const env = { EASYREC_CACHE: '/a/b', XDG_CACHE_HOME: '/x', HOME: '/home/u' };
    assert.equal(cacheDirectory(env), '/a/b');
    assert.equal(cacheDirectory({ ...env, EASYREC_CACHE: '' }), '/x/easyrec');
    assert.equal(cacheDirectory({ HOME: '/home/u' }), '/home/u/.cache/easyrec');
  });

  test('ignores a relative XDG_CACHE_HOME, as the specification asks', () => {
    assert.equal(cacheDirectory({ XDG_CACHE_HOME: 'x', HOME: '/home/u' }), '/home/u/.cache/easyrec');
  });
});

describe('locateLibtensorflow', () => {
  test('takes the folder that the environment names before all others', (t) => {
    const root = temporaryFolder(t);
    writeFiles(root, {
      ...prefixed('named', { ...LIBRARIES, 'include/tensorflow/c/kernels.h': '' }),
      ...prefixed('cache/libtensorflow/2.21.0', LIBRARIES),
      ...prefixed('node_modules/@tensorflow/tfjs-node', { 'package.json': '{}' }),
    });
    const env = { EASYREC_LIBTENSORFLOW: join(root, 'named'), EASYREC_CACHE: join(root, 'cache') };
    const location = locateLibtensorflow({ env, resolveFrom: [join(root, 'x.js')] });
    assert.deepEqual(location, {
      directory: join(root, 'named'),
      source: 'environment',
      library: join(root, 'named/libtensorflow_cc.so.2'),
      frameworkLibrary: join(root, 'named/libtensorflow_framework.so.2'),
      includeDirectory: join(root, 'named/include'),
      version: undefined,
    });
  });

  test('takes libtensorflow.so.2 where there is no libtensorflow_cc.so.2', (t) => {
    const root = temporaryFolder(t);
    writeFiles(root, { 'libtensorflow.so.2': '', 'libtensorflow_framework.so.2': '' });
    const location = locateLibtensorflow({ env: { EASYREC_LIBTENSORFLOW: root } });
    assert.equal(location.library, join(root, 'libtensorflow.so.2'));
    assert.equal(location.includeDirectory, undefined);
  });

  test('refuses a named folder without the libraries instead of taking another', (t) => {
    const root = temporaryFolder(t);
    writeFiles(root, prefixed('cache/libtensorflow/2.21.0', LIBRARIES));
    writeFiles(root, { 'half/libtensorflow_cc.so.2': '' });
    const locate = (name: string) => () =>
      locateLibtensorflow({
        env: { EASYREC_LIBTENSORFLOW: join(root, name), EASYREC_CACHE: join(root, 'cache') },
      });
    assert.throws(
      locate('absent'),
      /EASYREC_LIBTENSORFLOW: expected .*libtensorflow_framework.so.2.*does not exist/,
    );
    assert.throws(locate('half'), /holds only libtensorflow_cc\.so\.2/);
    assert.throws(locate('cache'), /holds no libtensorflow file/);
    assert.throws(locate('half/libtensorflow_cc.so.2'), /not a folder/);
  });

  test('takes an installed tfjs-node-gpu before tfjs-node, and both before the cache', (t) => {
    const root = temporaryFolder(t);
    const bundled = { 'libtensorflow.so.2': '', 'libtensorflow_framework.so.2': '' };
    writeFiles(root, {
      'node_modules/@tensorflow/tfjs-node/package.json': '{}',
      ...prefixed('node_modules/@tensorflow/tfjs-node/deps/lib', bundled),
      ...prefixed('cache/libtensorflow/2.21.0', LIBRARIES),
    });
    const options = { env: { EASYREC_CACHE: join(root, 'cache') }, resolveFrom: [join(root, 'index.js')] };
    assert.equal(locateLibtensorflow(options).source, '@tensorflow/tfjs-node');
    writeFiles(root, {
      'node_modules/@tensorflow/tfjs-node-gpu/package.json': '{}',
      ...prefixed('node_modules/@tensorflow/tfjs-node-gpu/deps/lib', bundled),
    });
    const location = locateLibtensorflow(options);
    assert.equal(location.source, '@tensorflow/tfjs-node-gpu');
    assert.equal(location.directory, join(root, 'node_modules/@tensorflow/tfjs-node-gpu/deps/lib'));
  });

  test('passes over a tfjs-node whose library was never downloaded', (t) => {
    const root = temporaryFolder(t);
    writeFiles(root, {
      'node_modules/@tensorflow/tfjs-node/package.json': '{}',
      ...prefixed('cache/libtensorflow/2.21.0', LIBRARIES),
    });
    const options = { env: { EASYREC_CACHE: join(root, 'cache') }, resolveFrom: [join(root, 'index.js')] };
    assert.equal(locateLibtensorflow(options).source, 'cache');
  });

  test('takes 2.21.0 from the cache, or the version that EASYREC_TF_VERSION or the caller names', (t) => {
    const root = temporaryFolder(t);
    writeFiles(root, prefixed('libtensorflow/2.21.0', LIBRARIES));
    writeFiles(root, prefixed('libtensorflow/2.12.0', LIBRARIES));
    const resolveFrom = [join(root, 'x.js')];
    const at = (env: object, version?: string) =>
      locateLibtensorflow({ env: { EASYREC_CACHE: root, ...env }, resolveFrom, version }).version;
    assert.equal(at({}), '2.21.0');
    assert.equal(at({ EASYREC_TF_VERSION: '2.12.0' }), '2.12.0');
    assert.equal(at({ EASYREC_TF_VERSION: '2.12.0' }, '2.21.0'), '2.21.0');
    assert.equal(at({ EASYREC_LIBTENSORFLOW: '/nowhere' }, '2.12.0'), '2.12.0');
  });

  test('says where it looked, what the cache has and what to run when there is none', (t) => {
    const root = temporaryFolder(t);
    writeFiles(root, prefixed('libtensorflow/2.12.0', LIBRARIES));
    assert.throws(
      () => locateLibtensorflow({ env: { EASYREC_CACHE: root }, resolveFrom: [join(root, 'x.js')] }),
      (error) => {
        assert.ok(error instanceof NativeError);
        for (const part of [
          'libtensorflow 2.21.0',
          'EASYREC_LIBTENSORFLOW (not set)',
          '@tensorflow/tfjs-node-gpu',
          join(root, 'libtensorflow/2.21.0'),
          'the cache holds 2.12.0',
          'easyrec setup',
          'bash scripts/setup',
        ]) {
          assert.ok(error.message.includes(part), `${part} in: ${error.message}`);
        }
        return true;
      },
    );
  });

  test('counts only complete versions of the cache', (t) => {
    const root = temporaryFolder(t);
    assert.deepEqual(cachedVersions(root), []);
    writeFiles(root, {
      ...prefixed('libtensorflow/2.21.0', LIBRARIES),
      'libtensorflow/2.12.0/libtensorflow_cc.so.2': '',
      ...prefixed('libtensorflow/.unpacking-2.13.0/2.13.0', LIBRARIES),
      'libtensorflow/2.21.0.lock': '',
    });
    assert.deepEqual(cachedVersions(root), ['2.21.0']);
  });
});
