import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import ts from 'typescript';
import { packageRoot } from '../../../easyrec/package_files.js';
import { readOperatorFile } from '../../../easyrec/serving/operator/operator_file.js';
import { scaffoldOperator } from '../../../easyrec/serving/operator/scaffold.js';
import { SAMPLE_IMAGE } from '../../../easyrec/serving/operator/test_operator.js';
import { filesBelow } from '../../support/refusal.js';
import { withTempFolder } from '../../support/temp_folder.js';
import { withOperator } from './support.js';

const run = promisify(execFile);

/** What TypeScript has to say of a file that imports `easyrec`. */
function typeErrors(folder: string, file: string): readonly string[] {
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(packageRoot(), join(folder, 'node_modules/easyrec'));
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, noUncheckedIndexedAccess: true },
    ...{ module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022 },
    typeRoots: [join(packageRoot(), 'node_modules/@types')],
    types: ['node'],
  };
  const program = ts.createProgram([join(folder, file)], options);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

/** A program `name` in `folder` that prints its arguments, and the PATH that finds it. */
function fakeProgram(folder: string, name: string, body: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/bash -e\n${body}\n`);
  chmodSync(join(folder, name), 0o755);
  return `${folder}:${process.env['PATH'] ?? ''}`;
}

for (const type of ['encoder', 'processor'] as const) {
  test(`the folder of a new ${type} has all files and a class that compiles and works`, () =>
    withTempFolder(async (root) => {
      const folder = join(root, 'my-operator');
      const files = await scaffoldOperator(folder, type);
      assert.deepEqual(
        [...files].sort(),
        filesBelow(folder).filter((file) => !file.endsWith('/')),
      );
      for (const file of files) assert.doesNotMatch(readFileSync(join(folder, file), 'utf8'), /\{\{/);
      await withOperator({ file: join(folder, 'custom_operator.ts') }, async ({ client }) => {
        const identity = await client.identity();
        assert.deepEqual([identity.name, identity.type], ['my_operator', type]);
        const { vectors, metadata } = await client.execute({ datas: [SAMPLE_IMAGE], urls: [] });
        if (type === 'processor') {
          assert.deepEqual(
            metadata.map(({ data }) => Buffer.from(data).toString('utf8')),
            [SAMPLE_IMAGE],
          );
        } else {
          const [{ element } = { element: [] }] = vectors;
          assert.equal(element.length, 192);
          assert.ok(Math.abs(Math.hypot(...element) - 1) < 1e-5);
        }
      });
      assert.deepEqual(typeErrors(folder, 'custom_operator.ts'), []);
    }));
}

test("the encoder's operator.yaml is VGG19, and make data prepares it once", () =>
  withTempFolder(async (root) => {
    const folder = join(root, 'vgg19-encoder');
    await scaffoldOperator(folder, 'encoder');
    const spec = await readOperatorFile(join(folder, 'operator.yaml'));
    assert.ok(spec.kind === 'model');
    assert.deepEqual([spec.properties.name, spec.properties.dimension], ['vgg19_encoder', '512']);
    assert.deepEqual(spec.image, { height: 224, width: 224, preprocessing: { kind: 'vgg' } });
    const log = join(root, 'calls');
    const prepare = `echo "$@" >> ${log}; mkdir -p model/1; touch model/1/saved_model.pb`;
    const easyrec = join(root, 'bin/easyrec');
    fakeProgram(join(root, 'bin'), 'easyrec', prepare);
    writeFileSync(join(folder, 'data/mine.h5'), '');
    const make = (): Promise<{ readonly stdout: string }> =>
      run('make', ['data', `EASYREC=${easyrec}`], {
        cwd: folder,
        env: { ...process.env, WEIGHTS_FILE: 'mine.h5' },
      });
    assert.match((await make()).stdout, /\[INFO\] Model has been prepared successfully!/);
    assert.match((await make()).stdout, /\[INFO\] Model has been prepared successfully!/);
    assert.equal(readFileSync(log, 'utf8'), 'operator prepare vgg19 --weights mine.h5 --export_dir model\n');
  }));

test('weights are downloaded if need be, and a download that fails leaves nothing', () =>
  withTempFolder(async (root) => {
    const folder = join(root, 'vgg19');
    await scaffoldOperator(folder, 'encoder');
    const path = fakeProgram(join(root, 'bin'), 'curl', 'echo "curl: (22) 404" >&2; exit 22');
    const env = { ...process.env, PATH: path, WEIGHTS_URL: 'http://host/w.h5' };
    await assert.rejects(run('make', ['data'], { cwd: folder, env }), /curl: \(22\) 404/);
    assert.deepEqual(filesBelow(join(folder, 'data')), ['prepare_model.sh']);
  }));

test('make cpu and make gpu build the images', () =>
  withTempFolder(async (root) => {
    const folder = join(root, 'face-finder');
    await scaffoldOperator(folder, 'processor');
    const path = fakeProgram(join(root, 'bin'), 'docker', 'echo "docker $@"');
    const { stdout } = await run('make', ['-s', 'all', 'EASYREC_PACKAGE=./easyrec.tgz'], {
      cwd: folder,
      env: { ...process.env, PATH: path },
    });
    assert.deepEqual(stdout.trim().split('\n'), [
      'docker build --build-arg easyrec=./easyrec.tgz -t psoperator/face_finder:latest -f Dockerfile .',
      'docker build --build-arg easyrec=./easyrec.tgz -t psoperator/face_finder:latest-gpu -f Dockerfile-gpu .',
    ]);
  }));

test('a folder that exists or has a name that is no operator is not touched', () =>
  withTempFolder(async (root) => {
    mkdirSync(join(root, 'taken'));
    await assert.rejects(scaffoldOperator(join(root, 'taken'), 'encoder'), /taken exists already/);
    await assert.rejects(
      scaffoldOperator(join(root, 'Big Name'), 'encoder'),
      /expected a name of lower-case letters/,
    );
    assert.deepEqual(filesBelow(root), ['taken/']);
    assert.ok(!existsSync(join(root, 'Big Name')));
  }));
