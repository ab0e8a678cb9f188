import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { NativeError } from '../../easyrec/errors.js';
import {
  ensureAllHeaders,
  fetchInstallableWheel,
  fetchLibtensorflow,
  type FetchOptions,
} from '../../easyrec/setup/fetch.js';
import { locateLibtensorflow } from '../../easyrec/setup/locate.js';
import type { Wheel } from '../../easyrec/setup/wheels.js';
import {
  type FakePip,
  fakePython,
  makeZip,
  reportFor,
  sendRange,
  serve,
  temporaryFolder,
  WHEEL_FILES,
  wheelRow,
} from './support.js';

const NAME = 'tensorflow_cpu-9.8.7-cp311-cp311-manylinux_2_27_x86_64.whl';

interface Bench {
  readonly options: FetchOptions;
  readonly wheel: Wheel;
  /** The wheel as published, outside the cache. */
  readonly published: string;
  readonly cache: string;
  readonly calls: () => string[];
}

function bench(
  t: TestContext,
  pip: (published: string, wheel: Wheel) => FakePip,
  files: Readonly<Record<string, string>> = WHEEL_FILES,
): Bench {
  const root = temporaryFolder(t);
  const published = join(root, 'published', NAME);
  makeZip(published, files);
  const wheel = wheelRow(published, NAME);
  const { python, calls } = fakePython(root, pip(published, wheel));
  const cache = join(root, 'cache');
  const options = {
    version: '9.8.7',
    arch: 'x64',
    env: { EASYREC_CACHE: cache, PATH: process.env.PATH },
    python,
    wheels: [wheel],
    download: { attempts: 1, pauseMs: 1 },
  };
  return { options, wheel, published, cache, calls };
}

/** A bench whose pip names a server on this machine. */
async function servedBench(t: TestContext, more: FakePip = {}): Promise<Bench> {
  const content: Buffer[] = [];
  const server = await serve(t, (request, response) =>
    sendRange(content[0] ?? Buffer.alloc(0), request, response),
  );
  const made = bench(t, (_published, wheel) => ({
    report: reportFor(server.url + NAME, wheel.sha256),
    ...more,
  }));
  content.push(readFileSync(made.published));
  return made;
}

