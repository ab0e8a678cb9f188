import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CLI, runCli, runCliOk } from '../support/cli.js';
import { checkRefused } from '../support/refusal.js';
import { withTempFolder } from '../support/temp_folder.js';
import { plain, withHttp, withOperator, writeClass } from '../serving/operator/support.js';
import { scaffoldOperator } from '../../easyrec/serving/operator/scaffold.js';
import { FakePhantoscope } from './fake_phantoscope.js';

/** Runs `easyrec operator ...` and reads the JSON that it prints. */
async function json(words: readonly string[], cwd: string): Promise<unknown> {
  return JSON.parse((await runCliOk(['operator', ...words], { cwd })).stdout) as unknown;
}

test('the walk from operators to a search, with an encoder and a processor before it', () =>
  withTempFolder(async (folder) => {
    await scaffoldOperator(join(folder, 'colours'), 'encoder');
    await scaffoldOperator(join(folder, 'passing'), 'processor');
    const colours = { red: plain(200, 10, 10), blue: plain(10, 10, 200), dark: plain(150, 20, 20) };
    for (const [name, file] of Object.entries(colours)) writeFileSync(join(folder, `${name}.bmp`), file);
    const fake = new FakePhantoscope();
    const walk = (url: string, encoder: string, processor: string): Promise<void> =>
      walkThrough(folder, ['--server', url], encoder, processor);
    await fake.serve((url) =>
      withOperator({ file: join(folder, 'colours/custom_operator.ts') }, (encoder) =>
        withOperator({ file: join(folder, 'passing/custom_operator.ts') }, (processor) =>
          walk(url, encoder.endpoint, processor.endpoint),
        ),
      ),
    );
    const routes = fake.requests.map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(routes.slice(0, 2), ['POST /v1/operator/regist', 'POST /v1/operator/regist']);
    assert.deepEqual(fake.requests.find(({ path }) => path === '/v1/pipeline/p1')?.body, {
      ...{ input: 'image', description: 'p1', processors: 'pass', encoder: 'enc', indexFileSize: 1024 },
    });
    assert.deepEqual(fake.requests.find(({ path }) => path === '/v1/application/app')?.body, {
      fields: { look: { type: 'object', pipeline: 'p1' } },
      s3Buckets: 'b1',
    });
    assert.deepEqual(fake.requests.at(-1), { method: 'GET', path: '/v1/operator/', body: undefined });
  }));

async function walkThrough(
  folder: string,
  server: readonly string[],
  encoder: string,
  processor: string,
): Promise<void> {
  const registered = await json(['register', ...server, '--endpoint', encoder, '--name', 'enc'], folder);
  assert.deepEqual(registered, {
    ...{ _name: 'enc', _backend: 'colours', _type: 'encoder', _input: 'image', _output: 'vector' },
    ...{ _endpoint: encoder, _metric_type: 'L2', _dimension: 192 },
  });
  await json(['register', ...server, '--endpoint', processor, '--name', 'pass'], folder);
  await json(['pipeline', 'create', 'p1', ...server, '--encoder', 'enc', '--processors', 'pass'], folder);
  await json(['application', 'create', 'app', ...server, '--field', 'look=p1', '--bucket', 'b1'], folder);
  for (const image of ['blue.bmp', 'red.bmp']) {
    await json(['upload', 'app', ...server, '--field', 'look', '--image', image], folder);
  }
  const found = await json(
    ['search', 'app', ...server, '--field', 'look', '--image', 'dark.bmp', '--topk', '1'],
    folder,
  );
  assert.deepEqual(found, [{ _id: '2', _app_name: 'app' }]);
  assert.deepEqual(await json(['show', 'enc', ...server], folder), registered);
  assert.deepEqual(await json(['delete', 'enc', ...server], folder), registered);
  const gone = await runCli(['operator', 'show', 'enc', ...server], { cwd: folder });
  checkRefused(gone, 'GET http://127.0.0.1:', '/v1/operator/enc: 404 NotExistError: operator enc not exist');
  const dead = ['operator', 'register', ...server, '--endpoint', '127.0.0.1:1', '--name', 'x'];
  checkRefused(await runCli(dead, { cwd: folder }), '503 OperatorRegistError: opeartor x regist error');
  const [left, ...others] = (await json(['list', ...server], folder)) as readonly { _name: string }[];
  assert.deepEqual([left?._name, others], ['pass', []]);
}

test('version 0.2 has bodies of its own', () =>
  withTempFolder(async (folder) => {
    const seen: { path: string | undefined; body: unknown }[] = [];
    await withHttp(
      (request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          seen.push({ path: request.url, body: text === '' ? null : JSON.parse(text) });
          response.end('{}');
        });
      },
      async (url) => {
        const server = ['--server', url, '--api', '0.2'];
        const image = ['--addr', 'psoperator/enc:latest', '--type', 'encoder', '--instance', 'one'];
        await runCliOk(['operator', 'register', ...server, '--name', 'enc', ...image], { cwd: folder });
        const operators = ['--encoder', 'enc/one', '--processors', 'a/b,c/d'];
        await json(['pipeline', 'create', 'p', ...server, ...operators], folder);
        await json(['application', 'create', 'app', ...server, '--field', 'f=p', '--bucket', 'b'], folder);
        const bare = await runCli(['operator', 'pipeline', 'create', 'p', ...server, '--encoder', 'enc'], {
          cwd: folder,
        });
        checkRefused(bare, 'version 0.2 expects operators as NAME/INSTANCE, received "enc"');
      },
    );
    const about = { author: 'easyrec', version: 'latest', description: 'enc' };
    const at = (name: string, instance: string) => ({ name, instance });
    assert.deepEqual(seen, [
      {
        path: '/v1/operator/register',
        body: { name: 'enc', addr: 'psoperator/enc:latest', type: 'encoder', ...about },
      },
      { path: '/v1/operator/enc/instances/one', body: null },
      {
        path: '/v1/pipeline/p',
        body: { description: 'p', processors: [at('a', 'b'), at('c', 'd')], encoder: at('enc', 'one') },
      },
      {
        path: '/v1/application/app',
        body: { fields: { f: { type: 'pipeline', value: 'p' } }, s3Bucket: 'b' },
      },
    ]);
  }));

