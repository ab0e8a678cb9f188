import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { parse } from 'yaml';
import {
  type FunctionConfig,
  packFolder,
  parseConfig,
  processBuild,
  writeTargetFiles,
} from '../../../../easyrec/serving/function/project/index.js';
import { withTempFolder } from '../../../support/temp_folder.js';
import { withGateway } from '../support.js';

function configOf(folder: string, ...lines: readonly string[]): FunctionConfig {
  const text = ['functions:', '  f:', '    runtime: python3', '    handler: {}', '    image: r/f', ...lines];
  const [config] = parseConfig(text.join('\n'), join(folder, 'config.yaml')).functions;
  assert.ok(config);
  return config;
}

const ALL = [
  '    desc: finds',
  '    environment: {A: b}',
  '    limits: {memory: 1G, cpu: "2", gpu: "1"}',
  '    requests: {cpu: 500m}',
  '    labels: {team: x}',
  '    constraints: [nodetype=gpunode]',
  '    build_args: [PYTHON_VERSION=3.7]',
  '    build_packages: [libgomp1, ffmpeg]',
  '    min_replicas: 2',
  '    max_replicas: 5',
  '    timeout_ms: 1500',
  '    concurrency: 4',
];

test('the gateway is told all that it can do, and what it cannot is a warning with its place', () => {
  const { header, request, warnings } = processBuild(configOf('/d', ...ALL));
  assert.deepEqual(header, {
    ...{ image: 'r/f', runtime: 'python3', handler_file: 'handler.py', handler_name: 'Handler' },
    ...{ timeout_ms: 1500, concurrency: 4, idle_timeout_ms: 0, build_packages: ['libgomp1', 'ffmpeg'] },
  });
  assert.deepEqual(request, {
    ...{
      Service: 'f',
      Image: 'r/f',
      EnvVars: { A: 'b' },
      Labels: { team: 'x' },
      Annotations: { desc: 'finds' },
    },
    Limits: { Memory: '1G', CPU: '2', GPU: '1' },
    Requests: { Memory: '', CPU: '500m', GPU: '' },
    ...{ MinReplicas: 2, MaxReplicas: 5 },
  });
  assert.deepEqual(
    warnings.map((warning) => warning.replace('config.yaml.functions.f: ', '')),
    [
      '/d/config.yaml:11:18: constraints: has no effect here: there is one machine',
      '/d/config.yaml:12:17: build_args: has no effect here: no image is built',
    ],
  );
});

test('secrets are refused, since nothing keeps them', () => {
  assert.throws(
    () => processBuild(configOf('/d', '    secrets: [key]')),
    /:6:14: .*secrets: this gateway keeps none/,
  );
});

test('a folder is packed with what its links lead to, without what is made anew', () =>
  withTempFolder(async (folder) => {
    const config = configOf(folder);
    for (const name of ['f/node_modules/x', 'f/__pycache__', 'f/.git', 'model', 'f/sub']) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    for (const name of [
      'f/handler.py',
      'f/node_modules/x/a.js',
      'f/.git/HEAD',
      'model/m.pb',
      'f/sub/x.pyc',
      'f/sub/y',
    ]) {
      writeFileSync(join(folder, name), name);
    }
    symlinkSync('../model', join(folder, 'f/model'));
    const archive = await buffer(packFolder(config.handler, (message) => new Error(message)));
    const names = execFileSync('tar', ['-tzf', '-'], { input: archive, encoding: 'utf8' });
    assert.deepEqual(names.trim().split('\n'), [
      './',
      './handler.py',
      './model/',
      './model/m.pb',
      './sub/',
      './sub/y',
    ]);
  }));