describe('fetchLibtensorflow', () => {
  test('puts both libraries and the C headers into the cache, where they are then found', async (t) => {
    const { options, cache } = await servedBench(t);
    const location = await fetchLibtensorflow(options);
    assert.equal(location.directory, join(cache, 'libtensorflow/9.8.7'));
    assert.equal(readFileSync(location.library, 'utf8'), 'the C API');
    assert.equal(readFileSync(location.frameworkLibrary, 'utf8'), 'the framework');
    assert.deepEqual(locateLibtensorflow({ env: options.env ?? {}, version: '9.8.7' }), location);
    const headers = readdirSync(location.directory, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.h'))
      .map((name) => name.replace('include/', ''));
    assert.deepEqual(headers.sort(), [
      ...['c_api', 'kernels', 'ops', 'tf_buffer', 'tf_status', 'tf_tensor', 'tf_tstring'].map(
        (name) => `tensorflow/c/${name}.h`,
      ),
      'tsl/deeper.h',
      'tsl/platform/platform.h',
    ]);
  });

  test('asks nobody when the cache has the version', async (t) => {
    const { options, calls } = await servedBench(t);
    await fetchLibtensorflow(options);
    const before = calls().length;
    await fetchLibtensorflow(options);
    assert.equal(calls().length, before);
  });

  test('continues what an earlier, stopped set-up had fetched and clears away what it had half unpacked', async (t) => {
    const { options, cache, published } = await servedBench(t);
    mkdirSync(join(cache, 'wheels'), { recursive: true });
    mkdirSync(join(cache, 'libtensorflow/.unpacking-9.8.7/9.8.7'), { recursive: true });
    writeFileSync(join(cache, 'wheels', `${NAME}.part`), readFileSync(published).subarray(0, 50));
    await fetchLibtensorflow(options);
    assert.deepEqual(readdirSync(join(cache, 'wheels')), [NAME]);
    assert.deepEqual(readdirSync(join(cache, 'libtensorflow')).sort(), ['9.8.7', '9.8.7.lock']);
  });

  test('lets set-ups at the same time wait for one another: one fetches', async (t) => {
    const { options, calls } = await servedBench(t);
    const said: string[] = [];
    const log = {
      info: (message: string) => said.push(message),
      warn: () => undefined,
      debug: () => undefined,
    };
    const locations = await Promise.all([1, 2, 3].map(() => fetchLibtensorflow({ ...options, log })));
    assert.equal(new Set(locations.map((location) => location.directory)).size, 1);
    assert.equal(calls().filter((call) => call.includes('--report')).length, 1);
    assert.equal(said.filter((message) => message.startsWith('waiting')).length, 2);
  });

  test('takes a wheel that lies in the cache, without pip', async (t) => {
    const { options, cache, published, calls } = bench(t, () => ({ failure: 'ERROR: offline' }));
    mkdirSync(join(cache, 'wheels'), { recursive: true });
    copyFileSync(published, join(cache, 'wheels', NAME));
    await fetchLibtensorflow(options);
    assert.deepEqual(
      calls().filter((call) => call.includes('pip')),
      [],
    );
  });

  test('refuses a damaged wheel in the cache, naming it and both values', async (t) => {
    const { options, cache, published, wheel } = bench(t, () => ({}));
    mkdirSync(join(cache, 'wheels'), { recursive: true });
    writeFileSync(join(cache, 'wheels', NAME), readFileSync(published).subarray(1));
    await assert.rejects(fetchLibtensorflow(options), (error) => {
      assert.ok(error instanceof NativeError);
      const { message } = error;
      assert.ok(message.includes(join(cache, 'wheels', NAME)), message);
      assert.ok(message.includes(`expected ${wheel.bytes} bytes, received ${wheel.bytes - 1}`), message);
      return true;
    });
  });

  test('has pip download where pip cannot tell the address', async (t) => {
    const { options, cache, calls } = bench(t, (published) => ({ download: published }));
    await fetchLibtensorflow(options);
    assert.deepEqual(readdirSync(join(cache, 'wheels')), [NAME]);
    const call = calls().find((line) => line.includes('download')) ?? '';
    for (const part of [
      '--no-deps',
      '--only-binary=:all:',
      '--python-version=3.11',
      '--platform=manylinux_2_27_x86_64',
      'tensorflow-cpu==9.8.7',
    ]) {
      assert.ok(call.includes(part), `${part} in: ${call}`);
    }
  });

  test('has pip download where the address that pip names cannot be reached from here', async (t) => {
    const { options, cache } = bench(t, (published, wheel) => ({
      report: reportFor(`http://127.0.0.1:1/${NAME}`, wheel.sha256),
      download: published,
    }));
    await fetchLibtensorflow(options);
    assert.deepEqual(readdirSync(join(cache, 'wheels')), [NAME]);
  });

  test('copies the wheel where pip finds it in a folder', async (t) => {
    const { options, published } = bench(t, (file, wheel) => ({
      report: reportFor(pathToFileURL(file).href, wheel.sha256),
    }));
    await fetchLibtensorflow(options);
    assert.equal(existsSync(published), true);
  });

  test('refuses an index that offers another file under that name', async (t) => {
    const { options } = bench(t, () => ({
      report: reportFor(`http://127.0.0.1:1/${NAME}`, 'ab'.repeat(32)),
    }));
    await assert.rejects(fetchLibtensorflow(options), {
      name: 'NativeError',
      message: /offers another file: expected SHA-256 [0-9a-f]{64}, received (ab){32}$/,
    });
  });

  test('says offline what could not be reached and what to do, naming the file and the folder', async (t) => {
    const failure = [
      "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(no route)': /simple/",
      'ERROR: Could not find a version that satisfies the requirement tensorflow-cpu==9.8.7 (from versions: none)',
      'ERROR: No matching distribution found for tensorflow-cpu==9.8.7',
    ].join('\n');
    const { options, cache } = bench(t, () => ({ failure }));
    await assert.rejects(fetchLibtensorflow(options), (error) => {
      assert.ok(error instanceof NativeError);
      for (const part of [
        'libtensorflow 9.8.7 could not be fetched',
        'Could not find a version',
        'NewConnectionError(no route)',
        'EASYREC_LIBTENSORFLOW',
        `${NAME} elsewhere (python3 -m pip download --no-deps`,
        `put it into ${join(cache, 'wheels')}`,
      ]) {
        assert.ok(error.message.includes(part), `${part} in: ${error.message}`);
      }
      return true;
    });
    assert.deepEqual(readdirSync(join(cache, 'wheels')), []);
  });

  test('names the versions there are when asked for another', async (t) => {
    const { options } = bench(t, () => ({}));
    await assert.rejects(fetchLibtensorflow({ ...options, version: '1.0.0' }), {
      name: 'NativeError',
      message: /libtensorflow 1\.0\.0 for x64: expected one of 9\.8\.7; .*EASYREC_LIBTENSORFLOW/,
    });
  });

  test('names python3 when it is missing', async (t) => {
    const { options } = bench(t, () => ({}));
    await assert.rejects(fetchLibtensorflow({ ...options, python: 'no-such-python' }), {
      name: 'NativeError',
      message: /^no-such-python was not found: set-up needs it with pip/,
    });
  });

  test('names pip when python3 has none', async (t) => {
    const { options } = bench(t, () => ({ failure: '/usr/bin/python3: No module named pip' }));
    await assert.rejects(fetchLibtensorflow(options), /has no pip.*python3-pip/);
  });

  test('names the cache folder when it cannot be written', async (t) => {
    const { options, cache } = await servedBench(t);
    writeFileSync(cache, 'a file where the folder should be');
    await assert.rejects(fetchLibtensorflow(options), {
      name: 'NativeError',
      message: /^the cache folder .*cache cannot be written: .*ENOTDIR.*EASYREC_CACHE can name another$/,
    });
  });

  test('refuses a wheel without the libraries and leaves no version behind', async (t) => {
    const files = Object.fromEntries(
      Object.entries(WHEEL_FILES).filter(([name]) => !name.includes('_cc.so')),
    );
    const { options, cache } = bench(t, (published) => ({ download: published }), files);
    await assert.rejects(fetchLibtensorflow(options), /has no tensorflow\/libtensorflow_cc\.so\.2/);
    assert.deepEqual(readdirSync(join(cache, 'libtensorflow')), ['9.8.7.lock']);
  });
});

describe('fetchInstallableWheel', () => {
  test("gives the wheel for the user's own Python, or nothing where none is published for it", async (t) => {
    const { options, cache, wheel } = await servedBench(t);
    assert.equal(await fetchInstallableWheel(options), join(cache, 'wheels', NAME));
    assert.equal(
      await fetchInstallableWheel({ ...options, wheels: [{ ...wheel, python: 'cp310' }] }),
      undefined,
    );
  });
});

describe('ensureAllHeaders', () => {
  test('unpacks all headers beside the cached library, once', async (t) => {
    const { options, calls } = await servedBench(t);
    const location = await fetchLibtensorflow(options);
    const include = await ensureAllHeaders(location, options);
    assert.equal(readFileSync(join(include, 'tensorflow/core/framework/op_kernel.h'), 'utf8'), 'C++');
    assert.ok(existsSync(join(include, 'tensorflow/c/kernels.h')));
    const before = calls().length;
    assert.equal(await ensureAllHeaders(location, options), include);
    assert.equal(calls().length, before);
  });

  test('says what is missing where the library is not from the cache', async (t) => {
    const { options } = await servedBench(t);
    const location = { ...(await fetchLibtensorflow(options)), source: 'environment' as const };
    await assert.rejects(
      ensureAllHeaders(location, options),
      /C\+\+ headers.*core\/framework\/op_kernel\.h$/,
    );
  });
});
