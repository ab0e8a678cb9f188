import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { samplePicture, writeDetector } from '../../../easyrec/serving/detector/index.js';
import { importTypescript } from '../../../easyrec/typescript_module.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../../support/python.js';
import { writeGuideFiles } from './guide_files.js';
import { isGrey, sampleFiles, SHOWN } from './sample_files.js';

interface Detected {
  readonly class: string;
  readonly confidence: string;
  readonly xmin: string;
  readonly ymin: string;
  readonly xmax: string;
  readonly ymax: string;
}

type HandlerClass = new () => { call(req: { readonly input: Buffer }): Promise<readonly Detected[]> };

/** Runs each picture through the handler in Python, which is called as the gateway's worker calls it. */
const PYTHON = `
import base64, json, os, sys, types
sys.path.insert(0, sys.argv[1])
from handler import Handler
handler = Handler()
os.rename(os.path.join(sys.argv[1], 'model'), os.path.join(sys.argv[1], 'gone'))
found = {}
for name in sorted(os.listdir(sys.argv[2])):
    with open(os.path.join(sys.argv[2], name), 'rb') as file:
        request = types.SimpleNamespace(input=base64.encodebytes(file.read()))
    found[name] = json.loads(handler(request))
os.rename(os.path.join(sys.argv[1], 'gone'), os.path.join(sys.argv[1], 'model'))
print(json.dumps(found))
`;

/** As `base64` writes it: a line is 76 letters long. */
function wrapped(file: Uint8Array): Buffer {
  return Buffer.from(
    `${(
      Buffer.from(file)
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    ).join('\n')}\n`,
  );
}

