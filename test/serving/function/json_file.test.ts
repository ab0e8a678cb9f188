import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { JsonFile } from '../../../easyrec/serving/function/json_file.js';
import { withTempFolder } from '../../support/temp_folder.js';

test('of values that are written at once the last one stays, however large those before it are', () =>
  withTempFolder(async (folder) => {
    const path = join(folder, 'file.json');
    const file = new JsonFile(path);
    const values = Array.from({ length: 8 }, (_, i) => ({ i, text: 'x'.repeat(1 << (24 - 3 * i)) }));
    await Promise.all(values.map((value) => file.write(value)));
    assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), values.at(-1));
  }));

test('a write that fails is told, and the next one is made all the same', () =>
  withTempFolder(async (folder) => {
    const file = new JsonFile(join(folder, 'absent', 'file.json'));
    await assert.rejects(file.write({ n: 1 }), /absent\/file\.json: cannot be written/);
    await file.settled();
    mkdirSync(join(folder, 'absent'));
    await file.write({ n: 2 });
    assert.deepEqual(JSON.parse(readFileSync(join(folder, 'absent', 'file.json'), 'utf8')), { n: 2 });
  }));
