import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withTempFolder } from '../../support/temp_folder.js';
import { archiveOf, uploadPython, waitFor, withGateway } from './support.js';

const ECHO = 'def Handler(req):\n    return req.input\n';
const PYTHON = { runtime: 'python3' } as const;

/** A wheel of one module, as pip takes it. */
async function wheelOf(name: string, text: string): Promise<Buffer> {
  return withTempFolder((folder) => {
    const file = join(folder, `${name}-1.0-py3-none-any.whl`);
    const script = [
      'import sys, zipfile',
      'path, name, text = sys.argv[1:]',
      "info = name + '-1.0.dist-info/'",
      "with zipfile.ZipFile(path, 'w') as wheel:",
      "    wheel.writestr(name + '.py', text)",
      "    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: %s\\nVersion: 1.0\\n' % name)",
      "    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')",
      "    wheel.writestr(info + 'RECORD', '')",
    ];
    execFileSync('python3', ['-c', script.join('\n'), file, name, text]);
    return Promise.resolve(readFileSync(file));
  });
}

test('what requirements.txt names is installed, in an environment that nobody else sees', () =>
  withGateway(async ({ client }) => {
    const handler = 'import tiny_answer\ndef Handler(req):\n    return tiny_answer.VALUE\n';
    const wheel = 'tiny_answer-1.0-py3-none-any.whl';
    const files = {
      'handler.py': handler,
      'requirements.txt': `# a comment\n./${wheel}\n`,
      [wheel]: await wheelOf('tiny_answer', "VALUE = '42'\n"),
    };
    const lines: string[] = [];
    await client.upload({ image: 'with', ...PYTHON }, archiveOf(files), (line) => lines.push(line));
    assert.match(lines.join('\n'), /Successfully installed tiny-answer-1\.0/);
    await client.deploy({ Service: 'with', Image: 'with' });
    assert.equal(await client.invoke('with', Buffer.alloc(0)), '42');
    await uploadPython(client, 'without', handler);
    await client.deploy({ Service: 'without', Image: 'without' });
    const { error } = await waitFor(client, 'without', ({ state }) => state === 'failing');
    assert.match(error, /No module named 'tiny_answer'/);
  }));

test('functions that require the same share one environment', () =>
  withGateway(async ({ client, stateDirectory }) => {
    await Promise.all([
      uploadPython(client, 'one', ECHO),
      uploadPython(client, 'two', `${ECHO}# another\n`),
      client.upload(
        { image: 'three', ...PYTHON },
        archiveOf({ 'handler.py': ECHO, 'requirements.txt': '# none\n' }),
      ),
    ]);
    assert.equal(readdirSync(join(stateDirectory, 'environments')).length, 1);
    assert.equal(readdirSync(join(stateDirectory, 'versions')).length, 3);
  }));

test('an installer that fails is quoted, and nothing is left behind', () =>
  withGateway(async ({ client, stateDirectory }) => {
    const files = { 'handler.py': ECHO, 'requirements.txt': 'not a requirement\n' };
    const lines: string[] = [];
    await assert.rejects(
      client.upload({ image: 'x', ...PYTHON }, archiveOf(files), (line) => lines.push(line)),
      {
        code: 'FailedPrecondition',
        details:
          /^requirements\.txt: pip install fails with exit code 1:[^]*Invalid requirement: 'not a requirement'/,
      },
    );
    assert.match(lines.join('\n'), /Invalid requirement/);
    for (const folder of ['environments', 'versions', 'uploads']) {
      assert.deepEqual(readdirSync(join(stateDirectory, folder)), [], folder);
    }
    await assert.rejects(client.deploy({ Service: 'x', Image: 'x' }), { code: 'FailedPrecondition' });
  }));

test('what package.json names is installed for a node function', () =>
  withGateway(async ({ client }) => {
    const files = {
      'handler.mjs': "import { value } from 'tiny';\nexport const Handler = () => value;\n",
      'package.json': JSON.stringify({ dependencies: { tiny: 'file:./tiny' } }),
      'tiny/package.json': JSON.stringify({
        name: 'tiny',
        version: '1.0.0',
        type: 'module',
        main: 'index.js',
      }),
      'tiny/index.js': "export const value = 'forty-two';\n",
    };
    await client.upload({ image: 'node', runtime: 'node' }, archiveOf(files));
    await client.deploy({ Service: 'node', Image: 'node' });
    assert.equal(await client.invoke('node', Buffer.alloc(0)), 'forty-two');
  }));

test('a handler.ts that does not compile is refused with file and line', () =>
  withGateway(async ({ client }) => {
    const archive = archiveOf({ 'handler.ts': 'export const a = 1;\nexport function Handler( {\n' });
    await assert.rejects(client.upload({ image: 'x', runtime: 'node' }, archive), {
      code: 'InvalidArgument',
      details: /handler\.ts does not compile: [^]*handler\.ts:\d+:\d+: ERROR/,
    });
  }));

