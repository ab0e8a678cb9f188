import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BlockFile } from '../../easyrec/train/block_file.js';
import { withTempFolder } from '../support/temp_folder.js';

test('what is written piece by piece is in the file in order, blocks and the rest', async () => {
  await withTempFolder(async (folder) => {
    const path = join(folder, 'file');
    const pieces = Array.from({ length: 50 }, (_, i) => Buffer.alloc(1 + i * 2503, i));
    const long = Buffer.alloc(5_000_000, 'long');
    {
      await using file = await BlockFile.create(path);
      for (const piece of pieces) {
        const lent = Buffer.from(piece);
        await file.write(lent);
        lent.fill(0xff);
      }
      await file.write(long);
      await file.finish();
    }
    assert.equal(Buffer.compare(readFileSync(path), Buffer.concat([...pieces, long])), 0);
  });
});

test('an empty file is a file', async () => {
  await withTempFolder(async (folder) => {
    const path = join(folder, 'file');
    {
      await using file = await BlockFile.create(path);
      await file.finish();
    }
    assert.equal(readFileSync(path).length, 0);
  });
});

test('a file that is there already is not overwritten', async () => {
  await withTempFolder(async (folder) => {
    const path = join(folder, 'file');
    await (await BlockFile.create(path))[Symbol.asyncDispose]();
    await assert.rejects(BlockFile.create(path), { code: 'EEXIST' });
  });
});