test('a folder or handler that is not there is told', () =>
  withTempFolder((folder) => {
    const { handler } = configOf(folder);
    const pack = (): unknown => packFolder(handler, (message) => new Error(message));
    assert.throws(pack, /expected the function's folder, there is none at .*\/f/);
    mkdirSync(join(folder, 'f'));
    assert.throws(pack, /expected the handler, there is none at .*\/f\/handler\.py/);
    return Promise.resolve();
  }));

test('a folder that cannot be packed is told, and the gateway keeps nothing of it', () =>
  withTempFolder(async (folder) => {
    const { handler } = configOf(folder);
    mkdirSync(join(folder, 'f'));
    writeFileSync(join(folder, 'f/handler.py'), 'def Handler(req): return req.input\n');
    symlinkSync('nowhere', join(folder, 'f/model'));
    await withGateway(async ({ client }) => {
      const archive = packFolder(handler, (message) => new Error(message));
      await assert.rejects(
        client.upload({ image: 'f', runtime: 'python3' }, archive),
        /cannot be packed: .*model/,
      );
      await assert.rejects(
        client.deploy({ Service: 'f', Image: 'f' }),
        /image f is not in this gateway's store/,
      );
    });
  }));

test("a manifest of Knative carries the function's settings over", () =>
  withTempFolder(async (folder) => {
    mkdirSync(join(folder, 'f'));
    const options = { out: join(folder, 'out'), overwrite: false };
    const config = configOf(folder, ...ALL, '    secrets: [key]');
    const { files, commands } = await writeTargetFiles('knative', [config], options);
    assert.equal(files.length, 2);
    assert.deepEqual(parse(readFileSync(join(folder, 'out/f.yaml'), 'utf8')), {
      ...{ apiVersion: 'serving.knative.dev/v1', kind: 'Service' },
      metadata: { name: 'f', labels: { team: 'x' }, annotations: { desc: 'finds' } },
      spec: {
        template: {
          metadata: {
            annotations: {
              'autoscaling.knative.dev/min-scale': '2',
              'autoscaling.knative.dev/max-scale': '5',
            },
          },
          spec: {
            ...{ containerConcurrency: 4, timeoutSeconds: 2, nodeSelector: { nodetype: 'gpunode' } },
            containers: [
              {
                ...{ image: 'r/f', ports: [{ containerPort: 8080 }], env: [{ name: 'A', value: 'b' }] },
                resources: {
                  limits: { memory: '1G', cpu: '2', 'nvidia.com/gpu': '1' },
                  requests: { cpu: '500m' },
                },
                readinessProbe: { httpGet: { path: '/healthz' } },
                volumeMounts: [{ name: 'key', mountPath: '/var/openfaas/secrets/key', readOnly: true }],
              },
            ],
            volumes: [{ name: 'key', secret: { secretName: 'key' } }],
          },
        },
      },
    });
    assert.match(readFileSync(join(folder, 'f/Dockerfile'), 'utf8'), /dcf function serve --runtime python3/);
    assert.match(commands[0] ?? '', /^docker build .*'ADDITIONAL_PACKAGE=libgomp1 ffmpeg' .*-t r\/f /);
    await assert.rejects(writeTargetFiles('knative', [config], options), /f\.yaml exists already; --update/);
    await writeTargetFiles('knative', [config], { ...options, overwrite: true });
  }));

test("OpenFaaS's stack has all functions in one file, and no GPUs", () =>
  withTempFolder(async (folder) => {
    mkdirSync(join(folder, 'f'));
    writeFileSync(join(folder, 'f/Dockerfile'), 'FROM mine\n');
    const options = { out: join(folder, 'out'), overwrite: false };
    const gpu = configOf(folder, ...ALL);
    await assert.rejects(
      writeTargetFiles('openfaas', [gpu], options),
      /:8:13: .*gpu: OpenFaaS has no such limit/,
    );
    const config = configOf(folder, ...ALL.map((line) => line.replace(', gpu: "1"', '')));
    await writeTargetFiles('openfaas', [config], options);
    const text = readFileSync(join(folder, 'out/stack.yaml'), 'utf8');
    assert.match(text, /^version: 1\.0$/m);
    const { provider, functions } = parse(text) as { provider: unknown; functions: unknown };
    assert.deepEqual(provider, { name: 'openfaas', gateway: 'http://127.0.0.1:8080' });
    assert.deepEqual(functions, {
      f: {
        ...{ lang: 'dockerfile', handler: '../f', image: 'r/f' },
        build_args: {
          ...{ handler_file: 'handler.py', handler_name: 'Handler' },
          ...{ ADDITIONAL_PACKAGE: 'libgomp1 ffmpeg', PYTHON_VERSION: '3.7' },
        },
        environment: { A: 'b', exec_timeout: '2s' },
        labels: { team: 'x', 'com.openfaas.scale.min': '2', 'com.openfaas.scale.max': '5' },
        annotations: { desc: 'finds' },
        constraints: ['nodetype=gpunode'],
        limits: { memory: '1G', cpu: '2' },
        requests: { cpu: '500m' },
      },
    });
    // One that is there already is kept.
    assert.equal(readFileSync(join(folder, 'f/Dockerfile'), 'utf8'), 'FROM mine\n');
  }));
