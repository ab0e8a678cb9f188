import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { packageFile } from '../../easyrec/package_files.js';
import { trainOnMovielens } from '../support/movielens.js';

/** AUC on rows it was not trained on that each config reaches in 200 steps, whatever the seed; guessing gives 0.5. */
const AUC_AFTER_200_STEPS: Readonly<Record<string, number>> = {
  'deepfm_backbone_on_movielens.config': 0.72,
  'mlp_on_movielens.config': 0.59,
  'overlap_on_movielens.config': 0.6,
};

const STEPS = 200;
const BATCH = 256;

test('every config on MovieLens has a bound', () => {
  const configs = readdirSync(packageFile('configs')).filter((name) => name.endsWith('_on_movielens.config'));
  assert.deepEqual(configs.sort(), Object.keys(AUC_AFTER_200_STEPS).sort());
});

for (const [config, bound] of Object.entries(AUC_AFTER_200_STEPS)) {
  test(`${config} learns from generated rows`, async (t) => {
    const { result } = await trainOnMovielens(t, {
      config,
      trainRows: STEPS * BATCH,
      testRows: 4000,
      flags: ['--data_config.batch_size', String(BATCH), '--train_config.num_steps', String(STEPS)],
    });
    assert.equal(result['global_step'], STEPS);
    assert.ok(Number(result['auc']) > bound, `AUC: expected above ${bound}, received ${result['auc']}`);
    assert.ok(Number(result['loss']) < 0.6, `loss: expected below 0.6, received ${result['loss']}`);
  });
}
