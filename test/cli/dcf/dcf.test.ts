import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withGateway } from '../../serving/function/support.js';
import type { CliResult } from '../../support/cli.js';
import { withTempFolder } from '../../support/temp_folder.js';
import { runDcf } from './support.js';

/** Lends a folder, and `dcf` with a gateway of its own. */
async function withDcf(
  use: (
    dcf: (...args: readonly string[]) => Promise<CliResult>,
    folder: string,
    gateway: string,
  ) => Promise<void>,
): Promise<void> {
  await withTempFolder((folder) =>
    withGateway(async ({ port }) => {
      const gateway = `127.0.0.1:${port}`;
      const env = { DCF_URL: gateway };
      await use((...args) => runDcf(args, { cwd: folder, env, input: 'hello\n' }), folder, gateway);
    }),
  );
}

function succeeded({ code, stdout, stderr }: CliResult): string {
  assert.equal(code, 0, `${stdout}${stderr}`);
  return stdout;
}

/** A mistake ends with 2, anything else with 1; both are told on standard error alone. */
function failed({ code, stdout, stderr }: CliResult, expected: number, message: RegExp): void {
  assert.match(stderr, message);
  assert.deepEqual([code, stdout], [expected, '']);
}

const HEADER =
  'Function       \tImage               \tMaintainer     \tInvocations\tReplicas  \tStatus    \tDescription                             \n';

