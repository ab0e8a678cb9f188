import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NativeError, UserError } from '../../easyrec/errors.js';
import { SILENT_LOG } from '../../easyrec/log.js';
import { packageFile } from '../../easyrec/package_files.js';
import { startServer, type RunningServer } from '../../easyrec/serving/server.js';
import { oracleVersion, writeSavedModels, type WrittenModels } from './saved_models.js';

/** Nobody is copying anything. */
const IMPATIENT = { quietMs: 0, incompleteMs: 0 };
const version = oracleVersion();
const skip = version === undefined && 'no Python TensorFlow: run bash scripts/test, which installs it';
const root = mkdtempSync(join(tmpdir(), 'easyrec-serving-'));
after(() => rmSync(root, { recursive: true, force: true }));

async function post(port: number, path: string, body: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body });
  return { status: response.status, text: await response.text() };
}

/** The elements of `"alias": [...]` as written; no nested list may contain a bracket in a string. */
function elementsOf(text: string, alias: string): string[] {
  const start = text.indexOf(`"${alias}": [`);
  assert.ok(start >= 0, `${alias} is missing in ${text}`);
  const end = text.indexOf('\n        ]', start);
  const inner = text.slice(start + alias.length + 4, end);
  return inner.match(/"(?:[^"\\]|\\.)*"|[^\s,[\]]+/g) ?? [];
}