test('operator serve answers operator test, takes its endpoint from OP_ENDPOINT, and ends on Ctrl-C', () =>
  withTempFolder(async (folder) => {
    writeClass(folder, 2, 'run(images: string[]) { return images.map(() => [1, 2]); }');
    writeFileSync(join(folder, 'operator.yaml'), 'class: custom_operator.ts\n');
    const env = { ...process.env, OP_ENDPOINT: 'somewhere:0' };
    const child = spawn(process.execPath, [CLI, 'operator', 'serve'], { cwd: folder, env });
    let log = '';
    const port = await new Promise<string>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => {
        log += chunk.toString();
        const [, found] = /serving encoder custom on port (\d+) as somewhere:\1/.exec(log) ?? [];
        if (found !== undefined) resolve(found);
      });
      child.once('exit', () => reject(new Error(log)));
    });
    const endpoint = `127.0.0.1:${port}`;
    const { stdout } = await runCliOk(['operator', 'test', '-e', endpoint], { cwd: folder });
    assert.deepEqual(stdout.split('\n'), [
      `INFO:root:Begin to test: endpoint-${endpoint}`,
      `INFO:root:Endpoint information: {'name': 'custom', 'endpoint': 'somewhere:${port}', 'type': 'encoder', ` +
        `'input': 'image', 'output': 'vector', 'dimension': '2', 'metric_type': 'L2'}`,
      'INFO:root:Endpoint health: healthy',
      'INFO:root:Result :',
      '  vector size: 1;  data size: 0',
      'INFO:root:  vector dim: 2',
      'INFO:root:All tests over.',
      '',
    ]);
    child.kill('SIGINT');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
    assert.match(log, /stopping: calls in progress are answered first/);
  }));

test('operator test ends with 1 when nothing comes of what it sends, and with 2 when nobody answers', () =>
  withTempFolder(async (folder) => {
    const file = writeClass(folder, 1, 'run() { return []; }');
    await withOperator({ file }, async ({ endpoint }) => {
      const { code, stdout, stderr } = await runCli(['operator', 'test', '-e', endpoint], { cwd: folder });
      assert.equal(code, 1, stderr);
      assert.match(stdout, /vector size: 0; {2}data size: 0/);
      assert.match(stderr, /the operator made nothing of what it was sent/);
    });
    const dead = await runCli(['operator', 'test', '-e=127.0.0.1:1', '--timeout_ms', '2000'], {
      cwd: folder,
    });
    assert.equal(dead.code, 2);
    assert.match(dead.stderr, /^error: operator 127\.0\.0\.1:1: Identity: 14 UNAVAILABLE/m);
  }));

const refusals: readonly (readonly [readonly string[], string])[] = [
  [[], 'easyrec operator: expected init, prepare, serve'],
  [['regster'], 'did you mean "register"?'],
  [['init'], 'easyrec operator init: --type is missing'],
  [['init', 'x', '--type', 'other'], '--type: expected encoder or processor, received "other"'],
  [['prepare', 'vgg16', '--weights', 'w'], 'received "vgg16"; did you mean "vgg19"?'],
  [['prepare', 'vgg19', '--weights', 'w'], 'weights: there is no file w'],
  [['serve'], 'expected a file such as operator.yaml at operator.yaml: ENOENT'],
  [['serve', 'a', 'b'], 'expected one file, received "a" "b"'],
  [['register', '--name', 'a'], '--endpoint is missing'],
  [['register', '--name', 'a', '--endpoint', 'h:1', '--addr', 'i'], '--addr needs --api 0.2'],
  [['register', '--name', 'a', '--api', '0.3'], '--api: expected 0.1 or 0.2, received "0.3"'],
  [
    ['list', '--server', 'host:5000'],
    'server: expected a URL such as http://127.0.0.1:5000, received "host:5000"',
  ],
  [['list', '--server', 'http://127.0.0.1:2'], 'GET http://127.0.0.1:2/v1/operator/: connect ECONNREFUSED'],
  [['pipeline', 'create', 'p'], '--encoder is missing'],
  [
    ['application', 'create', 'a', '--bucket', 'b', '--field', 'f'],
    '--field: expected FIELD=PIPELINE, received "f"',
  ],
  [['search', 'a', '--field', 'f'], 'expected either --image or --url'],
];

test('mistakes are told with what was expected, and end with 2', () =>
  withTempFolder(async (folder) => {
    for (const [words, text] of refusals) {
      checkRefused(await runCli(['operator', ...words], { cwd: folder }), text);
    }
  }));

test('--help tells of every action', () =>
  withTempFolder(async (folder) => {
    const { stdout } = await runCliOk(['operator', '--help'], { cwd: folder });
    for (const action of [
      'init',
      'prepare',
      'serve',
      'test',
      'register',
      'pipeline',
      'application',
      'search',
    ]) {
      assert.match(stdout, new RegExp(`^ {2}${action} +\\w`, 'm'));
      const help = await runCliOk(['operator', action, '--help'], { cwd: folder });
      assert.match(help.stdout, new RegExp(`^usage: easyrec operator ${action}`, 'm'));
    }
  }));
