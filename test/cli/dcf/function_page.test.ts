import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from '../../support/free_port.js';
import { pageSection } from '../../support/page_section.js';
import { withTempFolder } from '../../support/temp_folder.js';
import { missingLines } from '../../support/tutorial.js';
import { DCF } from './support.js';

const run = promisify(execFile);

test('the five commands of docs/function.md do what it says', () =>
  withTempFolder(async (folder) => {
    const section = pageSection('docs/function.md', 'A function in five commands');
    const blocks = (language: string): readonly string[] =>
      [...section.matchAll(new RegExp('```' + language + '\\n(.*?)```', 'gs'))].map(([, text = '']) => text);
    const port = String(await freePort());
    // The port is this machine's to give, and "dcf" is this checkout.
    const commands = blocks('sh')
      .join('')
      .replace('dcf gateway', `dcf gateway --port ${port} --state_dir '${join(folder, 'state')}'`);
    // With -m a job is a group of processes, which can be ended as one.
    const prelude = [
      `set -em; trap 'kill -- -$(jobs -p); wait' EXIT`,
      `dcf() { "${process.execPath}" "${DCF}" "$@"; }`,
      `export DCF_URL=127.0.0.1:${port}`,
    ];
    const script = [...prelude, commands].join('\n');
    const { stdout } = await run('bash', ['-c', script], { cwd: folder, timeout: 120_000 });
    const expected = blocks('text').join('').replaceAll('32222', port);
    assert.ok(expected.split('\n').length > 9, expected);
    assert.deepEqual(missingLines(expected, stdout), [], stdout);
  }));

test('every command that docs/function.md names is there', async () => {
  const page = ['Object detection', 'Commands', 'The gateway', "What DCF's guide has wrong"];
  const text = page.map((heading) => pageSection('docs/function.md', heading)).join('\n');
  const named = new Set(
    [...text.matchAll(/dcf (fn|function|runtime) ([a-z]+)/g)].map(([, , word = '']) => word),
  );
  const [functions, runtimes] = await Promise.all(
    ['function', 'runtime'].map((word) => run(process.execPath, [DCF, word, '--help'])),
  );
  const help = `${functions?.stdout ?? ''}${runtimes?.stdout ?? ''}`;
  const missing = [...named].filter((word) => !new RegExp(`^  .*\\b${word}\\b`, 'm').test(help));
  assert.deepEqual(missing, []);
  assert.ok(named.size >= 8, [...named].join());
});