describe('a SavedModel that Python TensorFlow wrote', { skip }, () => {
  let written: WrittenModels;
  let server: RunningServer;
  before(async () => {
    assert.ok(version);
    written = await writeSavedModels(version, root, packageFile('ops/lib/libzero_out.so'));
    server = await startServer({
      modelBasePath: join(root, 'types'),
      modelName: 'm',
      restApiPort: 0,
      host: '127.0.0.1',
      log: SILENT_LOG,
    });
  });
  after(() => server.close());

  test('is served in its highest version', async () => {
    assert.equal(server.catalog.find({ name: 'm' }).version, 20n);
    const status = await (await fetch(`http://127.0.0.1:${server.port}/v1/models/m`)).json();
    const available = { version: '20', state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } };
    assert.deepEqual(status, { model_version_status: [available] });
    assert.equal((await post(server.port, '/v1/models/m/versions/1:predict', '{"inputs": 1}')).status, 404);
  });

  test('tells its signature', async () => {
    const url = `http://127.0.0.1:${server.port}/v1/models/m/metadata`;
    const { metadata } = (await (await fetch(url)).json()) as {
      metadata: {
        signature_def: { signature_def: { serving_default: { inputs: object; outputs: object } } };
      };
    };
    const { inputs, outputs } = metadata.signature_def.signature_def.serving_default;
    assert.deepEqual((inputs as Record<string, unknown>)['uint64'], {
      dtype: 'DT_UINT64',
      tensor_shape: {
        dim: [
          { size: '-1', name: '' },
          { size: '2', name: '' },
        ],
        unknown_rank: false,
      },
      name: 'serving_default_uint64:0',
    });
    assert.ok('scaled' in outputs);
  });

  test('gives the values that Python gives, for every dtype', async () => {
    const { status, text } = await post(server.port, '/v1/models/m:predict', written.request);
    assert.equal(status, 200, text);
    for (const [alias, expected] of Object.entries(written.expected)) {
      const elements = elementsOf(text, alias);
      const float32 = alias === 'scaled' || alias === 'r_float32';
      const floats = float32 || alias === 'r_float64';
      const strings = alias === 'r_string';
      const received = elements.map((element) =>
        strings
          ? (JSON.parse(element) as string)
          : floats
            ? float32
              ? Math.fround(Number(element))
              : Number(element)
            : element,
      );
      const wanted = expected.map((value) =>
        floats ? Number(value) : alias === 'r_bool' ? value.toLowerCase() : value,
      );
      if (alias !== 'string_bytes') assert.deepEqual(received, wanted, alias);
    }
  });

  test('writes an output whose alias ends in _bytes as base64', async () => {
    const { text } = await post(server.port, '/v1/models/m:predict', written.request);
    const encoded = [...text.matchAll(/"b64": "([^"]*)"/g)].map(([, value = '']) =>
      Buffer.from(value, 'base64').toString('utf8'),
    );
    assert.deepEqual(encoded, written.expected['string_bytes']);
  });

  test('answers rows as it answers columns', async () => {
    const { inputs } = JSON.parse(written.request) as { inputs: Record<string, unknown[]> };
    // Numbers beyond 2^53 do not survive JSON.parse, so these two columns are sent as text.
    const instances = [0, 1, 2].map((row) =>
      Object.fromEntries(
        Object.entries(inputs).map(([name, column]) => [
          name,
          /^u?int64$/.test(name) ? [row, 1] : column[row],
        ]),
      ),
    );
    const { status, text } = await post(server.port, '/v1/models/m:predict', JSON.stringify({ instances }));
    assert.equal(status, 200, text);
    const { predictions } = JSON.parse(text) as { predictions: { r_int32: number[]; r_uint64: number[] }[] };
    assert.deepEqual(
      predictions.map(({ r_int32, r_uint64 }) => [r_int32, r_uint64]),
      [
        [
          [7, 8],
          [2, 1],
        ],
        [
          [2147483647, 0],
          [1, 1],
        ],
        [
          [1, -2147483648],
          [0, 1],
        ],
      ],
    );
  });

  test('answers many requests at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => post(server.port, '/v1/models/m:predict', written.request)),
    );
    const [first] = answers;
    assert.ok(answers.every(({ status, text }) => status === 200 && text === first?.text));
  });

  test("a run beyond the time limit gives 504, TensorFlow's own errors their code, and the server goes on", async () => {
    const slow = await startServer({
      modelBasePath: join(root, 'slow'),
      restApiPort: 0,
      host: '127.0.0.1',
      restApiTimeoutMs: 300,
      log: SILENT_LOG,
    });
    try {
      const count = (body: string): ReturnType<typeof post> =>
        post(slow.port, '/v1/models/default:predict', body);
      assert.equal((await count('{"inputs": [9223372036854775807]}')).status, 504);
      const failed = await count('{"inputs": []}');
      assert.equal(failed.status, 400);
      assert.match(failed.text, /slice index 0 of dimension 0 out of bounds/);
      assert.deepEqual(JSON.parse((await count('{"inputs": [3]}')).text), { outputs: [3] });
    } finally {
      await slow.close();
    }
  });

  describe('through the command', () => {
    test('a model with a native op is refused without --load_op_libraries, naming op, library and flag', async () => {
      const serving = serve('--model_base_path', join(root, 'custom'), '--rest_api_port', '0');
      const [code] = (await once(serving.child, 'close')) as [number | null];
      assert.equal(code, 2);
      assert.match(serving.stderr(), /ZeroOut.*custom\/3\/assets\/libzero_out\.so.*--load_op_libraries/s);
      assert.doesNotMatch(serving.stderr(), /\n\s+at /);
    });

    test('serves it with the flag and the sum of its library, and ends with code 0 on SIGTERM', async () => {
      const library = readFileSync(join(root, 'custom/3/assets/libzero_out.so'));
      const allowed = join(root, 'allowed');
      writeFileSync(allowed, `${createHash('sha256').update(library).digest('hex')}  libzero_out.so\n`);
      const trust = ['--load_op_libraries', '--op_library_allow_list', allowed];
      const flags = ['--model_base_path', join(root, 'custom'), '--model_name', 'z', ...trust];
      const serving = serve(...flags, '--rest_api_port', '0', '--host', '127.0.0.1');
      const port = await serving.port();
      const { text } = await post(port, '/v1/models/z:predict', '{"instances": [5, 6, 7]}');
      assert.equal(text, '{\n    "predictions": [5, 0, 0\n    ]\n}');
      const taken = serve(...flags, '--rest_api_port', String(port), '--host', '127.0.0.1');
      const [takenCode] = (await once(taken.child, 'close')) as [number | null];
      assert.equal(takenCode, 2);
      assert.match(taken.stderr(), new RegExp(`127\\.0\\.0\\.1:${port}: the port is in use`));
      serving.child.kill('SIGTERM');
      const [code] = (await once(serving.child, 'close')) as [number | null];
      assert.equal(code, 0, serving.stderr());
    });
  });
});

