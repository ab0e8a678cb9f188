import assert from 'node:assert/strict';
import { cpSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli, runCliOk } from '../support/cli.js';
import { checkRefused, filesBelow } from '../support/refusal.js';
import { SMALL, smallModel } from '../support/small_model.js';
import { temporaryFolder } from '../support/temporary.js';

interface ModelCase {
  readonly title: string;
  /** Damages a version of a model. */
  readonly damage: (version: string) => void;
  /** What predict and serve must say. */
  readonly says: readonly string[];
}

const CASES: readonly ModelCase[] = [
  {
    title: 'a folder without a model',
    damage: (version) => rmSync(version, { recursive: true }),
    says: ['models', 'expected'],
  },
  {
    title: 'a graph that is cut off',
    damage: (version) => truncateSync(join(version, 'saved_model.pb'), 300),
    says: ['models/1', 'saved_model.pb'],
  },
  {
    title: 'variables that are cut off',
    damage: (version) => truncateSync(join(version, 'variables', 'variables.data-00000-of-00001'), 100),
    says: ['models/1', 'variables are damaged or incomplete'],
  },
  {
    title: 'variables that are missing',
    damage: (version) => rmSync(join(version, 'variables'), { recursive: true }),
    says: ['models/1', 'variables are damaged or incomplete'],
  },
  {
    title: 'an op library that is cut off',
    damage: (version) => truncateSync(join(version, 'assets', 'liboverlap.so'), 5000),
    says: ['models/1/assets/liboverlap.so', 'cannot be loaded'],
  },
];

test('a damaged model is neither served nor predicted with', async (t) => {
  const base = smallModel(t);
  const steps = ['--train_config.num_steps', '1', '--export_config.exporter_type', 'none'];
  await runCliOk(['train', ...SMALL, ...steps], { cwd: base });
  const { stdout } = await runCliOk(['export', ...SMALL, '--export_dir', 'exported'], { cwd: base });
  for (const { title, damage, says } of CASES) {
    await t.test(title, async (tt) => {
      const folder = temporaryFolder(tt);
      cpSync(join(base, stdout.trim()), join(folder, 'models', '1'), { recursive: true });
      damage(join(folder, 'models', '1'));
      const before = filesBelow(folder);
      const input = ['--input_path', join(base, 'eval.csv'), '--output_path', 'out.csv'];
      for (const args of [
        ['predict', '--saved_model_dir', 'models', ...input, '--load_op_libraries'],
        ['serve', '--model_base_path', 'models', '--rest_api_port', '0', '--load_op_libraries'],
      ]) {
        checkRefused(await runCli(args, { cwd: folder }), ...says);
        assert.deepEqual(filesBelow(folder), before);
      }
    });
  }
});

test('a column that is not there, and an output that cannot be written, are refused', async (t) => {
  const folder = smallModel(t);
  await runCliOk(['train', ...SMALL, '--train_config.num_steps', '1'], { cwd: folder });
  const paths = ['--saved_model_dir', 'model/export/final', '--input_path', 'eval.csv'];
  const predict = ['predict', ...paths, '--output_path', 'out.csv'];
  const before = filesBelow(folder);
  const outputs = await runCli([...predict, '--output_cols', 'prob'], { cwd: folder });
  checkRefused(outputs, '--output_cols: no column "prob"; did you mean "probs"?');
  const reserved = await runCli([...predict, '--reserved_cols', 'usr'], { cwd: folder });
  checkRefused(reserved, '--reserved_cols: no column "usr"; did you mean "user"?');
  const inFile = await runCli([...predict.slice(0, -1), 'eval.csv/out.csv'], { cwd: folder });
  checkRefused(inFile, 'eval.csv/out.csv: cannot be written');
  assert.deepEqual(filesBelow(folder), before);
});
