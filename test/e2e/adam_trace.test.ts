import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { packageFile } from '../../easyrec/package_files.js';
import { CheckpointReader } from '../../easyrec/tf/index.js';
import { runCliOk } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';

const GOLDEN = packageFile('test/golden/easyrec_adam_trace');

const LEARNING_RATE = 0.01;
// Adam's 1e-8 as it acts on the first gradient: divided by sqrt(1 - beta2).
const EPSILON = 1e-8 / Math.sqrt(1 - 0.999);
const GRADIENT_NOISE = 3e-8;

/** Adam's first step is lr g / (|g| + epsilon): where g is all but 0, the noise of float32 sums decides its size. */
function stepTolerance(gradient: number): number {
  return 1e-6 + (LEARNING_RATE * EPSILON * GRADIENT_NOISE) / (Math.abs(gradient) + EPSILON) ** 2;
}

/** A folder with EasyRec's config, data and first checkpoint. */
function startOf(t: TestContext): string {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'model_dir'));
  for (const name of ['pipeline.config', 'train.csv', 'eval.csv'])
    cpSync(join(GOLDEN, name), join(folder, name));
  for (const part of ['index', 'data-00000-of-00001']) {
    cpSync(join(GOLDEN, `model.ckpt-0.${part}`), join(folder, 'model_dir', `model.ckpt-0.${part}`));
  }
  return folder;
}

test("takes EasyRec's first step: same loss, same dense weights, same rows", async (t) => {
  const folder = startOf(t);
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
  using theirs = new CheckpointReader(join(GOLDEN, 'model.ckpt-1'));
  using ours = new CheckpointReader(join(folder, 'model_dir', 'model.ckpt-1'));
  assert.deepEqual(ours.names, theirs.names);
  let compared = 0;
  for (const { name, dtype } of theirs.entries()) {
    if (dtype !== 'float32') continue;
    using want = theirs.read(name);
    using got = ours.read(name);
    const [expected, actual] = [want, got].map((tensor) => tensor.data('float32'));
    using moments = theirs.has(`${name}/Adam`) ? theirs.read(`${name}/Adam`) : want;
    const isWeight = moments !== want;
    const slope = moments.data('float32');
    expected?.forEach((value, i) => {
      const tolerance = isWeight ? stepTolerance((slope[i] ?? NaN) / 0.1) : 1e-7 + 1e-5 * Math.abs(value);
      assert.ok(
        Math.abs((actual?.[i] ?? NaN) - value) <= tolerance,
        `${name}[${i}]: ${actual?.[i]} instead of ${value}`,
      );
      compared++;
    });
  }
  assert.ok(compared > 10_000);
});

for (const way of ['native ops', 'standard ops']) {
  test(`with ${way}, twenty steps end where EasyRec's do: weights and moments of every row, looked up or not`, async (t) => {
    const folder = startOf(t);
    await runCliOk(
      [
        'train',
        '--pipeline_config_path',
        'pipeline.config',
        '--continue_train',
        '--train_config.num_steps=20',
        '--train_config.save_checkpoints_steps=7',
        ...(way === 'standard ops' ? ['--plain'] : []),
      ],
      { cwd: folder },
    );
    using theirs = new CheckpointReader(join(GOLDEN, 'model.ckpt-20'));
    using ours = new CheckpointReader(join(folder, 'model_dir', 'model.ckpt-20'));
    assert.deepEqual(ours.names, theirs.names);
    let rows = 0;
    for (const { name, dtype } of theirs.entries()) {
      if (dtype !== 'float32') continue;
      using want = theirs.read(name);
      using got = ours.read(name);
      const [expected, actual] = [want.data('float32'), got.data('float32')];
      const isTable = name.includes('embedding_weights');
      if (isTable) rows += theirs.shape(name)[0] ?? 0;
      // Dense kernels have gradients near 0, of which Adam's root makes more than noise, and with the kernels' last digits
      // those of the tables' gradients change. Without that, rows of a store come to within 1e-6 of TensorFlow's:
      // test/train/embedding_store/tensorflow_oracle.test.ts.
      const tolerance = isTable ? 3e-6 : 2e-5;
      expected.forEach((value, i) => {
        const difference = Math.abs((actual[i] ?? NaN) - value);
        assert.ok(
          difference <= tolerance * Math.max(1, Math.abs(value)),
          `${name}[${i}]: ${actual[i]} instead of ${value}`,
        );
      });
    }
    assert.ok(rows > 500, `${rows} rows`);
  });
}
