import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { packageFile } from '../../easyrec/package_files.js';
import { plain } from '../serving/operator/support.js';
import { CLI } from '../support/cli.js';
import { withTempFolder } from '../support/temp_folder.js';
import { FakePhantoscope } from './fake_phantoscope.js';

const run = promisify(execFile);

/** The blocks of one language in a section of docs/operator.md. */
function blocks(section: string, language: string): readonly string[] {
  const [, rest = ''] = readFileSync(packageFile('docs/operator.md'), 'utf8').split(`\n## ${section}\n`);
  const [text = ''] = rest.split('\n## ');
  const found = text.matchAll(new RegExp('```' + language + '\\n(.*?)```', 'gs'));
  return [...found].map(([, block = '']) => block);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('the walk of docs/operator.md does what it says', () =>
  withTempFolder(async (folder) => {
    const colours = { red: plain(200, 10, 10), blue: plain(10, 10, 200), dark_red: plain(150, 20, 20) };
    for (const [name, file] of Object.entries(colours)) writeFileSync(join(folder, `${name}.bmp`), file);
    const port = String(await freePort());
    const section = 'From an empty folder to a search';
    const commands = blocks(section, 'sh').join('');
    const fake = new FakePhantoscope();
    const stdout = await fake.serve(async (url) => {
      // The ports are this machine's to give, and "npx easyrec" is this checkout.
      const script = commands.replaceAll('50001', port).replaceAll('http://127.0.0.1:5000', url);
      const npx = `npx() { shift; "${process.execPath}" "${CLI}" "$@"; }`;
      // With -m a job is a group of processes, which can be ended as one.
      const prelude = `set -em; trap 'kill -- -$(jobs -p)' EXIT; ${npx}\n`;
      return (await run('bash', ['-c', prelude + script], { cwd: folder, timeout: 120_000 })).stdout;
    });
    const [expected = ''] = blocks(section, 'text');
    assert.ok(stdout.includes(expected.replaceAll('50001', port)), stdout);
    // The second picture that was taken in is blue, the first is red like the one that is looked for.
    assert.deepEqual(JSON.parse(stdout.slice(stdout.lastIndexOf('\n[') + 1)), [
      { _id: '1', _app_name: 'pictures' },
    ]);
    assert.equal(fake.requests.length, 6);
  }));
