import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { CheckpointReader } from '../../easyrec/tf/index.js';
import { evaluateCheckpoint } from '../../easyrec/train/evaluate_checkpoint.js';
import { differingTensors } from '../support/checkpoints.js';
import { planIn, trainIn } from '../support/in_process.js';
import { tableModel } from '../support/table_model.js';
import { meanLoss, predicted } from '../support/predicted.js';

const OPTIMIZERS = ['adam_optimizer', 'adamw_optimizer', 'lazy_adam_optimizer', 'adagrad_optimizer'] as const;
const TWO_THREADS = {
  'train_config.intra_op_parallelism_threads': 2,
  'train_config.inter_op_parallelism_threads': 2,
};
const SILENT = { info: () => undefined, warn: () => undefined, debug: () => undefined };

/** The largest difference of two lists of the same length. */
function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  return Math.max(0, ...Array.from(a, (value, i) => Math.abs(value - (b[i] ?? NaN))));
}

for (const optimizer of OPTIMIZERS) {
  const folderOf = (t: Parameters<typeof tableModel>[0]): string =>
    tableModel(t, ['adam_optimizer', optimizer]);

  test(`${optimizer}: a store and variables train alike for 200 steps, from losses to checkpoints`, async (t) => {
    const folder = folderOf(t);
    const native = await trainIn(folder, { model: 'native' });
    const plain = await trainIn(folder, { model: 'plain', plain: true });
    assert.deepEqual(native.messages, plain.messages);
    assert.equal(plain.losses.length, 200);
    assert.equal(farthest(native.losses.slice(0, 1), plain.losses.slice(0, 1)) <= 1e-7, true);
    assert.ok(farthest(native.losses.slice(0, 20), plain.losses.slice(0, 20)) <= 2e-6);
    assert.ok(farthest(native.losses, plain.losses) <= 2e-4, `${farthest(native.losses, plain.losses)}`);
    using ofNative = new CheckpointReader(join(folder, 'native', 'model.ckpt-200'));
    using ofPlain = new CheckpointReader(join(folder, 'plain', 'model.ckpt-200'));
    assert.deepEqual(ofNative.entries(), ofPlain.entries());
    // Initial values are the same bit for bit.
    const first = ['native', 'plain'].map((name) => join(folder, name, 'model.ckpt-0')) as [string, string];
    assert.deepEqual(differingTensors(...first), []);
  });

  test(`${optimizer}: a training goes on with variables where a store stopped, and the other way round`, async (t) => {
    const folder = folderOf(t);
    const whole = await trainIn(folder, { model: 'whole', plain: true });
    for (const plain of [false, true]) {
      const model = plain ? 'store_then_variables' : 'variables_then_store';
      const values = { 'train_config.num_steps': 80 };
      const start = await trainIn(folder, { model, plain: !plain, values });
      const end = await trainIn(folder, { model, plain, continueTrain: true });
      const losses = [...start.losses, ...end.losses];
      assert.ok(farthest(losses, whole.losses) <= 2e-4, `${model}: ${farthest(losses, whole.losses)}`);
      assert.ok(farthest(losses.slice(0, 90), whole.losses.slice(0, 90)) <= 2e-5, model);
    }
  });

  test(`${optimizer}: what a store trained, saved and went on from ends as if it had not stopped`, async (t) => {
    const folder = folderOf(t);
    const whole = await trainIn(folder, { model: 'whole', values: TWO_THREADS });
    const values = { ...TWO_THREADS, 'train_config.num_steps': 80 };
    const start = await trainIn(folder, { model: 'parts', values });
    const end = await trainIn(folder, { model: 'parts', values: TWO_THREADS, continueTrain: true });
    assert.deepEqual([...start.losses, ...end.losses], whole.losses);
    const last = ['whole', 'parts'].map((name) => join(folder, name, 'model.ckpt-200')) as [string, string];
    assert.deepEqual(differingTensors(...last), []);
  });

  test(`${optimizer}: runs on two threads are the same bit for bit`, async (t) => {
    const folder = folderOf(t);
    const values = { ...TWO_THREADS, 'train_config.num_steps': 100 };
    const first = await trainIn(folder, { model: 'first', values });
    for (let run = 0; run < 3; run++) {
      const model = `again_${run}`;
      const again = await trainIn(folder, { model, values });
      assert.deepEqual(again.losses, first.losses, model);
      const last = ['first', model].map((name) => join(folder, name, 'model.ckpt-100')) as [string, string];
      assert.deepEqual(differingTensors(...last), []);
    }
  });
}

