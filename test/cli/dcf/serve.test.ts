import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withTempFolder } from '../../support/temp_folder.js';
import { DCF, runDcf } from './support.js';

/** Runs `dcf function serve` until `use` is done, then ends it as containers are ended. Returns its exit code. */
async function serving(
  cwd: string,
  env: Readonly<Record<string, string>>,
  use: (url: string) => Promise<void>,
): Promise<unknown> {
  const child = spawn(process.execPath, [DCF, 'function', 'serve', '--runtime', 'node'], {
    cwd,
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'close');
  const address = new Promise<string>((resolve, reject) => {
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const [, port] = /takes calls at http:\/\/[\d.]+:(\d+)\//.exec(text) ?? [];
      if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
    });
    void ended.then(() => reject(new Error(text)));
  });
  try {
    await use(await address);
  } finally {
    child.kill('SIGTERM');
  }
  const [code] = (await ended) as [unknown];
  return code;
}

test('a container prepares a function, serves it, and lets a call end when it is stopped', () =>
  withTempFolder(async (cwd) => {
    assert.equal((await runDcf(['function', 'init', '-r', 'node', 'slow'], { cwd })).code, 0);
    const folder = join(cwd, 'slow');
    const handler = `
      import { writeFileSync } from 'node:fs';
      export async function Handler(req: { input: Buffer }): Promise<string> {
        writeFileSync(req.input.toString(), '');
        await new Promise((resolve) => setTimeout(resolve, 1500));
        return 'done';
      }`;
    writeFileSync(join(folder, 'handler.ts'), handler);
    const env = { DCF_STATE_DIR: join(cwd, 'state') };
    const prepared = await runDcf(['function', 'serve', '-r', 'node', '--prepare'], { cwd: folder, env });
    assert.equal(prepared.code, 0, prepared.stderr);
    assert.ok(existsSync(join(cwd, 'state/versions')));
    let late: Promise<Response> | undefined;
    const code = await serving(folder, env, async (url) => {
      const first = await fetch(url, { method: 'POST', body: join(cwd, 'first') });
      assert.equal(await first.text(), 'done');
      const begun = join(cwd, 'begun');
      late = fetch(url, { method: 'POST', body: begun });
      while (!existsSync(begun)) await new Promise((resolve) => setTimeout(resolve, 20));
    });
    assert.equal(await (await late)?.text(), 'done');
    assert.equal(code, 0);
  }));

test('a container that is stopped while it installs ends then', () =>
  withTempFolder(async (cwd) => {
    const manifest = { dependencies: { tiny: 'file:./tiny' }, scripts: { preinstall: 'exec sleep 600' } };
    mkdirSync(join(cwd, 'tiny'));
    writeFileSync(join(cwd, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(cwd, 'tiny/package.json'), JSON.stringify({ name: 'tiny', version: '1.0.0' }));
    writeFileSync(join(cwd, 'handler.mjs'), 'export const Handler = () => 1;\n');
    const args = ['function', 'serve', '-r', 'node', '--handler_file', 'handler.mjs', '--prepare'];
    const child = spawn(process.execPath, [DCF, ...args, '--state_dir', 'state'], { cwd, stdio: 'ignore' });
    const ended = once(child, 'close') as Promise<[number | null]>;
    const environments = join(cwd, 'state/environments');
    while (!existsSync(environments) || readdirSync(environments).length === 0) {
      assert.equal(child.exitCode, null);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const asked = performance.now();
    child.kill('SIGTERM');
    assert.deepEqual((await ended)[0], 143);
    assert.ok(performance.now() - asked < 60_000);
    assert.deepEqual(readdirSync(environments), []);
  }));

test('without a state folder nothing is left behind', () =>
  withTempFolder(async (cwd) => {
    await runDcf(['function', 'init', '-r', 'node', 'echo'], { cwd });
    const code = await serving(join(cwd, 'echo'), { TMPDIR: cwd, DCF_STATE_DIR: '' }, async (url) => {
      assert.ok(readdirSync(cwd).some((name) => name.startsWith('dcf-function-')));
      assert.equal(await (await fetch(`${url}/any`, { method: 'POST', body: 'x' })).text(), 'x');
    });
    assert.equal(code, 0);
    assert.deepEqual(readdirSync(cwd).sort(), ['config.yaml', 'echo']);
  }));
