import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../support/free_port.js';
import { pageSection } from '../support/page_section.js';
import { checkPrinted, followTutorial, parseTutorial } from '../support/tutorial.js';

const INSTALL = 'npm install easyrec\n';
const PORT = '32222';
const blocks = parseTutorial(pageSection('docs/function.md', 'Object detection'));

describe('the guide of object detection, as written, from an empty folder', () => {
  const root = mkdtempSync(join(tmpdir(), 'easyrec-function-'));
  let printed: readonly string[] = [];
  let port = 0;

  before(async () => {
    port = await freePort();
    const gateway = `dcf gateway --port ${port} --state_dir '${join(root, 'state')}'`;
    // The port is this machine's to give; the rest is done as it stands.
    const start = `export DCF_URL=127.0.0.1:${port}\n${gateway}`;
    printed = await followTutorial(blocks, {
      root,
      substitute: (commands) => commands.replace('dcf gateway', start),
    });
  });

  after(() => rmSync(root, { recursive: true, force: true }));

  test('installs the package in one line, and starts one gateway', () => {
    const commands = blocks.flatMap((block) => (block.kind === 'commands' ? [block.text] : [])).join('');
    assert.equal(commands.split(INSTALL).length, 2);
    assert.equal(commands.split('dcf gateway').length, 2);
  });

  test('prints what it shows', () => {
    const texts = checkPrinted(blocks, printed, (text) => text.replaceAll(PORT, String(port)));
    assert.equal(texts.length, 3);
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
