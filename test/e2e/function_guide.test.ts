import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../support/free_port.js';
import { installPackage } from '../support/installed_package.js';
import { pageSection } from '../support/page_section.js';
import { missingLines, parseTutorial, runTutorial } from '../support/tutorial.js';

const INSTALL = 'npm install easyrec\n';
const PORT = '32222';
const blocks = parseTutorial(pageSection('docs/function.md', 'Object detection'));

describe('the guide of object detection, as written, from an empty folder', () => {
  const root = mkdtempSync(join(tmpdir(), 'easyrec-function-'));
  const [folder, scratch] = [join(root, 'folder'), join(root, 'scratch')];
  let printed: readonly string[] = [];
  let port = 0;

  before(async () => {
    mkdirSync(folder);
    mkdirSync(scratch);
    await installPackage(scratch);
    port = await freePort();
    const gateway = `dcf gateway --port ${port} --state_dir '${join(scratch, 'state')}'`;
    // The port is this machine's to give; the rest is done as it stands.
    const start = `export DCF_URL=127.0.0.1:${port}\n${gateway}`;
    const modules = `mv '${join(scratch, 'node_modules')}' node_modules\n`;
    printed = await runTutorial(blocks, {
      folder,
      scratch,
      substitute: (commands) => commands.replace(INSTALL, modules).replace('dcf gateway', start),
    });
  });

  after(() => rmSync(root, { recursive: true, force: true }));

  test('installs the package in one line, and starts one gateway', () => {
    const commands = blocks.flatMap((block) => (block.kind === 'commands' ? [block.text] : [])).join('');
    assert.equal(commands.split(INSTALL).length, 2);
    assert.equal(commands.split('dcf gateway').length, 2);
  });

  test('prints what it shows', () => {
    let commands = -1;
    let checked = 0;
    for (const block of blocks) {
      if (block.kind === 'commands') commands += 1;
      if (block.kind !== 'output') continue;
      const text = printed[commands] ?? '';
      const expected = block.text.replaceAll(PORT, String(port));
      assert.deepEqual(missingLines(expected, text), [], `line ${block.line}; printed:\n${text}`);
      checked += 1;
    }
    assert.equal(checked, 3);
  });

  test('finds exactly two objects', () => {
    const [list = ''] = /^\[\{"class".*\]/m.exec(printed.join('\n')) ?? [];
    const found = JSON.parse(list) as readonly Readonly<Record<string, string>>[];
    assert.deepEqual(
      found.map((object) => Object.keys(object).join()),
      Array.from({ length: 2 }, () => 'class,confidence,xmin,ymin,xmax,ymax'),
    );
  });

  test('leaves no gateway behind', async () => {
    await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`), /fetch failed/);
  });
});