interface Serving {
  readonly child: ChildProcessWithoutNullStreams;
  stderr(): string;
  /** Resolves once the server says where it listens. */
  port(): Promise<number>;
}

function serve(...flags: readonly string[]): Serving {
  const main = fileURLToPath(new URL('../../easyrec/cli/main.js', import.meta.url));
  const child = spawn(process.execPath, [main, 'serve', ...flags]);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const port = async (): Promise<number> => {
    for (;;) {
      const match = /serving at http:\/\/[^/]*:(\d+)\//.exec(stderr);
      if (match) return Number(match[1]);
      assert.equal(child.exitCode, null, stderr);
      await Promise.race([once(child.stderr, 'data'), once(child, 'close')]);
    }
  };
  return { child, stderr: () => stderr, port };
}

describe('what cannot be served', () => {
  async function assertRefused(path: string, ...words: readonly string[]): Promise<void> {
    await assert.rejects(
      startServer({ modelBasePath: path, restApiPort: 0, patience: IMPATIENT, log: SILENT_LOG }),
      (error: unknown) => {
        assert.ok(error instanceof UserError, String(error));
        for (const word of words) assert.ok(error.message.includes(word), error.message);
        return true;
      },
    );
  }

  test('a base path that does not exist', () =>
    assertRefused(join(root, 'missing'), join(root, 'missing'), 'does not exist'));

  test('a base path without numbered folders', async () => {
    mkdirSync(join(root, 'empty', 'v1'), { recursive: true });
    writeFileSync(join(root, 'empty', '7'), 'a file, no folder');
    await assertRefused(join(root, 'empty'), 'folders named by version number', 'found 7, v1');
  });

  test('the SavedModel itself instead of the folder above it', async () => {
    mkdirSync(join(root, 'flat'), { recursive: true });
    writeFileSync(join(root, 'flat', 'saved_model.pb'), '');
    await assertRefused(join(root, 'flat'), 'received a SavedModel itself', join(root, 'flat', '1'));
  });

  test('a version folder that is not complete', async () => {
    mkdirSync(join(root, 'partial', '2', 'variables'), { recursive: true });
    await assertRefused(join(root, 'partial'), join(root, 'partial', '2'), 'saved_model.pb');
  });

  test('a damaged saved_model.pb', async () => {
    mkdirSync(join(root, 'damaged', '1'), { recursive: true });
    writeFileSync(join(root, 'damaged', '1', 'saved_model.pb'), 'this is no protocol buffer');
    await assert.rejects(
      startServer({
        modelBasePath: join(root, 'damaged'),
        restApiPort: 0,
        patience: IMPATIENT,
        log: SILENT_LOG,
      }),
      (error: unknown) => error instanceof NativeError && error.message.includes(join(root, 'damaged', '1')),
    );
  });

  test('options out of range', async () => {
    const modelBasePath = join(root, 'empty');
    const options = { modelBasePath, log: SILENT_LOG };
    await assert.rejects(
      startServer({ ...options, restApiPort: 70_000 }),
      /rest_api_port: expected an integer/,
    );
    await assert.rejects(
      startServer({ ...options, restApiTimeoutMs: 0 }),
      /rest_api_timeout_in_ms: expected/,
    );
    await assert.rejects(
      startServer({ ...options, modelName: 'a/b' }),
      /model_name: expected a name without/,
    );
  });
});
