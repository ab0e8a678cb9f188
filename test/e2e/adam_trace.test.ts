import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { packageFile } from '../../easyrec/package_files.js';
import { CheckpointReader } from '../../easyrec/tf/index.js';
import { runCliOk } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';

const GOLDEN = packageFile('test/golden/easyrec_adam_trace');

test("takes EasyRec's first step: same loss, same dense weights, same touched rows", async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'model_dir'));
  for (const name of ['pipeline.config', 'train.csv', 'eval.csv'])
    cpSync(join(GOLDEN, name), join(folder, name));
  for (const part of ['index', 'data-00000-of-00001']) {
    cpSync(join(GOLDEN, `model.ckpt-0.${part}`), join(folder, 'model_dir', `model.ckpt-0.${part}`));
  }
  const { stderr } = await runCliOk(
    [
      'train',
      '--pipeline_config_path',
      'pipeline.config',
      '--continue_train',
      '--train_config.num_steps=1',
      '--train_config.log_step_count_steps=1',
    ],
    { cwd: folder },
  );
  const [, expected = ''] = readFileSync(join(GOLDEN, 'train_losses.tsv'), 'utf8').split('\n');
  const total = Number(expected.split('\t')[5]);
  const received = Number(/global step 1: .*total_loss = ([\d.e-]+)/.exec(stderr)?.[1]);
  assert.ok(Math.abs(received - total) <= 1e-5, `total_loss ${received} instead of ${total}`);
  using before = new CheckpointReader(join(GOLDEN, 'model.ckpt-0'));
  using theirs = new CheckpointReader(join(GOLDEN, 'model.ckpt-1'));
  using ours = new CheckpointReader(join(folder, 'model_dir', 'model.ckpt-1'));
  assert.deepEqual(ours.names, theirs.names);
  let compared = 0;
  for (const { name, dtype } of theirs.entries()) {
    if (dtype !== 'float32') continue;
    using start = before.read(name);
    using want = theirs.read(name);
    using got = ours.read(name);
    const [s, w, g] = [start, want, got].map((tensor) => tensor.data('float32'));
    w?.forEach((value, i) => {
      // With zero moments before the first step, Adam leaves a row alone that has no gradient.
      const tolerance = 1e-6 + 1e-4 * Math.abs(value - (s?.[i] ?? NaN));
      assert.ok(
        Math.abs((g?.[i] ?? NaN) - value) <= tolerance,
        `${name}[${i}]: ${g?.[i]} instead of ${value}`,
      );
      compared++;
    });
  }
  assert.ok(compared > 10_000);
});