test('gradients are clipped by one norm, of tables and of all other variables', async (t) => {
  const folder = tableModel(
    t,
    ['adam_optimizer', 'momentum_optimizer'],
    ['num_steps: 200', 'num_steps: 200 gradient_clipping_by_norm: 0.05'],
  );
  const [native, plain, free] = [
    await trainIn(folder, { model: 'native' }),
    await trainIn(folder, { model: 'plain', plain: true }),
    await trainIn(folder, { model: 'free', values: { 'train_config.gradient_clipping_by_norm': 1000 } }),
  ];
  assert.deepEqual(native.messages, plain.messages);
  assert.ok(!native.messages.some((message) => message.includes('standard ops')), native.messages.join());
  assert.equal(plain.losses.length, 200);
  assert.ok(farthest(native.losses, plain.losses) <= 2e-5, `${farthest(native.losses, plain.losses)}`);
  assert.ok(farthest(native.losses, free.losses) > 1e-3, `${farthest(native.losses, free.losses)} without`);
});

test('frozen tables stay as they are, without slots, and do not count for the norm', async (t) => {
  const folder = tableModel(
    t,
    ['adam_optimizer', 'momentum_optimizer'],
    [
      'num_steps: 200',
      'num_steps: 200 gradient_clipping_by_norm: 0.03 freeze_gradient: "input_layer.*/user_embedding" ' +
        'freeze_gradient: "item_wide" freeze_gradient: "mlp/.*/bias:0$"',
    ],
  );
  const [native, plain] = [
    await trainIn(folder, { model: 'native' }),
    await trainIn(folder, { model: 'plain', plain: true }),
  ];
  assert.deepEqual(native.messages, plain.messages);
  assert.ok(farthest(native.losses, plain.losses) <= 2e-5, `${farthest(native.losses, plain.losses)}`);
  const at = (model: string, step: number): string => join(folder, model, `model.ckpt-${step}`);
  using ofNative = new CheckpointReader(at('native', 200));
  using ofPlain = new CheckpointReader(at('plain', 200));
  assert.deepEqual(ofNative.entries(), ofPlain.entries());
  const moved = differingTensors(at('native', 0), at('native', 200));
  const tables = ofNative.names.filter((name) => name.endsWith('embedding_weights'));
  const still = tables.filter((name) => !moved.includes(name));
  assert.deepEqual(
    still,
    tables.filter((name) => /user_embedding|item_wide/.test(name)),
  );
  assert.ok(still.length >= 3 && still.length < tables.length, still.join());
  assert.ok(still.every((name) => !ofNative.has(`${name}/Momentum`)));
});

test('evaluation during training finds what evaluation of the checkpoint finds', async (t) => {
  const folder = tableModel(t);
  const { evaluations } = await trainIn(folder, { model: 'model' });
  assert.ok(evaluations.has(80) && evaluations.has(200));
  for (const [step, { values }] of evaluations) {
    const checkpointPath = join(folder, 'model', `model.ckpt-${step}`);
    const plan = planIn(folder, { model: 'model' }, SILENT);
    const alone = await evaluateCheckpoint(plan, { checkpointPath });
    assert.equal(alone.values['global_step'], step);
    const names = Object.keys(values);
    assert.ok(names.includes('auc') && names.includes('loss'));
    const [during, after] = [values, alone.values].map((found) => names.map((name) => found[name] ?? NaN));
    assert.ok(farthest(during ?? [], after ?? []) <= 1e-6, `step ${step}`);
  }
});

