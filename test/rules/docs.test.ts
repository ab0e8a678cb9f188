import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { before, test } from 'node:test';
import { HelpRequested } from '../../easyrec/cli/args.js';
import type { Command, CommandContext } from '../../easyrec/cli/command.js';
import { data } from '../../easyrec/cli/data.js';
import { callFunction } from '../../easyrec/cli/dcf/call.js';
import { createFunctions } from '../../easyrec/cli/dcf/create.js';
import { deleteFunctions } from '../../easyrec/cli/dcf/delete.js';
import { gatewayCommand } from '../../easyrec/cli/dcf/gateway.js';
import { initFunction } from '../../easyrec/cli/dcf/init.js';
import { functionInfo } from '../../easyrec/cli/dcf/info.js';
import { listFunctions } from '../../easyrec/cli/dcf/list.js';
import { functionLog } from '../../easyrec/cli/dcf/log.js';
import { serveFunction } from '../../easyrec/cli/dcf/serve.js';
import { doctor } from '../../easyrec/cli/doctor.js';
import { evaluate } from '../../easyrec/cli/eval.js';
import { exportCommand } from '../../easyrec/cli/export.js';
import { createApplication } from '../../easyrec/cli/operator/application.js';
import { searchImages, uploadImage } from '../../easyrec/cli/operator/images.js';
import { initOperator } from '../../easyrec/cli/operator/init.js';
import { createPipeline } from '../../easyrec/cli/operator/pipeline.js';
import { prepareOperator } from '../../easyrec/cli/operator/prepare.js';
import { registerOperator } from '../../easyrec/cli/operator/register.js';
import { serveOperator } from '../../easyrec/cli/operator/serve.js';
import { testCommand } from '../../easyrec/cli/operator/test.js';
import { op } from '../../easyrec/cli/op.js';
import { predict } from '../../easyrec/cli/predict.js';
import { serve } from '../../easyrec/cli/serve.js';
import { setup } from '../../easyrec/cli/setup.js';
import { train } from '../../easyrec/cli/train.js';
import { SILENT_LOG } from '../../easyrec/log.js';
import { packageFile } from '../../easyrec/package_files.js';
import { type ProjectFile, projectFiles } from './project_files.js';

const PAGES = ['*.md', 'docs/**/*.md', 'ops/**/*.md'];
const PARTS: readonly (readonly [Command, readonly string[]])[] = [
  [train, []],
  [evaluate, []],
  [exportCommand, []],
  [predict, []],
  [serve, []],
  [op, ['build']],
  [initOperator, []],
  [prepareOperator, []],
  [serveOperator, []],
  [testCommand, []],
  [registerOperator, []],
  [createPipeline, []],
  [createApplication, []],
  [uploadImage, []],
  [searchImages, []],
  [initFunction, []],
  [createFunctions, []],
  [listFunctions, []],
  [callFunction, []],
  [deleteFunctions, []],
  [functionInfo, []],
  [functionLog, []],
  [serveFunction, []],
  [gatewayCommand, []],
  [data, ['movielens-like']],
  [data, ['criteo-like']],
  [data, ['prepare-movielens']],
  [setup, []],
  [doctor, []],
];
/** Flags of other programs, and edits of a config. */
const FOREIGN = /^--(build|data|logdir|version|(data|train|feature|model|export|eval)_config)$/;

let known: ReadonlySet<string>;

async function helpOf(command: Command, words: readonly string[]): Promise<string> {
  const { stdout, stderr } = process;
  const context: CommandContext = { log: SILENT_LOG, stdout, stderr, signal: new AbortController().signal };
  try {
    await command([...words, '--help'], context);
  } catch (error) {
    if (error instanceof HelpRequested) return error.message;
    throw error;
  }
  throw new Error(`${words.join(' ')} --help: no help`);
}

function helpOfProgram(path: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [packageFile(path), '--help'], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

before(async () => {
  const texts = await Promise.all(PARTS.map(([command, words]) => helpOf(command, words)));
  const benches = ['run', 'growth', 'steps', 'serving/main', 'serving/limit', 'serving/load'].map((name) =>
    helpOfProgram(`dist/bench/${name}.js`),
  );
  const peers = projectFiles('bench/peers/*.py').map(({ text }) => text);
  known = new Set([...texts, ...benches, ...peers].flatMap((text) => text.match(/--[a-z_]+/g) ?? []));
});

/** Flags in pages that no command has, such as those of older versions. */
function unknownFlags(files: readonly ProjectFile[]): readonly string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, i) =>
      // Not where another program or an option such as -l:name is named.
      (/\b(pip|cmake|npm|npx prettier|g\+\+|node --test|curl) /.test(line)
        ? []
        : (line.match(/(?<![\w-])--[a-z_]+/g) ?? [])
      )
        .filter((flag) => !known.has(flag) && !FOREIGN.test(flag))
        .map((flag) => `${path}:${i + 1}: ${flag}`),
    ),
  );
}

/** Links to files that are not there. */
function brokenLinks(files: readonly ProjectFile[]): readonly string[] {
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target.replace(/#.*$/, ''))
      .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
      .filter((target) => !existsSync(packageFile(posix.join(posix.dirname(path), target))))
      .map((target) => `${path}: ${target}`),
  );
}

test('pages name flags that there are', () => {
  const pages = projectFiles(PAGES);
  assert.ok(pages.length > 8, 'expected to find the pages');
  assert.deepEqual(unknownFlags(pages), []);
});

test('pages link to files that there are', () => {
  assert.deepEqual(brokenLinks(projectFiles(PAGES)), []);
});

test('a flag or file that is not there is found', () => {
  const text =
    'Use `--modeldir` or `--model_dir`, see [that](nothing.md), [this](README.md), [them](https://x.y/z).';
  assert.deepEqual(unknownFlags([{ path: 'x.md', text }]), ['x.md:1: --modeldir']);
  assert.deepEqual(brokenLinks([{ path: 'x.md', text }]), ['x.md: nothing.md']);
});