test('from init to delete, in the words of the original', () =>
  withDcf(async (dcf, folder, gateway) => {
    assert.equal(
      succeeded(await dcf('function', 'init', '--runtime', 'python3', 'echo')),
      'Folder: echo created.\nFunction handler created in folder: echo\nRewrite the function handler code in echo folder\nConfig file written: config.yaml\n',
    );
    const config = join(folder, 'config.yaml');
    const described = readFileSync(config, 'utf8')
      .replace('desc: ""', `desc: ${'d'.repeat(41)}`)
      .replace('maintainer: ""', 'maintainer: KETI')
      .replace('localhost:5000/echo', `localhost:5000/${'e'.repeat(30)}`);
    writeFileSync(config, described);
    assert.equal(
      succeeded(await dcf('fn', 'create', '-f', 'config.yaml', '-v', '--wait')),
      [
        `Building: echo, Image:localhost:5000/${'e'.repeat(30)}`,
        `Image: localhost:5000/${'e'.repeat(30)} built.`,
        `Pushing: echo, Image:localhost:5000/${'e'.repeat(30)}`,
        'Deploying: echo',
        `http trigger url: http://${gateway}/function/echo \n`,
      ].join('\n'),
    );
    assert.equal(succeeded(await dcf('function', 'call', 'echo')), 'hello\n');
    assert.equal(succeeded(await dcf('function', 'invoke', 'echo')), 'hello\n');
    assert.equal(
      succeeded(await dcf('function', 'list')),
      `${HEADER}echo           \t$(repo)/${'e'.repeat(20)}..\tKETI           \t2         \t1         \tReady     \t${'d'.repeat(38)}..\n`,
    );
    assert.equal(
      succeeded(await dcf('function', 'info', 'echo')),
      [
        'name: echo',
        `image: localhost:5000/${'e'.repeat(30)}`,
        'invocationcount: 2',
        'replicas: 1',
        'annotations:',
        `  maintainer: KETI\n  desc: ${'d'.repeat(41)}`,
        'availablereplicas: 1',
        'labels: {}\n',
      ].join('\n'),
    );
    assert.match(
      succeeded(await dcf('function', 'log', 'echo')),
      /^---\nName: echo\nLog:\n\[gateway [^]*is ready/,
    );
    assert.equal(succeeded(await dcf('function', 'delete', 'echo', '--wait')), 'Deleted: echo\n');
    assert.equal(succeeded(await dcf('function', 'list')), HEADER);
    assert.ok(existsSync(join(folder, 'echo/handler.py')), 'files here are kept');
  }));

test('functions that are there already: refused, updated or replaced', () =>
  withDcf(async (dcf, folder) => {
    await dcf('function', 'init', '-r', 'node', 'one');
    await dcf('function', 'init', '-r', 'node', 'two');
    const create = (...more: readonly string[]): Promise<CliResult> =>
      dcf('function', 'create', '-f', 'config.yaml', '--wait', ...more);
    const fresh = succeeded(await create('--update', 'one'));
    assert.match(
      fresh,
      /\nAttempting update\.\.\. but Function Not Found\. Deploying Function\.\.\.\nhttp trigger/,
    );
    assert.doesNotMatch(fresh, /two/);
    failed(await create('one'), 2, /^Error: Function one already exists\. failed deploying\. \(--update/);
    writeFileSync(join(folder, 'one/handler.ts'), "export const Handler = () => 'new';\n");
    assert.match(
      succeeded(await create('--update', 'one')),
      /Deploying: one\nFunction one already exists, attempting rolling-update\.\nhttp trigger url/,
    );
    assert.equal(succeeded(await dcf('function', 'call', 'one')), 'new');
    const [replaced] = JSON.parse(succeeded(await create('--replace', '--json', 'one'))) as Record<
      string,
      unknown
    >[];
    assert.equal(replaced?.['action'], 'replaced');
    failed(
      await create('--update', '--replace'),
      2,
      /one of "--update" flag or "--replace" flag must be false/,
    );
    failed(await create('onee'), 2, /expected one, two, received "onee"; did you mean "one"/);
    const both = succeeded(await dcf('function', 'rm', 'one'));
    assert.equal(both, 'Deleted: one\n');
  }));

test('a skipped build deploys what was uploaded before, and --nocache installs anew', () =>
  withDcf(async (dcf, folder) => {
    await dcf('function', 'init', '-r', 'node', 'one');
    const create = async (...more: readonly string[]): Promise<Readonly<Record<string, string>>> => {
      const text = succeeded(
        await dcf('function', 'create', '-f', 'config.yaml', '--json', '--update', ...more),
      );
      const [created] = JSON.parse(text) as readonly Readonly<Record<string, string>>[];
      assert.ok(created);
      return created;
    };
    const first = await create();
    assert.deepEqual(await create(), { ...first, action: 'updated' });
    assert.notEqual((await create('--nocache'))['version'], first['version']);
    const config = join(folder, 'config.yaml');
    writeFileSync(config, readFileSync(config, 'utf8').replace('desc: ""', 'skip_build: true'));
    const text = succeeded(await dcf('function', 'create', '-f', 'config.yaml', '--replace'));
    assert.match(text, /^Skipping build: one\nSkipping push: one\nDeploying: one\n/);
    writeFileSync(config, readFileSync(config, 'utf8').replace('5000/one', '5000/none'));
    const missing = await dcf('function', 'create', '-f', 'config.yaml', '--update');
    assert.equal(missing.code, 2);
    assert.match(
      missing.stderr,
      /code = FailedPrecondition desc = image localhost:5000\/none is not in this gateway's store/,
    );
  }));

test('with -f only the functions of the file are listed and deleted', () =>
  withDcf(async (dcf, folder) => {
    for (const name of ['one', 'two']) {
      await dcf('function', 'init', '-r', 'node', '-f', `${name}.yaml`, '-d', `sources/${name}`, name);
      assert.ok(existsSync(join(folder, 'sources', name, 'handler.ts')));
      succeeded(await dcf('function', 'create', '-f', `${name}.yaml`));
    }
    const names = async (...more: readonly string[]): Promise<readonly string[]> => {
      const text = succeeded(await dcf('function', 'list', '--json', ...more));
      return (JSON.parse(text) as readonly { readonly name: string }[]).map(({ name }) => name);
    };
    assert.deepEqual([await names(), await names('-f', 'two.yaml')], [['one', 'two'], ['two']]);
    assert.equal(succeeded(await dcf('function', 'remove', '-f', 'two.yaml')), 'Deleted: two\n');
    assert.deepEqual(await names(), ['one']);
  }));

const skip = existsSync('/usr/bin/dpkg') ? false : 'this machine has no dpkg';

test('Debian packages that are not there are named, those that are are shown by -v', { skip }, () =>
  withDcf(async (dcf, folder) => {
    await dcf('function', 'init', '-r', 'node', 'one');
    const config = join(folder, 'config.yaml');
    const text = readFileSync(config, 'utf8');
    writeFileSync(config, text.replace('desc: ""', 'build_packages: [bash]'));
    assert.match((await dcf('function', 'create', '-f', 'config.yaml', '-v')).stderr, /^bash is installed$/m);
    writeFileSync(config, text.replace('desc: ""', 'build_packages: [bash, no-such-package]'));
    const { code, stderr } = await dcf('function', 'create', '-f', 'config.yaml', '--update');
    assert.equal(code, 2);
    assert.match(
      stderr,
      /the gateway's machine has no no-such-package: run apt-get install no-such-package there/,
    );
  }),
);

test('no call fails while a function is updated', () =>
  withDcf(async (dcf, folder, gateway) => {
    await dcf('function', 'init', '-r', 'node', 'one');
    const write = (n: number): void =>
      writeFileSync(join(folder, 'one/handler.ts'), `export const Handler = () => '${n}';\n`);
    write(0);
    succeeded(await dcf('function', 'create', '-f', 'config.yaml', '--wait'));
    const answers = new Set<string>();
    const updated = new AbortController();
    const calling = (async () => {
      while (!updated.signal.aborted) {
        const answer = await fetch(`http://${gateway}/function/one`, { method: 'POST', body: 'x' });
        answers.add(`${answer.status} ${await answer.text()}`);
      }
    })();
    for (const n of [1, 2]) {
      write(n);
      succeeded(await dcf('function', 'create', '-f', 'config.yaml', '--update', '--wait'));
      assert.equal(succeeded(await dcf('function', 'call', 'one')), String(n));
    }
    updated.abort();
    await calling;
    assert.deepEqual([...answers], ['200 0', '200 1', '200 2']);
  }));

test('a handler that does not load is told by --wait, with the reason', () =>
  withDcf(async (dcf, folder) => {
    await dcf('function', 'init', '-r', 'python3', 'broken');
    writeFileSync(join(folder, 'broken/handler.py'), 'import nothing_of_this_name\n');
    const { code, stderr } = await dcf('function', 'create', '-f', 'config.yaml', '--wait');
    assert.equal(code, 2);
    assert.match(stderr, /function broken does not start: .*No module named 'nothing_of_this_name'/);
    assert.match(succeeded(await dcf('function', 'list')), /^broken .*\tNot Ready /m);
    const info = JSON.parse(succeeded(await dcf('function', 'info', 'broken', '--json'))) as {
      error: string;
    };
    assert.match(info.error, /nothing_of_this_name/);
  }));

test('what a handler throws, a function that is not there, and a gateway that is not, are told', () =>
  withDcf(async (dcf, folder) => {
    await dcf('function', 'init', '-r', 'node', 'bad');
    writeFileSync(
      join(folder, 'bad/handler.ts'),
      "export const Handler = () => { throw new Error('no luck'); };\n",
    );
    succeeded(await dcf('function', 'create', '-f', 'config.yaml', '--wait'));
    const call = await dcf('function', 'call', 'bad');
    failed(
      call,
      1,
      /^Error: did not invoke: rpc error: code = Internal desc = could not invoke: bad - .*no luck\n$/,
    );
    failed(await dcf('function', 'call', 'none'), 1, /could not invoke: none - function is not exist/);
    failed(await dcf('function', 'delete', 'none'), 2, /did not delete: rpc error: code = NotFound desc = /);
    failed(
      await dcf('function', 'info', 'bax'),
      2,
      /NotFound desc = function is not exist; did you mean "bad"/,
    );
    failed(await dcf('function', 'log', 'none'), 2, /did not get log: rpc error: code = NotFound/);
    const dead = await dcf('function', 'list', '-g', '127.0.0.1:1');
    failed(dead, 1, /code = Unavailable desc = .*\(is "dcf gateway" running at 127\.0\.0\.1:1\?\)/);
  }));

test('standard input goes to the function byte for byte, and the answer is printed as it is', () =>
  withDcf(async (dcf, folder, gateway) => {
    await dcf('function', 'init', '-r', 'node', 'bytes');
    const handler = "export const Handler = (req) => req.input.toString('hex');\n";
    writeFileSync(join(folder, 'bytes/handler.ts'), handler.replace('(req)', '(req: { input: Buffer })'));
    succeeded(await dcf('function', 'create', '-f', 'config.yaml', '--wait'));
    const input = Uint8Array.from({ length: 256 * 1024 * 24 }, (_, i) => i % 256);
    const env = { DCF_URL: gateway };
    const { code, stdout } = await runDcf(['function', 'call', 'bytes'], { cwd: folder, env, input });
    assert.equal(code, 0);
    assert.ok(stdout === Buffer.from(input).toString('hex'));
  }));

test('the gateway is that of the flag, of config.yaml, of the environment', () =>
  withDcf(async (dcf, folder, gateway) => {
    const elsewhere = { cwd: folder, env: { DCF_URL: '127.0.0.1:1' } };
    await dcf('function', 'init', '-r', 'node', '-g', `http://${gateway}/`, 'one');
    assert.match(readFileSync(join(folder, 'config.yaml'), 'utf8'), new RegExp(`gateway: ${gateway}\n`));
    succeeded(await runDcf(['function', 'list', '-g', gateway], elsewhere));
    succeeded(await runDcf(['function', 'list', '-f', 'config.yaml'], elsewhere));
    const other = { cwd: folder, env: { DCF_URL: '', OPENFX_URL: gateway } };
    assert.equal(succeeded(await runDcf(['function', 'list'], other)), HEADER);
    failed(await runDcf(['function', 'list'], elsewhere), 1, /Unavailable/);
    failed(await dcf('function', 'list', '-f', 'config.yaml', '-g', '127.0.0.1:1'), 1, /Unavailable/);
  }));

test('mistakes on the command line end with 2', () =>
  withTempFolder(async (cwd) => {
    const refused: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /^Error: dcf: expected function, runtime, gateway, received nothing/],
      [['fucntion', 'list'], /received "fucntion"; did you mean "function"/],
      [['function', 'lst'], /did you mean "list"/],
      [['function', 'init', 'x'], /^Error: required flag\(s\) "runtime" not set\n$/],
      [['function', 'init', '-r', 'node'], /^Error: please provide a name for the function/],
      [['function', 'init', '-r', 'node', 'a', 'b'], /please provide a name for the function/],
      [['function', 'init', '-r', 'node', 'Big'], /function name can only contain a-z, 0-9 and dashes/],
      [['function', 'init', '-r', 'go', 'x'], /^Error: folder: could not create x\n Not found runtime:go/],
      [['function', 'create'], /^Error: please provide a '-f' flag for function creation\n$/],
      [['function', 'create', '-f', 'no.yaml'], /expected a file at no\.yaml: ENOENT/],
      [['function', 'call'], /please provide a name for the function/],
      [['function', 'call', 'x', '--wait_timeout_ms', '5'], /--wait_timeout_ms needs --wait/],
      [['function', 'delete'], /expected NAME or -f FILE, received nothing/],
      [
        ['function', 'list', '--gateway', 'a b'],
        /--gateway: expected the gateway as HOST:PORT, received "a b"/,
      ],
      [['function', 'list', '--jsn'], /unknown flag --jsn; did you mean "json"/],
      [['function', 'serve', '-r', 'node', '--prepare'], /--prepare needs --state_dir/],
      [
        ['function', 'serve', '-r', 'node', '--port', '70000'],
        /--port: expected an integer from 0 to 65535, received 70000/,
      ],
      [
        ['function', 'serve', '-r', 'node', '--timeout_ms', '-5'],
        /--timeout_ms: expected an integer from 1 to 2147483647, received -5/,
      ],
      [
        ['function', 'serve', '-r', 'node', '--concurrency', '1.5'],
        /--concurrency: expected an integer from 1 to 1000, received 1\.5/,
      ],
      [
        ['function', 'list', '--timeout_ms', '0'],
        /--timeout_ms: expected an integer from 1 to \d+, received 0/,
      ],
      [
        ['function', 'call', 'x', '--wait', '--wait_timeout_ms', '-1'],
        /--wait_timeout_ms: expected an integer/,
      ],
      [
        ['function', 'create', '-f', 'no.yaml', '--target', 'knative', '--wait'],
        /--wait does not go with --target, which writes files/,
      ],
      [['gateway', '--port', '-1'], /--port: expected an integer from 0 to 65535, received -1/],
      [['gateway', '--drain_timeout_s', '0'], /--drain_timeout_s: expected seconds above 0, .*received "0"/],
    ];
    for (const [args, message] of refused) failed(await runDcf(args, { cwd }), 2, message);
  }));