test('an exported model predicts what the evaluation of the training saw', async (t) => {
  const folder = tableModel(t);
  const { evaluations } = await trainIn(folder, { model: 'model' });
  const loss = evaluations.get(200)?.values['loss'] ?? NaN;
  const mean = meanLoss(...(await predicted(folder)));
  assert.ok(Math.abs(mean - loss) <= 1e-6, `${mean} instead of ${loss}`);
});

test('fine-tuning takes tables and slots over into a store as it does into variables', async (t) => {
  const folder = tableModel(t);
  await trainIn(folder, { model: 'old', plain: true, values: { 'train_config.num_steps': 40 } });
  const values = {
    'train_config.fine_tune_checkpoint': join(folder, 'old', 'model.ckpt-40'),
    'train_config.num_steps': 20,
    // A table of another shape starts anew.
    'feature_config.features[3].embedding_dim': 5,
  };
  const [native, plain] = [
    await trainIn(folder, { model: 'native', values }),
    await trainIn(folder, { model: 'plain', plain: true, values }),
  ];
  assert.ok(farthest(native.losses, plain.losses) <= 1e-5, `${farthest(native.losses, plain.losses)}`);
  const taken = (messages: readonly string[]): readonly string[] =>
    messages.filter((message) => message.startsWith('fine-tuning from'));
  assert.equal(taken(native.messages).length, 1);
  assert.deepEqual(taken(native.messages), taken(plain.messages));
  assert.deepEqual(
    differingTensors(join(folder, 'native', 'model.ckpt-0'), join(folder, 'plain', 'model.ckpt-0')),
    [],
  );
});

test('tables that no loss depends on stay as they are, without slots, and are told of as variables are', async (t) => {
  const folder = tableModel(
    t,
    ['embedding_regularization: 1e-5', ''],
    [
      'blocks {\n      name: "mlp"\n      inputs { feature_group_name: "deep" }',
      `blocks {
         name: "list"
         inputs { feature_group_name: "deep" }
         input_layer { output_2d_tensor_and_feature_list: true }
       }
       blocks { name: "mlp" inputs { block_name: "list" input_fn: "lambda x: x[1][1]" }`,
    ],
  );
  const [native, plain] = [
    await trainIn(folder, { model: 'native' }),
    await trainIn(folder, { model: 'plain', plain: true }),
  ];
  assert.deepEqual(native.messages, plain.messages);
  assert.ok(native.messages.some((message) => message.includes('user') && message.includes('not depend')));
  assert.ok(farthest(native.losses, plain.losses) <= 2e-4);
  const at = (model: string, step: number): string => join(folder, model, `model.ckpt-${step}`);
  using ofNative = new CheckpointReader(at('native', 200));
  using ofPlain = new CheckpointReader(at('plain', 200));
  assert.deepEqual(ofNative.entries(), ofPlain.entries());
  const moved = differingTensors(at('native', 80), at('native', 200));
  const still = ofNative.names.filter((name) => !moved.includes(name));
  assert.ok(still.length > 0);
  assert.ok(
    still.every((name) => !ofNative.has(`${name}/Adam`)),
    still.join(),
  );
});

test('betas whose momentum lasts too long are trained with variables, which is told of', async (t) => {
  const folder = tableModel(t, ['learning_rate {', 'beta1: 0.9999 beta2: 0.99999 learning_rate {']);
  const values = { 'train_config.num_steps': 2 };
  const { messages } = await trainIn(folder, { model: 'model', values });
  assert.equal(messages.filter((message) => message.includes('standard ops')).length, 1, messages.join('\n'));
});
