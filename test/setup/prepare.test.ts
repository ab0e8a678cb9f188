import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { locateLibtensorflow } from '../../easyrec/setup/locate.js';
import { prepare } from '../../easyrec/setup/prepare.js';
import { temporaryFolder } from './support.js';

describe('prepare', () => {
  test('takes the libtensorflow that is there and fetches nothing', async (t) => {
    const { location, opLibraries } = await prepare({ python: join(temporaryFolder(t), 'no-such-python') });
    assert.deepEqual(location, locateLibtensorflow());
    assert.ok(opLibraries.length >= 3 && opLibraries.every((library) => existsSync(library)));
  });

  test('does not fetch another libtensorflow where the environment names a wrong folder', async (t) => {
    const env = { EASYREC_LIBTENSORFLOW: temporaryFolder(t), EASYREC_CACHE: temporaryFolder(t) };
    await assert.rejects(
      prepare({ env }),
      /^NativeError: EASYREC_LIBTENSORFLOW: expected a folder that holds/,
    );
  });
});
