import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { packageFile } from '../../../easyrec/package_files.js';
import { runProgram } from '../../support/cli.js';
import { temporaryFolder } from '../../support/temporary.js';
import { writeScale } from '../../serving/versions/support.js';

const PROGRAM = fileURLToPath(
  new URL('../../../easyrec/cli/bin/tensorflow_model_server.cjs', import.meta.url),
);

const run = (...flags: readonly string[]): ReturnType<typeof runProgram> =>
  runProgram(process.execPath, [PROGRAM, ...flags], { cwd: '/' });

interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly text: () => string;
  /** Where REST listens. */
  readonly url: string;
}

/** A port that nobody used a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Starts the program and waits until REST answers. */
async function start(t: TestContext, ...flags: readonly string[]): Promise<Started> {
  const port = await freePort();
  const child = spawn(process.execPath, [PROGRAM, `--rest_api_port=${port}`, ...flags]);
  t.after(() => child.kill('SIGKILL'));
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => (text += part));
  }
  while (!text.includes('serving at http')) {
    assert.equal(child.exitCode, null, text);
    await Promise.race([once(child.stderr, 'data'), once(child, 'close')]);
  }
  return { child, text: () => text, url: `http://127.0.0.1:${port}` };
}

test('is installed as a program of that name', () => {
  const { bin } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
    bin: Record<string, string>;
  };
  const file = packageFile(bin['tensorflow_model_server'] ?? '');
  assert.equal(file, PROGRAM);
  assert.match(readFileSync(file, 'utf8'), /^#!\/usr\/bin\/env node\n/);
  assert.ok(statSync(packageFile(bin['easyrec'] ?? '')).isFile());
});

test('tells its version and that of the library', async () => {
  const { code, stdout } = await run('--version');
  assert.equal(code, 0);
  assert.match(stdout, /^TensorFlow ModelServer: \S+\nTensorFlow Library: \d+\.\d+\.\d+\n$/);
});

test('fails to start in the words of the original, with exit code 255', async (t) => {
  const root = temporaryFolder(t);
  writeFileSync(join(root, 'bad'), 'model_config_list {\n config { nam: "x" } }');
  const cases: [readonly string[], string][] = [
    [
      [],
      'INVALID_ARGUMENT: Both server_options.model_base_path and server_options.model_config_file are empty!',
    ],
    [
      ['--port=0', '--model_base_path=/m'],
      'INVALID_ARGUMENT: At least one of server_options.grpc_port or server_options.grpc_socket_path must be set.',
    ],
    [
      ['--model_base_path=m'],
      'INVALID_ARGUMENT: Expected model default to have an absolute path or URI; got base_path()=m',
    ],
    [
      ['--model_base_path=/m', '--batching_parameters_file=/b'],
      'INVALID_ARGUMENT: server_options.batching_parameters_file is set without setting server_options.enable_batching to true.',
    ],
    [
      ['--model_base_path=/m', '--platform_config_file=/p'],
      'INVALID_ARGUMENT: --platform_config_file is not supported',
    ],
    [
      [`--model_config_file=${join(root, 'bad')}`],
      `INVALID_ARGUMENT: ${join(root, 'bad')}:2: Error parsing text-format`,
    ],
  ];
  for (const [flags, error] of cases) {
    const { code, stdout } = await run(...flags);
    assert.equal(code, 255, stdout);
    assert.ok(stdout.includes(`Failed to start server. Error: ${error}`), `${flags.join(' ')}: ${stdout}`);
  }
  const { stderr } = await run(`--model_config_file=${join(root, 'bad')}`);
  assert.match(stderr, /Error parsing text-format tensorflow\.serving\.ModelServerConfig/);
});

test('a value that cannot be read shows the usage and ends with 255', async () => {
  const { code, stdout } = await run('--model_base_path=/m', '--port=many');
  assert.equal(code, 255);
  assert.match(stdout, /--port: expected a port from 0 to 65535, or off, received "many"/);
});

test('a model that cannot be loaded ends it, naming the model and why', async (t) => {
  const root = temporaryFolder(t);
  await writeScale(join(root, '1'), 2);
  writeFileSync(join(root, '1/saved_model.pb'), 'no message');
  const { code, stdout } = await run(
    `--model_base_path=${root}`,
    '--model_name=m',
    '--incomplete_version_wait_seconds=0',
    `--port=${await freePort()}`,
  );
  assert.equal(code, 255);
  assert.match(
    stdout,
    /Failed to start server\. Error: UNKNOWN: 1 model\(s\) did not become available: \{\{\{name: m version: 1\} due to error: [A-Z_]+: .*saved_model\.pb is damaged/,
  );
});

test("takes the original's flags, says which it does not know and goes on, and ends with 0 on SIGTERM", async (t) => {
  const root = temporaryFolder(t);
  await writeScale(join(root, '1'), 2);
  const server = await start(
    t,
    `--port=${await freePort()}`,
    '--model_name=m',
    `--model_base_path=${root}`,
    '--tensorflow_session_parallelism=2',
    '--enable_batching',
    '--batching_parameters_file=',
    '--enable_model_warmup=false',
    '--flush_filesystem_caches=true',
    '--num_tflite_pools=2',
    '--saved_model_tags=serve',
    '--no_such_flag=1',
  );
  assert.match(server.text(), /unknown argument: --no_such_flag=1\n/);
  assert.match(server.text(), /--num_tflite_pools has no effect/);
  const response = await fetch(`${server.url}/v1/models/m:predict`, {
    method: 'POST',
    body: '{"instances": [1.5]}',
  });
  assert.deepEqual(await response.json(), { predictions: [3] });
  // As many threads as calls that may hang, or one model could stop all others.
  const threads = readdirSync(`/proc/${server.child.pid ?? 0}/task`).length;
  assert.ok(threads > 30, `${threads} threads`);
  server.child.kill('SIGTERM');
  const [code] = (await once(server.child, 'close')) as [number | null];
  assert.equal(code, 0, server.text());
});

test('a signal ends it while it waits for a first version', async (t) => {
  const child = spawn(process.execPath, [PROGRAM, `--model_base_path=${join(temporaryFolder(t), 'none')}`]);
  t.after(() => child.kill('SIGKILL'));
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => (text += part));
  while (!text.includes('Could not find base path')) await once(child.stderr, 'data');
  child.kill('SIGTERM');
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 143, text);
  assert.match(text, /stopped by SIGTERM/);
});

test('waits for a first version, with a Unix socket and without a port', async (t) => {
  const root = temporaryFolder(t);
  chmodSync(root, 0o755);
  const base = join(root, 'models/m');
  const starting = start(
    t,
    '--port=0',
    `--grpc_socket_path=${join(root, 'socket')}`,
    `--model_base_path=${base}`,
  );
  await writeScale(join(base, '4'), 5);
  const server = await starting;
  const status = (await (await fetch(`${server.url}/v1/models/default`)).json()) as {
    model_version_status: { version: string; state: string }[];
  };
  assert.deepEqual(
    status.model_version_status.map(({ version, state }) => `${version} ${state}`),
    ['4 AVAILABLE'],
  );
  assert.ok(statSync(join(root, 'socket')).isSocket());
});
