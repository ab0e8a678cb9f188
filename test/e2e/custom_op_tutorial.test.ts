import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { packageFile } from '../../easyrec/package_files.js';
import { CheckpointReader } from '../../easyrec/tf/index.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../support/python.js';
import { checkPrinted, fileBlock, followTutorial, parseTutorial } from '../support/tutorial.js';

const execute = promisify(execFile);
const INSTALL = 'npm install easyrec typescript\n';
const PROGRAM = `
import {
  evaluateCheckpoint, exportCheckpoint, loadPipelineConfig, loadPlugin, parseEditConfigJson, planModel, predictFile,
  SILENT_LOG as log, startServer, train,
} from 'easyrec';
const config = loadPipelineConfig('pipeline.config', {
  modelDir: 'program',
  edits: parseEditConfigJson('{"train_config.num_steps": 20}'),
});
const plan = planModel(config, { plugins: [await loadPlugin('time_decay.ts')], log });
const { step, evaluation } = await train({ plan });
const { values } = await evaluateCheckpoint(plan, { checkpointPath: 'program' });
const savedModelDir = await exportCheckpoint(plan, { exportDir: 'program/export', checkpointPath: 'program', log });
const { rows } = await predictFile({
  savedModelDir, inputPath: 'data/movies_test_data', outputPath: 'program/predictions.csv', batchSize: 1000,
});
const server = await startServer({ modelBasePath: 'program/export', restApiPort: 0, loadOpLibraries: true, log });
const { status } = await fetch(\`http://127.0.0.1:\${server.port}/v1/models/default\`);
await server.close();
console.log(JSON.stringify({ step, rows, status, auc: evaluation.values.auc, again: values.auc }));
`;
const blocks = parseTutorial(readFileSync(packageFile('docs/custom_op.md'), 'utf8'));

/** The probabilities in what the server answered, row by row. */
function servedProbabilities(printed: readonly string[]): readonly number[] {
  return Array.from(printed.join('').matchAll(/"probs": (\S+)/g), ([, number]) => Number(number));
}

describe('the tutorial of a custom op, as written, from an empty folder', () => {
  const root = mkdtempSync(join(tmpdir(), 'easyrec-tutorial-'));
  const folder = join(root, 'folder');
  let printed: readonly string[] = [];

  before(async () => {
    printed = await followTutorial(blocks, { root, extra: ['typescript'] });
  });

  after(() => rmSync(root, { recursive: true, force: true }));

  const exported = (): string => {
    const [version] = readdirSync(join(folder, 'export'));
    return join(folder, 'export', version ?? '');
  };

  test('says how to install the package in one line', () => {
    const commands = blocks.filter((block) => block.kind === 'commands');
    assert.equal(commands.filter(({ text }) => text.includes(INSTALL)).length, 1);
  });

  test('prints what it shows', () => {
    assert.ok(checkPrinted(blocks, printed).length >= 5);
  });

  test('trains the variable of the component through the rule for the op', () => {
    const state = readFileSync(join(folder, 'model', 'checkpoint'), 'utf8');
    const latest = /^model_checkpoint_path: "(.*)"/.exec(state)?.[1] ?? '';
    using checkpoint = new CheckpointReader(join(folder, 'model', latest));
    using value = checkpoint.read('backbone/freshness/log_half_life');
    const [trained = Number.NaN] = value.data('float32');
    assert.ok(Math.abs(trained - Math.log(5)) > 0.01, `${trained} after training from ${Math.log(5)}`);
  });

  test('serves another probability for another year, and leaves no server behind', async () => {
    const [old = Number.NaN, young = Number.NaN] = servedProbabilities(printed);
    assert.ok(Math.abs(old - young) > 1e-3, `${old} and ${young}`);
    await assert.rejects(fetch('http://localhost:8510/v1/models/movies'));
  });

  test('exports the library of an op in use unasked', async () => {
    const easyrec = join(folder, 'node_modules', '.bin', 'easyrec');
    const flags = ['--pipeline_config_path', 'pipeline.config', '--plugin', 'time_decay.ts'];
    const { stdout } = await execute(easyrec, ['export', ...flags, '--export_dir', 'unasked'], {
      cwd: folder,
    });
    const names = readdirSync(join(folder, stdout.trim(), 'assets'));
    assert.deepEqual(names.sort(), ['libtime_decay.so', 'op_libraries.json', 'pipeline.config']);
  });

  test('a program does the same through the package', async () => {
    writeFileSync(join(folder, 'program.mjs'), PROGRAM);
    const { stdout } = await execute(process.execPath, ['program.mjs'], { cwd: folder });
    const { step, rows, status, auc, again } = JSON.parse(stdout) as Record<string, number>;
    assert.deepEqual({ step, rows, status }, { step: 20, rows: 10_000, status: 200 });
    assert.ok(Math.abs((auc ?? Number.NaN) - (again ?? Number.NaN)) < 1e-4, `${auc} and ${again}`);
  });

  for (const version of ORACLE_VERSIONS) {
    const skip = skipWithoutTensorflow(version);
    test(`loads in TensorFlow ${version} of Python with the same library`, { skip }, async () => {
      const printedThere = await runPython(version, fileBlock(blocks, 'load_model.py'), [exported()]);
      const there = (JSON.parse(printedThere) as readonly (number | readonly number[])[]).flat();
      const here = servedProbabilities(printed);
      assert.equal(there.length, here.length);
      there.forEach((value, i) => assert.ok(Math.abs(value - (here[i] ?? Number.NaN)) < 1e-6));
    });
  }

  test('has types that hold a plugin against what the package takes', async () => {
    const wrong = fileBlock(blocks, 'time_decay.ts').replace("'float32'", "'float33'");
    writeFileSync(join(folder, 'wrong.ts'), wrong);
    const arguments_ = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', 'wrong.ts'];
    const tsc = join(folder, 'node_modules', '.bin', 'tsc');
    await assert.rejects(execute(tsc, arguments_, { cwd: folder }), (error) => {
      assert.ok(error instanceof Error && 'stdout' in error && typeof error.stdout === 'string');
      const [first = '', ...others] = error.stdout.trim().split('\n');
      assert.match(first, /^wrong\.ts\(\d+,\d+\): error TS2345: .*"float33"/);
      assert.deepEqual(others, []);
      return true;
    });
  });
});
