import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError } from '../../../../easyrec/errors.js';
import { parseConfig, readConfigFile } from '../../../../easyrec/serving/function/project/index.js';
import { withTempFolder } from '../../../support/temp_folder.js';

const ECHO = [
  '  echo:',
  '    runtime: python3',
  '    handler: {dir: ./echo}',
  '    image: keti:5000/echo:v1',
];

function parse(...lines: readonly string[]): ReturnType<typeof parseConfig> {
  return parseConfig(lines.join('\n'), '/d/config.yaml');
}

test("the config.yaml of DCF's documents is read as it is", () => {
  const { gateway, functions } = parse(
    'dcf:',
    '  gateway: keti.asuscomm.com:32222    ',
    'functions:',
    '  echo-service:',
    '    runtime: python3',
    '    desc: "This is echo service."',
    '    maintainer: "KETI"',
    '    handler:',
    '      dir: ./echo-service',
    '      file: handler.py',
    '      name: Handler',
    '    image: keti.asuscomm.com:5001/echo-service',
    '    environment:',
    '      - "PATH=/usr/local/bin"',
    '    limits:',
    '      cpu: "1"',
    '      gpu: "1"',
    '      memory: "1G"',
    '    build_args:',
    '      - "PYTHON_VERSION=3.7"',
  );
  assert.equal(gateway, 'keti.asuscomm.com:32222');
  const [{ problem, ...config } = { problem: undefined }, ...others] = functions;
  assert.equal(typeof problem, 'function');
  assert.deepEqual(others, []);
  assert.deepEqual(config, {
    ...{ name: 'echo-service', runtime: 'python3', image: 'keti.asuscomm.com:5001/echo-service' },
    ...{ description: 'This is echo service.', maintainer: 'KETI' },
    handler: { folder: '/d/echo-service', file: 'handler.py', name: 'Handler' },
    ...{ environment: { PATH: '/usr/local/bin' }, secrets: [], labels: {}, constraints: [] },
    limits: { Memory: '1G', CPU: '1', GPU: '1' },
    requests: { Memory: '', CPU: '', GPU: '' },
    ...{ skipBuild: false, buildArgs: { PYTHON_VERSION: '3.7' }, buildPackages: [], registryAuth: '' },
    ...{ minReplicas: 0, maxReplicas: 0, timeoutMs: 0, concurrency: 0, idleTimeoutMs: 0 },
  });
});

test('what is left out has a default', () => {
  const [config] = parse(
    'functions:',
    '  fn1:',
    '    runtime: node',
    '    handler: {}',
    '    docker_registry: r:1',
  ).functions;
  assert.deepEqual(config?.handler, { folder: '/d/fn1', file: 'handler.ts', name: 'Handler' });
  assert.equal(config.image, 'r:1/fn1');
});

test("OpenFx's section names the gateway as well", () => {
  assert.equal(parse('openfx: {gateway: "localhost:31113/"}', 'functions: {}').gateway, 'localhost:31113');
  assert.equal(parse('functions: {}').gateway, undefined);
});

test('values of the environment are texts as they stand, and files of it win', () =>
  withTempFolder((folder) => {
    writeFileSync(join(folder, 'secret.yaml'), 'environment: {TOKEN: 007, MODE: file}\n');
    const lines = [
      'functions:',
      ...ECHO,
      '    environment: {FLAG: yes, PORT: 0080, RATIO: 1.10, MODE: plain, EMPTY: }',
      '    environment_file: [secret.yaml]',
    ];
    writeFileSync(join(folder, 'config.yaml'), lines.join('\n'));
    const [config] = readConfigFile(join(folder, 'config.yaml')).functions;
    const expected = { FLAG: 'yes', PORT: '0080', RATIO: '1.10', MODE: 'file', EMPTY: '', TOKEN: '007' };
    assert.deepEqual(config?.environment, expected);
    return Promise.resolve();
  }));

const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
  [
    'an unknown key',
    [...ECHO, '    enviroment: {A: b}'],
    /^\/d\/config\.yaml:6:5: config\.yaml\.functions\.echo: unknown key "enviroment"; did you mean "environment"/,
  ],
  [
    'an unknown key of a handler',
    ['  echo:', '    runtime: node', '    handler:', '      direction: x'],
    /:5:7: .*handler: unknown key "direction"/,
  ],
  [
    'an unknown runtime',
    ['  echo:', '    runtime: pyhton3'],
    /:3:14: .*expected python3, node, received "pyhton3"; did you mean "python3"/,
  ],
  [
    "one of DCF's runtimes",
    ['  echo:', '    runtime: tensorflow-gpu'],
    /:3:14: .*use python3 with tensorflow in requirements\.txt/,
  ],
  [
    'a missing runtime',
    ['  echo:', '    image: a/b'],
    /:3:5: config\.yaml\.functions\.echo: runtime is missing/,
  ],
  ['a missing image', ['  echo:', '    runtime: node', '    handler: {}'], /image is missing/],
  ['a missing handler', ['  echo:', '    runtime: node', '    image: a/b'], /handler is missing/],
  [
    'a name that is none',
    ['  Echo_1:', '    runtime: node'],
    /:2:3: .*function name can only contain a-z, 0-9 and dashes/,
  ],
  ['a function that is a text', ['  echo: hello'], /echo: expected keys and values/],
  ['a function without anything', ['  echo:'], /:2:3: .*echo: expected keys and values, such as/],
  [
    'a handler outside its folder',
    ['  echo:', '    runtime: node', '    handler: {file: ../x.ts}'],
    /:4:21: .*expected a file within the function's folder/,
  ],
  [
    'a limit that is no quantity',
    [...ECHO, '    limits: {memory: lots}'],
    /:6:22: .*memory: expected a quantity such as "512M" or "1Gi", received "lots"/,
  ],
  ['an unknown limit', [...ECHO, '    limits: {mem: 1G}'], /unknown key "mem"; did you mean "memory"/],
  [
    'an image that is none',
    ['  echo:', '    runtime: node', '    handler: {}', '    image: "a b"'],
    /:5:12: .*expected REGISTRY\/NAME or REGISTRY\/NAME:TAG/,
  ],
  [
    'a pair without a value',
    [...ECHO, '    build_args: [PYTHON]'],
    /build_args: expected NAME=VALUE, received "PYTHON"/,
  ],
  [
    'too few workers at most',
    [...ECHO, '    min_replicas: 3', '    max_replicas: 2'],
    /expected at least min_replicas, 3, received 2/,
  ],
  [
    'an environment file that is not there',
    [...ECHO, '    environment_file: [no.yaml]'],
    /:6:23: .*environment_file: ENOENT/,
  ],
  ['a list where a text belongs', [...ECHO, '    desc: [a]'], /desc: expected one value, received several/],
];

for (const [what, lines, message] of wrong) {
  test(`${what} is told with its place`, () => {
    assert.throws(
      () => parse('functions:', ...lines),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError, String(error));
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test('a gateway that is no address, a file that is no YAML, and one that is not there are told', () => {
  assert.throws(
    () => parse('dcf: {gateway: "a b"}'),
    /:1:16: .*expected the gateway as HOST:PORT, received "a b"/,
  );
  assert.throws(() => parse('functions: [', '  x'), /^ConfigError: \/d\/config\.yaml:\d+:\d+: /);
  assert.throws(() => parse('just words'), /expected keys and values, such as "functions:"/);
  assert.throws(() => readConfigFile('/no/config.yaml'), /expected a file at \/no\/config\.yaml: ENOENT/);
});
