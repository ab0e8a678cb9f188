import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { addFunction, readConfigFile } from '../../../../easyrec/serving/function/project/index.js';
import { withTempFolder } from '../../../support/temp_folder.js';

test('a new function has all files, and an entry that can be read', () =>
  withTempFolder(async (folder) => {
    const configFile = join(folder, 'config.yaml');
    for (const [name, runtime, files] of [
      ['one', 'python3', ['.dockerignore', 'Dockerfile', 'handler.py', 'requirements.txt']],
      ['two', 'node', ['.dockerignore', 'Dockerfile', 'handler.ts', 'package.json']],
    ] as const) {
      await addFunction({ name, runtime, folder: join(folder, name), configFile });
      assert.deepEqual(readdirSync(join(folder, name)).sort(), files);
      const texts = files.map((file) => readFileSync(join(folder, name, file), 'utf8')).join('\n');
      assert.doesNotMatch(texts, /\{\{/);
    }
    const { functions, gateway } = readConfigFile(configFile);
    assert.deepEqual(
      functions.map(({ name, runtime, image, handler }) => [name, runtime, image, handler.folder]),
      [
        ['one', 'python3', 'localhost:5000/one', join(folder, 'one')],
        ['two', 'node', 'localhost:5000/two', join(folder, 'two')],
      ],
    );
    assert.equal(gateway, undefined);
    assert.equal(statSync(configFile).mode & 0o777, 0o600);
  }));

test('what config.yaml says already stays, comments and mode included', () =>
  withTempFolder(async (folder) => {
    const configFile = join(folder, 'my.yaml');
    const before =
      '# ours\nopenfx:\n  gateway: old:1 # the old one\nfunctions:\n  # first\n  a: {runtime: node, handler: {}, image: r/a}\n';
    writeFileSync(configFile, before);
    chmodSync(configFile, 0o640);
    const added = {
      name: 'b',
      runtime: 'node',
      folder: join(folder, 'sub/b'),
      configFile,
      gateway: 'new:2',
    } as const;
    await addFunction(added);
    const text = readFileSync(configFile, 'utf8');
    assert.match(text, /^# ours\nopenfx:\n {2}gateway: new:2/);
    assert.match(text, /# first\n {2}a: \{ ?runtime: node/);
    assert.match(text, /dir: \.\/sub\/b\n/);
    assert.deepEqual(
      readConfigFile(configFile).functions.map(({ name }) => name),
      ['a', 'b'],
    );
    assert.equal(statSync(configFile).mode & 0o777, 0o640);
  }));

test('a name or folder that is taken is refused, and nothing is left behind', () =>
  withTempFolder(async (folder) => {
    const configFile = join(folder, 'config.yaml');
    const added = { name: 'a', runtime: 'node', folder: join(folder, 'a'), configFile } as const;
    await addFunction(added);
    const text = readFileSync(configFile, 'utf8');
    const again = addFunction({ ...added, folder: join(folder, 'b') });
    await assert.rejects(again, /Function a already exists in .*config\.yaml file\./);
    await assert.rejects(addFunction({ ...added, name: 'b' }), /folder: .*\/a already exists/);
    await assert.rejects(addFunction({ ...added, name: 'B!' }), /function name can only contain/);
    assert.equal(existsSync(join(folder, 'b')), false);
    assert.equal(readFileSync(configFile, 'utf8'), text);
    assert.deepEqual(readdirSync(folder).sort(), ['a', 'config.yaml']);
  }));

test('a config.yaml with a mistake is not touched', () =>
  withTempFolder(async (folder) => {
    const configFile = join(folder, 'config.yaml');
    writeFileSync(configFile, 'function: {}\n');
    const added = { name: 'a', runtime: 'node', folder: join(folder, 'a'), configFile } as const;
    await assert.rejects(
      addFunction(added),
      /config\.yaml:1:1: .*unknown key "function"; did you mean "functions"/,
    );
    assert.deepEqual(readdirSync(folder), ['config.yaml']);
  }));
