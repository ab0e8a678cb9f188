import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { runCli, runCliOk } from '../support/cli.js';
import { checkRefused } from '../support/refusal.js';
import { SMALL, smallModel } from '../support/small_model.js';

const WEIGHTED = [
  'features { input_names: "item" feature_type: IdFeature embedding_dim: 4 hash_bucket_size: 50 }',
  'features { input_names: "item" feature_type: TagFeature embedding_dim: 4 hash_bucket_size: 50 kv_separator: ":" }',
] as const;

test('an op that refuses its input ends training with the op’s own message, and does not block the next try', async (t) => {
  const folder = smallModel(t, WEIGHTED);
  const result = await runCli(['train', ...SMALL], { cwd: folder });
  checkRefused(result, 'training step 1: INVALID_ARGUMENT', 'weight');
  assert.ok(readdirSync(join(folder, 'model')).includes('model.ckpt-0.index'));
  checkRefused(await runCli(['train', ...SMALL], { cwd: folder }), 'training step 1: INVALID_ARGUMENT');
});

test('a folder whose only checkpoint holds trained weights is not trained over', async (t) => {
  const folder = smallModel(t);
  await runCliOk(['train', ...SMALL, '--train_config.num_steps', '1'], { cwd: folder });
  checkRefused(await runCli(['train', ...SMALL], { cwd: folder }), 'found one of step 1', '--continue_train');
});
