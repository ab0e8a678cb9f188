import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CheckpointReader } from '../../easyrec/tf/index.js';
import { differingTensors } from '../support/checkpoints.js';
import { runCli, runCliOk } from '../support/cli.js';
import { SMALL, smallModel } from '../support/small_model.js';

const TRAIN = ['train', ...SMALL, '--export_config.exporter_type', 'none'];
const COMPACT = '--compact_checkpoints';

/** A run with ordinary checkpoints in `full`, and one with compact ones in `compact`. */
async function bothRuns(folder: string): Promise<void> {
  await runCliOk([...TRAIN, '--model_dir', 'full'], { cwd: folder });
  await runCliOk([...TRAIN, '--model_dir', 'compact', COMPACT], { cwd: folder });
}

test('a compact checkpoint is evaluated, exported and gone on from as an ordinary one', async (t) => {
  const folder = smallModel(t);
  await bothRuns(folder);
  using reader = new CheckpointReader(join(folder, 'compact', 'model.ckpt-12'));
  const table = 'input_layer/user_embedding/embedding_weights';
  assert.ok(reader.has(`${table}/compact/ids`) && !reader.has(table));
  assert.ok((reader.shape(`${table}/compact/rows`)[0] ?? 50) < 50);

  const outputs = [];
  for (const model of ['full', 'compact']) {
    const { stdout } = await runCliOk(['eval', ...SMALL, '--model_dir', model, '--json'], {
      cwd: folder,
    });
    const exported = `${model}_export`;
    await runCliOk(['export', ...SMALL, '--checkpoint_path', model, '--export_dir', exported], {
      cwd: folder,
    });
    const [version = ''] = readdirSync(join(folder, exported));
    const variables = join(folder, exported, version, 'variables', 'variables');
    const args = ['--saved_model_dir', exported, '--input_path', 'eval.csv', '--output_path', `${model}.csv`];
    await runCliOk(['predict', ...args], { cwd: folder });
    outputs.push({
      evaluated: stdout,
      variables,
      predicted: readFileSync(join(folder, `${model}.csv`), 'utf8'),
    });
  }
  const [full, compact] = outputs;
  assert.ok(full && compact);
  assert.equal(compact.evaluated, full.evaluated);
  assert.equal(compact.predicted, full.predicted);
  assert.deepEqual(differingTensors(compact.variables, full.variables), []);

  // To ordinary checkpoints, by native tables and by standard ops.
  cpSync(join(folder, 'compact'), join(folder, 'plain'), { recursive: true });
  const on = ['--continue_train', '--train_config.num_steps', '20'];
  for (const model of ['full', 'compact'])
    await runCliOk([...TRAIN, '--model_dir', model, ...on], { cwd: folder });
  const last = (model: string): string => join(folder, model, 'model.ckpt-20');
  assert.deepEqual(differingTensors(last('compact'), last('full')), []);
  const { stderr } = await runCliOk([...TRAIN, '--model_dir', 'plain', '--plain', ...on], { cwd: folder });
  assert.match(stderr, /^going on from plain\/model\.ckpt-12, step 12$/m);
  using plain = new CheckpointReader(last('plain'));
  using other = new CheckpointReader(last('full'));
  assert.deepEqual(plain.entries(), other.entries());
  using left = plain.read(table);
  using right = other.read(table);
  const expected = right.data('float32');
  const worst = Math.max(...left.data('float32').map((value, i) => Math.abs(value - (expected[i] ?? NaN))));
  assert.ok(worst < 1e-4, `weights differ by up to ${worst}`);
});

test('fine-tuning takes all variables from a compact checkpoint, also with another seed', async (t) => {
  const folder = smallModel(t);
  await bothRuns(folder);
  for (const model of ['full', 'compact']) {
    const flags = ['--fine_tune_checkpoint', model, '--seed', '7', '--train_config.num_steps', '3'];
    const { stderr } = await runCliOk([...TRAIN, '--model_dir', `${model}_tuned`, ...flags], { cwd: folder });
    assert.match(stderr, /^fine-tuning from .*: \d+ variables taken over, 1 start anew$/m);
  }
  const step = (model: string, number: number): string => join(folder, model, `model.ckpt-${number}`);
  for (const number of [0, 3]) {
    assert.deepEqual(differingTensors(step('compact_tuned', number), step('full_tuned', number)), []);
  }
});

test('compact checkpoints are refused where tables are ordinary variables', async (t) => {
  const folder = smallModel(t);
  const { code, stderr } = await runCli([...TRAIN, '--plain', COMPACT], { cwd: folder });
  assert.equal(code, 2);
  assert.match(stderr, /^error: --compact_checkpoints: expected embedding tables in the native store/m);
});
