import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageFile } from '../../easyrec/package_files.js';
import { CheckpointReader } from '../../easyrec/tf/index.js';
import { runCliOk } from '../support/cli.js';
import { edited } from '../support/small_model.js';
import { temporaryFolder } from '../support/temporary.js';

const GOLDEN = packageFile('test/golden/easyrec_adam_trace');

/** The total loss of each step. */
function lossesOf(stderr: string): readonly number[] {
  return [...stderr.matchAll(/total_loss = ([\d.e-]+)/g)].map(([, loss]) => Number(loss));
}

for (const optimizer of ['adam_optimizer', 'lazy_adam_optimizer', 'adagrad_optimizer']) {
  test(`${optimizer}: native ops and standard ops train alike, from losses to checkpoints`, async (t) => {
    const folder = temporaryFolder(t);
    for (const name of ['train.csv', 'eval.csv']) cpSync(join(GOLDEN, name), join(folder, name));
    const config = readFileSync(join(GOLDEN, 'pipeline.config'), 'utf8');
    writeFileSync(join(folder, 'pipeline.config'), edited(config, [['adam_optimizer', optimizer]]));
    const train = async (name: string, ...flags: readonly string[]): Promise<readonly number[]> => {
      const given = [
        '--train_config.num_steps=60',
        '--train_config.log_step_count_steps=1',
        '--model_dir',
        name,
      ];
      const rest = ['--train_config.save_checkpoints_steps=25', '--export_config.exporter_type', 'none'];
      const command = ['train', '--pipeline_config_path', 'pipeline.config', ...given, ...rest, ...flags];
      return lossesOf((await runCliOk(command, { cwd: folder })).stderr);
    };
    const native = await train('native');
    const plain = await train('plain', '--plain');
    assert.equal(plain.length, 60);
    assert.equal(native.length, 60);
    plain.forEach((loss, i) => {
      assert.ok(Math.abs((native[i] ?? NaN) - loss) <= 2e-4, `step ${i + 1}: ${native[i]} and ${loss}`);
      if (i < 10)
        assert.ok(Math.abs((native[i] ?? NaN) - loss) <= 5e-6, `step ${i + 1}: ${native[i]} and ${loss}`);
    });
    using ofNative = new CheckpointReader(join(folder, 'native', 'model.ckpt-60'));
    using ofPlain = new CheckpointReader(join(folder, 'plain', 'model.ckpt-60'));
    assert.deepEqual(ofNative.names, ofPlain.names);
    for (const name of ofPlain.names) assert.deepEqual(ofNative.shape(name), ofPlain.shape(name), name);
  });
}
