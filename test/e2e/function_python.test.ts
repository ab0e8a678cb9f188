import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { samplePicture, writeDetector } from '../../easyrec/serving/detector/index.js';
import { packFolder } from '../../easyrec/serving/function/project/index.js';
import { writeGuideFiles } from '../serving/detector/guide_files.js';
import { waitFor, withGateway } from '../serving/function/support.js';
import { pythonWithTensorflow, runPython, skipWithoutTensorflow } from '../support/python.js';
import { withTempFolder } from '../support/temp_folder.js';

const VERSION = '2.21';
const skip = skipWithoutTensorflow(VERSION);

test('the Python handler of the guide runs on the gateway', { skip }, () =>
  withTempFolder(async (folder) => {
    const python = pythonWithTensorflow(VERSION);
    assert.equal(typeof python, 'string');
    mkdirSync(join(folder, 'ssd-python'));
    writeGuideFiles('The same in Python', folder);
    await writeDetector(join(folder, 'ssd-python/model'));
    const requirements = join(folder, 'ssd-python/requirements.txt');
    assert.equal(readFileSync(requirements, 'utf8'), 'tensorflow==2.21.0\n');
    // It is there already, in the interpreter that tests compare with: nothing is fetched.
    writeFileSync(requirements, '');
    const script = 'import sysconfig; print(sysconfig.get_paths()["purelib"])';
    const packages = (await runPython(VERSION, script)).trim();
    const handler = { folder: join(folder, 'ssd-python'), file: 'handler.py' };
    const archive = packFolder(handler, (message) => new Error(message));
    await withGateway(
      async ({ client }) => {
        await client.upload({ image: 'ssd', runtime: 'python3' }, archive);
        await client.deploy({ Service: 'ssd', Image: 'ssd', EnvVars: { PYTHONPATH: packages } });
        await waitFor(client, 'ssd', ({ state }) => state === 'ready');
        const input = Buffer.from(await samplePicture())
          .toString('base64')
          .replace(/.{76}/g, '$&\n');
        const found = JSON.parse(await client.invoke('ssd', Buffer.from(input))) as Record<string, string>[];
        assert.deepEqual(
          found.map(({ class: label, xmin, ymin, xmax, ymax }) => [label, xmin, ymin, xmax, ymax]),
          [
            ['1', '48', '240', '195', '371'],
            ['3', '8', '11', '351', '197'],
          ],
        );
      },
      { python: typeof python === 'string' ? python : 'python3' },
    );
  }),
);
