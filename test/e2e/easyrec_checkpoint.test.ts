import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { packageFile } from '../../easyrec/package_files.js';
import { CheckpointReader } from '../../easyrec/tf/index.js';
import { runCliOk } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';

// What real EasyRec wrote. More such cases can be given as a folder of folders in EASYREC_REFERENCE.
const extra = process.env['EASYREC_REFERENCE'];
const cases = [
  packageFile('test/golden/easyrec_adam_trace'),
  ...(extra === undefined ? [] : readdirSync(extra).map((name) => join(extra, name))),
].filter((directory) => existsSync(join(directory, 'predictions.csv')));

/** A copy of a case, its last checkpoint in model_dir. */
function workingCopy(t: TestContext, directory: string): { readonly folder: string; readonly step: number } {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'model_dir'));
  const result = JSON.parse(readFileSync(join(directory, 'eval_result.json'), 'utf8')) as {
    global_step: number;
  };
  for (const name of readdirSync(directory)) {
    const isCheckpoint = name.startsWith(`model.ckpt-${result.global_step}.`);
    if (isCheckpoint) cpSync(join(directory, name), join(folder, 'model_dir', name));
    else if (/^(pipeline\.config|.*\.csv)$/.test(name)) cpSync(join(directory, name), join(folder, name));
  }
  return { folder, step: result.global_step };
}

function rowsOf(file: string): string[][] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
}

function columnOf(file: string, name: string): number[] {
  const [header = [], ...rows] = rowsOf(file);
  const index = header.indexOf(name);
  assert.ok(index >= 0, `${file} has no column ${name}`);
  return rows.map((row) => Number(row[index]));
}

for (const directory of cases) {
  test(`evaluates EasyRec's checkpoint to EasyRec's own AUC and loss: ${directory}`, async (t) => {
    const { folder } = workingCopy(t, directory);
    const { stdout } = await runCliOk(['eval', '--pipeline_config_path', 'pipeline.config', '--json'], {
      cwd: folder,
    });
    const received = JSON.parse(stdout) as Record<string, number>;
    const expected = JSON.parse(readFileSync(join(directory, 'eval_result.json'), 'utf8')) as Record<
      string,
      number
    >;
    assert.deepEqual(Object.keys(received).sort(), Object.keys(expected).sort());
    for (const [name, value] of Object.entries(expected)) {
      assert.ok(
        Math.abs((received[name] ?? NaN) - value) <= 1e-5,
        `${name}: ${received[name]} instead of ${value}`,
      );
    }
  });

  test(`exports EasyRec's checkpoint and predicts EasyRec's logits: ${directory}`, async (t) => {
    const { folder } = workingCopy(t, directory);
    await runCliOk(['export', '--pipeline_config_path', 'pipeline.config', '--export_dir', 'export'], {
      cwd: folder,
    });
    await runCliOk(
      ['predict', '--saved_model_dir', 'export', '--input_path', 'eval.csv', '--output_path', 'out.csv'],
      { cwd: folder },
    );
    for (const name of ['logits', 'probs']) {
      const received = columnOf(join(folder, 'out.csv'), name);
      const expected = columnOf(join(directory, 'predictions.csv'), name);
      assert.equal(received.length, expected.length);
      const worst = Math.max(...expected.map((value, i) => Math.abs((received[i] ?? NaN) - value)));
      assert.ok(worst <= 1e-5, `${name} differ by up to ${worst}`);
    }
  });

  test(`goes on training from EasyRec's checkpoint: ${directory}`, async (t) => {
    const { folder, step } = workingCopy(t, directory);
    const args = ['train', '--pipeline_config_path', 'pipeline.config', '--continue_train', '--json'];
    const { stdout } = await runCliOk([...args, '--train_config.num_steps', String(step + 10)], {
      cwd: folder,
    });
    const result = JSON.parse(stdout) as { global_step: number; loss: number };
    assert.equal(result.global_step, step + 10);
    const before = JSON.parse(readFileSync(join(directory, 'eval_result.json'), 'utf8')) as { loss: number };
    assert.ok(result.loss < before.loss + 0.05, `the loss went from ${before.loss} to ${result.loss}`);
    using ours = new CheckpointReader(join(folder, 'model_dir', `model.ckpt-${step + 10}`));
    const theirs = readFileSync(join(directory, 'variables.tsv'), 'utf8').trimEnd().split('\n').slice(1);
    const described = ours
      .entries()
      .map(({ name, shape, dtype }) => [name, shape.join(','), dtype].join('\t'));
    assert.deepEqual(described.sort(), theirs.sort());
  });
}