test('an upload that is none, or of which something is wrong, is refused with the reason', () =>
  withGateway(async ({ client, stateDirectory }) => {
    const archive = archiveOf({ 'handler.py': ECHO });
    const cases = [
      [{ image: 'x', runtime: 'go' }, archive, /runtime: expected python3 or node, received "go"/],
      [{ image: 'x', runtime: '' }, archive, /runtime: expected python3 or node, received ""/],
      [{ image: '../x', ...PYTHON }, archive, /image: expected a name/],
      [
        { image: 'x', ...PYTHON },
        Buffer.from('no archive'),
        /archive: expected a \.tar\.gz .*incorrect header check/,
      ],
      [
        { image: 'x', ...PYTHON },
        archive.subarray(0, 60),
        /archive: expected a \.tar\.gz .*unexpected end of file/,
      ],
      [{ image: 'x', ...PYTHON, handler_file: 'other.py' }, archive, /handler file: expected other\.py/],
      [
        { image: 'x', ...PYTHON, handler_file: '../handler.py' },
        archive,
        /handler file: expected \.\.\/handler\.py/,
      ],
      [{ image: 'x', ...PYTHON, handler_name: 'a b' }, archive, /handler name/],
      [
        { image: 'x', ...PYTHON, concurrency: 5000 },
        archive,
        /concurrency: expected at most 1000, received 5000/,
      ],
      [
        { image: 'x', ...PYTHON, build_packages: ['no-such-package'] },
        archive,
        /no no-such-package: run apt-get/,
      ],
      [
        { image: 'x', runtime: 'node' },
        archive,
        /handler file: expected handler\.ts or handler\.mjs or handler\.js/,
      ],
    ] as const;
    for (const [header, bytes, details] of cases)
      await assert.rejects(client.upload(header, bytes), { details });
    assert.deepEqual(readdirSync(join(stateDirectory, 'uploads')), []);
  }));

test('links that lead out of the folder and special files are refused', () =>
  withGateway(async ({ client }) => {
    await withTempFolder(async (folder) => {
      const pack = (): Buffer => execFileSync('tar', ['-czf', '-', '-C', folder, '.']);
      writeFileSync(join(folder, 'handler.py'), ECHO);
      mkdirSync(join(folder, 'inner'));
      symlinkSync('../handler.py', join(folder, 'inner', 'fine'));
      assert.equal((await client.upload({ image: 'x', ...PYTHON }, pack())).existed, false);
      symlinkSync('../../etc/passwd', join(folder, 'inner', 'out'));
      await assert.rejects(client.upload({ image: 'x', ...PYTHON }, pack()), {
        code: 'InvalidArgument',
        details: /the link inner\/out leads out of the folder, to \.\.\/\.\.\/etc\/passwd/,
      });
      execFileSync('rm', [join(folder, 'inner', 'out')]);
      execFileSync('mkfifo', [join(folder, 'pipe')]);
      await assert.rejects(client.upload({ image: 'x', ...PYTHON }, pack()), {
        details: /pipe is neither a file/,
      });
    });
  }));

test('what a deployment cannot be given here is refused', () =>
  withGateway(async ({ client }) => {
    await uploadPython(client, 'a', ECHO);
    const Image = 'a';
    const requests = [
      [{ Service: 'Upper', Image }, /can only contain a-z, 0-9 and dashes/],
      [{ Service: 'x'.repeat(64), Image }, /at most 63/],
      [{ Service: 'x', Image, Constraints: ['node=1'] }, /Constraints: expected none, received "node=1"/],
      [{ Service: 'x', Image, Secrets: ['key'] }, /Secrets: expected none, received "key"/],
      [{ Service: 'x', Image, Limits: { Memory: 'much' } }, /Limits\.Memory: expected a size such as 512M/],
      [{ Service: 'x', Image, Limits: { CPU: '-1' } }, /Limits\.CPU: expected a number/],
      [{ Service: 'x', Image, Limits: { GPU: 'a' } }, /Limits\.GPU: expected a whole number/],
      [{ Service: 'x', Image, Requests: { CPU: '100000' } }, /asks for 100000 CPUs, this machine has/],
      [{ Service: 'x', Image, Requests: { Memory: '9000T' } }, /asks for 9000000000000000 bytes of memory/],
      [
        { Service: 'x', Image, MinReplicas: 3, MaxReplicas: 2 },
        /MaxReplicas: expected at least MinReplicas 3/,
      ],
      [{ Service: 'x', Image, EnvVars: { 'A B': '1' } }, /EnvVars: expected names of letters/],
      [
        { Service: 'x', Image, EnvVars: { A: 'x'.repeat(200_000) } },
        /EnvVars: expected at most 100000 bytes/,
      ],
      [{ Service: 'x', Image: 'none' }, /image none is not in this gateway's store/],
    ] as const;
    for (const [request, details] of requests) await assert.rejects(client.deploy(request), { details });
    await assert.rejects(client.update({ Service: 'x', Image }), { code: 'NotFound' });
    await assert.rejects(client.delete('x'), { code: 'NotFound' });
    await assert.rejects(client.invoke('x', Buffer.alloc(0)), {
      code: 'Internal',
      details: 'could not invoke: x - function is not exist',
    });
    await client.deploy({ Service: 'x', Image });
    await assert.rejects(client.deploy({ Service: 'x', Image }), { code: 'AlreadyExists' });
    await assert.rejects(client.replicaUpdate('x', 1001), { code: 'InvalidArgument' });
  }));