describe('the handler of object detection in docs/function.md', () => {
  const root = mkdtempSync(join(tmpdir(), 'easyrec-guide-'));
  const [folder, pictures] = [join(root, 'ssd-test'), join(root, 'pictures')];
  const python = join(root, 'ssd-python');
  let handler: InstanceType<HandlerClass>;
  let files: Readonly<Record<string, Uint8Array>> = {};

  before(async () => {
    writeGuideFiles('Object detection', root);
    writeGuideFiles('The same in Python', root);
    await writeDetector(join(folder, 'model'));
    await writeDetector(join(python, 'model'));
    files = { ...(await sampleFiles()), '000001.jpg': await samplePicture() };
    mkdirSync(pictures);
    for (const [name, file] of Object.entries(files)) writeFileSync(join(pictures, name), file);
    process.env['HANDLER_DIR'] = folder;
    const exported = await importTypescript(join(folder, 'handler.ts'), 'handler');
    handler = new (exported['Handler'] as HandlerClass)();
  });

  after(() => rmSync(root, { recursive: true, force: true }));

  const detect = (file: Uint8Array | undefined): Promise<readonly Detected[]> =>
    handler.call({ input: wrapped(file ?? new Uint8Array()) });

  test('each object has a box of its own, with four corners', async () => {
    const [red, blue, ...others] = await detect(files['000001.jpg']);
    assert.deepEqual(others, []);
    assert.deepEqual(
      { ...red, confidence: '' },
      {
        ...{ class: '1', confidence: '' },
        ...{ xmin: '48', ymin: '240', xmax: '195', ymax: '371' },
      },
    );
    assert.deepEqual(
      { ...blue, confidence: '' },
      {
        ...{ class: '3', confidence: '' },
        ...{ xmin: '8', ymin: '11', xmax: '351', ymax: '197' },
      },
    );
    assert.ok(Number(red?.confidence) > 0.99 && Number(blue?.confidence) > 0.99);
  });

  test('pictures in colour are read, however they are stored', async () => {
    for (const [name, file] of Object.entries(files)) {
      if (isGrey(name) || name === '000001.jpg') continue;
      const [found, ...others] = await detect(file);
      assert.deepEqual([found?.class, others], ['1', []], name);
      for (const edge of ['xmin', 'ymin', 'xmax', 'ymax'] as const) {
        assert.ok(Math.abs(Number(found?.[edge]) - SHOWN[edge]) <= 1, `${name}: ${JSON.stringify(found)}`);
      }
    }
  });

  test('grey pictures are read too; there is nothing red, green or blue in them', async () => {
    const grey = Object.keys(files).filter(isGrey);
    assert.equal(grey.length, 3);
    for (const name of grey) assert.deepEqual(await detect(files[name]), [], name);
  });

  test('every value is a text', async () => {
    const values = (await detect(files['000001.jpg'])).flatMap((found) => Object.values(found) as unknown[]);
    assert.ok(values.every((value) => typeof value === 'string') && values.length === 12);
  });

  test('line breaks in base64 make no difference, and other letters are told', async () => {
    const plain = Buffer.from(Buffer.from(files['rgb.png'] ?? []).toString('base64'));
    assert.deepEqual(await handler.call({ input: plain }), await detect(files['rgb.png']));
    for (const input of ['', '\n', 'no base64!', '=AAA']) {
      const refused = async (): Promise<unknown> => handler.call({ input: Buffer.from(input) });
      await assert.rejects(refused, /input: expected a picture in base64/, input);
    }
  });

  test('what is no picture, or half of one, or too large, is told', async () => {
    const png = Buffer.from(files['rgb.png'] ?? []);
    const huge = Buffer.from(png);
    huge.writeUInt32BE(2_000_000, 16);
    await assert.rejects(detect(Buffer.from('hello')), /expected JPEG, PNG, GIF or BMP/);
    await assert.rejects(detect(png.subarray(0, png.length / 2)), /INVALID_ARGUMENT/);
    await assert.rejects(detect(huge), /2000000 x 48 pixels are too many/);
  });

  test('the model is loaded once: calls need its files no more', async () => {
    renameSync(join(folder, 'model'), join(folder, 'gone'));
    try {
      for (let i = 0; i < 3; i++) assert.equal((await detect(files['rgb.png'])).length, 1);
    } finally {
      renameSync(join(folder, 'gone'), join(folder, 'model'));
    }
  });

  test('MIN_CONFIDENCE decides what is certain enough', async () => {
    process.env['MIN_CONFIDENCE'] = '1.01';
    try {
      const exported = await importTypescript(join(folder, 'handler.ts'), 'handler');
      const strict = new (exported['Handler'] as HandlerClass)();
      assert.deepEqual(await strict.call({ input: wrapped(files['rgb.png'] ?? new Uint8Array()) }), []);
    } finally {
      delete process.env['MIN_CONFIDENCE'];
    }
  });

  test('nothing is imported that is not needed', () => {
    const imports = [
      'ssd-test/handler.ts',
      'ssd-test/predict.ts',
      'ssd-python/handler.py',
      'ssd-python/predict.py',
    ]
      .map((file) => readFileSync(join(root, file), 'utf8'))
      .flatMap((text) => [...text.matchAll(/(?:^import (\w+)(?: as \w+)?$|^from (\w+)|from '([^']+)')/gm)])
      .map(([, plain, from, module]) => plain ?? from ?? module);
    const known = ['easyrec/', 'node:', './', 'base64', 'json', 'os', 'sys', 'tensorflow', 'predict'];
    assert.ok(imports.length > 8);
    assert.deepEqual(
      imports.filter((name) => !known.some((start) => name?.startsWith(start))),
      [],
    );
  });

  for (const version of ORACLE_VERSIONS) {
    const skip = skipWithoutTensorflow(version);
    test(`the handler in Python finds the same, in TensorFlow ${version}`, { skip }, async () => {
      const printed = await runPython(version, PYTHON, [python, pictures]);
      const there = JSON.parse(printed) as Readonly<Record<string, readonly Detected[]>>;
      assert.deepEqual(Object.keys(there), Object.keys(files).sort());
      for (const [name, found] of Object.entries(there)) {
        const here = await detect(files[name]);
        const boxes = (list: readonly Detected[]): readonly Detected[] =>
          list.map((object) => ({ ...object, confidence: '' }));
        assert.deepEqual(boxes(found), boxes(here), name);
        found.forEach(({ confidence }, i) =>
          assert.ok(Math.abs(Number(confidence) - Number(here[i]?.confidence)) < 1e-5, name),
        );
      }
    });

    test(`predict.py runs by itself, in TensorFlow ${version}`, { skip }, async () => {
      const script = `
import os, runpy, sys
os.chdir(sys.argv[1]); sys.argv = ['predict.py', sys.argv[2]]
runpy.run_path('predict.py', run_name='__main__')`;
      const printed = await runPython(version, script, [python, join(pictures, 'rgb.png')]);
      assert.match(printed, /^\[\{'class': '1', 'confidence': '0\.9\d+', 'xmin': '1[56]'/);
    });
  }
});
