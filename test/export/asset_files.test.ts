import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { ConfigError } from '../../easyrec/errors.js';
import { chooseAssetFiles, configAssetFiles, parseAssetFiles } from '../../easyrec/export/asset_files.js';
import { SILENT_LOG } from '../../easyrec/log.js';
import { withTempFolder } from '../support/temp_folder.js';

interface Files {
  readonly a: string;
  readonly b: string;
  readonly warnings: string[];
  readonly log: typeof SILENT_LOG;
}

async function withFiles(use: (files: Files) => void): Promise<void> {
  await withTempFolder((folder) => {
    const [a, b] = [join(folder, 'a.json'), join(folder, 'b.json')];
    for (const file of [a, b]) writeFileSync(file, '');
    const warnings: string[] = [];
    use({ a, b, warnings, log: { ...SILENT_LOG, warn: (message) => warnings.push(message) } });
    return Promise.resolve();
  });
}

test('reads paths and names, as EasyRec does', async () => {
  await withFiles(({ a, b, warnings, log }) => {
    assert.deepEqual(parseAssetFiles('', { log }), []);
    assert.deepEqual(parseAssetFiles(`${a}, sub/c.json:${b},`, { log }), [
      { name: 'a.json', source: a },
      { name: 'sub/c.json', source: b },
    ]);
    assert.deepEqual(warnings, []);
    assert.deepEqual(parseAssetFiles(`fg.json:${a}`, { log }), [{ name: 'a.json', source: a }]);
    assert.match(warnings.join(), /the name "fg\.json" has no effect/);
    const exact = parseAssetFiles(`fg.json:${a}`, { log, exactNames: true });
    assert.deepEqual(exact, [{ name: 'fg.json', source: a }]);
    assert.equal(warnings.length, 1);
  });
});

test('prefers the files of the config and says so', async () => {
  await withFiles(({ a, b, warnings, log }) => {
    assert.deepEqual(configAssetFiles([`!${a}`]), [{ name: 'a.json', source: a }]);
    assert.deepEqual(chooseAssetFiles({ fromConfig: [], fromFlag: b }, { log }), [
      { name: 'b.json', source: b },
    ]);
    assert.deepEqual(warnings, []);
    assert.deepEqual(chooseAssetFiles({ fromConfig: [a], fromFlag: b }, { log }), [
      { name: 'a.json', source: a },
    ]);
    assert.match(warnings.join(), /--asset_files has no effect/);
  });
});

test('refuses what cannot be copied', async () => {
  await withFiles(({ a, b, log }) => {
    const says = (pattern: RegExp) => (error: unknown) =>
      error instanceof ConfigError && pattern.test(error.message);
    assert.throws(() => parseAssetFiles(`${a}x`, { log }), says(/received .*a\.jsonx, which does not exist/));
    assert.throws(() => parseAssetFiles(join(a, '..'), { log }), says(/which is a folder/));
    assert.throws(
      () => parseAssetFiles(`name:`, { log }),
      says(/expected path or name:path, received "name:"/),
    );
    assert.throws(() => parseAssetFiles(`s/x:${a},s/x:${b}`, { log }), says(/two files are named "s\/x"/));
  });
});