test('variables that cannot be read are named', () =>
  withTempFolder(async (cwd) => {
    const gateway = await runDcf(['gateway', '--state_dir', 'state'], {
      cwd,
      env: { INVOKE_TIMEOUT: 'soon' },
    });
    failed(gateway, 2, /^Error: INVOKE_TIMEOUT: expected seconds above 0, .*received "soon"\n$/);
    const serve = await runDcf(['function', 'serve', '-r', 'node'], { cwd, env: { PORT: '80a' } });
    failed(serve, 2, /^Error: PORT: expected an integer from 0 to 65535, received "80a"\n$/);
  }));

test('runtimes are listed, and manifests are written without any gateway', () =>
  withTempFolder(async (cwd) => {
    const list = await runDcf(['runtime', 'list'], { cwd });
    assert.equal(succeeded(list), 'Supported Runtimes are:\n- python3\n- node\n\n');
    assert.deepEqual(JSON.parse(succeeded(await runDcf(['runtime', 'list', '--json'], { cwd }))), [
      'python3',
      'node',
    ]);
    await runDcf(['function', 'init', '-r', 'node', 'one'], { cwd });
    const create = ['function', 'create', '-f', 'config.yaml', '--target'];
    assert.equal(succeeded(await runDcf([...create, 'knative'], { cwd })), 'knative/one.yaml\n');
    assert.equal(succeeded(await runDcf([...create, 'openfaas', '--out', 'o'], { cwd })), 'o/stack.yaml\n');
    failed(
      await runDcf([...create, 'kubernets'], { cwd }),
      2,
      /--target: expected knative or openfaas, received "kubernets"/,
    );
    failed(await runDcf([...create, 'knative'], { cwd }), 2, /knative\/one\.yaml exists already/);
  }));
