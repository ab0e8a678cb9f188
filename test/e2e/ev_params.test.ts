import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError } from '../../easyrec/errors.js';
import { CheckpointReader } from '../../easyrec/tf/index.js';
import { latestCheckpoint } from '../../easyrec/train/checkpoint_files.js';
import { evaluateCheckpoint } from '../../easyrec/train/evaluate_checkpoint.js';
import { differingTensors } from '../support/checkpoints.js';
import { runCli, runCliOk } from '../support/cli.js';
import { planIn, trainIn, type TrainingOptions } from '../support/in_process.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../support/python.js';
import { SMALL, smallModel, type Edit } from '../support/small_model.js';
import { tableModel } from '../support/table_model.js';
import { meanLoss, predicted } from '../support/predicted.js';

const SILENT = { info: () => undefined, warn: () => undefined, debug: () => undefined };
const TWO_THREADS = {
  'train_config.intra_op_parallelism_threads': 2,
  'train_config.inter_op_parallelism_threads': 2,
};
const USERS = 'input_layer/user_embedding/embedding_weights';

/** A row for each key of every table. */
function evParams(fields: string): Edit {
  return ['embedding_regularization: 1e-5', `embedding_regularization: 1e-5 ev_params { ${fields} }`];
}

function edit(found: string, replacement: string): Edit {
  return [found, replacement];
}

/** Initial values that do not depend on the row's number, in all tables of hashed texts. */
const CONSTANT_START: readonly Edit[] = ['item', 'last', 'tags', 'marks'].map((name) =>
  edit(
    `input_names: "${name}" feature_type`,
    `input_names: "${name}" initializer { constant_initializer { consts: 0.03 } } feature_type`,
  ),
);
/** So many ids that no two of the data's texts share one. */
const MANY_IDS: readonly Edit[] = [300, 300, 90, 70].map((size) =>
  edit(`hash_bucket_size: ${size}`, `hash_bucket_size: ${2 ** 40}`),
);

function numbersOf(reader: CheckpointReader, name: string): readonly number[] {
  using tensor = reader.read(name);
  return Array.from(tensor.numbers(), Number);
}

/** The largest difference of two lists of the same length. */
function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  return Math.max(0, ...Array.from(a, (value, i) => Math.abs(value - (b[i] ?? NaN))));
}

for (const optimizer of ['adam_optimizer', 'lazy_adam_optimizer', 'adagrad_optimizer']) {
  test(`${optimizer}: tables with a row for each key learn what tables with room for each id learn`, async (t) => {
    const edits = [...CONSTANT_START, edit('adam_optimizer', optimizer)];
    const bounded = tableModel(t, ...edits, ...MANY_IDS);
    const keyed = tableModel(t, ...edits, evParams(''));
    const options: TrainingOptions = { model: 'model', compact: true };
    const [expected, received] = [await trainIn(bounded, options), await trainIn(keyed, options)];
    assert.equal(expected.losses.length, 200);
    assert.ok(farthest(received.losses, expected.losses) <= 1e-6);
  });
}

test('keys, how often and when they were seen are those of the data; rare ones have no row', async (t) => {
  const folder = tableModel(t, evParams('filter_freq: 3'));
  await trainIn(folder, { model: 'model', values: { 'train_config.num_steps': 220 } });
  const counts = new Map<number, number>();
  for (const line of readFileSync(join(folder, 'train.csv'), 'utf8').trim().split('\n')) {
    const user = Number(line.split(',')[1]);
    counts.set(user, (counts.get(user) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([a], [b]) => a - b);
  const [seen, rare] = [sorted.filter(([, n]) => n >= 3), sorted.filter(([, n]) => n < 3)];
  assert.ok(seen.length > 100 && rare.length > 10);
  using reader = new CheckpointReader(join(folder, 'model', 'model.ckpt-220'));
  assert.deepEqual(numbersOf(reader, `${USERS}-keys`), [-1, ...seen.map(([user]) => user)]);
  assert.deepEqual(numbersOf(reader, `${USERS}-freqs`), [0, ...seen.map(([, n]) => n)]);
  assert.deepEqual(
    numbersOf(reader, `${USERS}-keys_filtered`),
    rare.map(([user]) => user),
  );
  assert.deepEqual(
    numbersOf(reader, `${USERS}-freqs_filtered`),
    rare.map(([, n]) => n),
  );
  const versions = numbersOf(reader, `${USERS}-versions`);
  assert.ok(versions.slice(1).every((step) => step >= 1 && step <= 220));
  assert.equal(Math.max(...versions), 220);
  assert.deepEqual(reader.shape(`${USERS}-values`), [1 + seen.length, 8]);
  assert.deepEqual(reader.shape(`${USERS}/Adam-values`), [1 + seen.length, 8]);
  assert.deepEqual(numbersOf(reader, `${USERS}-values`).slice(0, 8), new Array(8).fill(0));
});

test('keys that training has not looked up for long are gone from checkpoints', async (t) => {
  const folder = tableModel(t, evParams('steps_to_live: 30'));
  await trainIn(folder, { model: 'model' });
  for (const step of [80, 200]) {
    using reader = new CheckpointReader(join(folder, 'model', `model.ckpt-${step}`));
    const versions = numbersOf(reader, `${USERS}-versions`).slice(1);
    assert.ok(versions.length > 100);
    assert.equal(Math.min(...versions), step - 30);
    assert.equal(Math.max(...versions), step);
  }
});

test('a training that went on from a checkpoint ends as one that never stopped', async (t) => {
  const folder = tableModel(t, evParams('filter_freq: 2 steps_to_live: 50'));
  const whole = await trainIn(folder, { model: 'whole', values: TWO_THREADS });
  const values = { ...TWO_THREADS, 'train_config.num_steps': 80 };
  const start = await trainIn(folder, { model: 'parts', values });
  const end = await trainIn(folder, { model: 'parts', values: TWO_THREADS, continueTrain: true });
  assert.deepEqual([...start.losses, ...end.losses], whole.losses);
  for (const step of [80, 200]) {
    const names = ['whole', 'parts'].map((name) => join(folder, name, `model.ckpt-${step}`));
    assert.deepEqual(differingTensors(...(names as [string, string])), []);
  }
});

test('beside tables with a number of rows, in compact checkpoints, too', async (t) => {
  const folder = tableModel(
    t,
    edit(
      'input_names: "user" feature_type',
      'input_names: "user" ev_params { steps_to_live: 50 } feature_type',
    ),
  );
  const compact = true;
  const whole = await trainIn(folder, { model: 'whole', compact, values: TWO_THREADS });
  const values = { ...TWO_THREADS, 'train_config.num_steps': 80 };
  const start = await trainIn(folder, { model: 'parts', compact, values });
  const end = await trainIn(folder, { model: 'parts', compact, values: TWO_THREADS, continueTrain: true });
  assert.deepEqual([...start.losses, ...end.losses], whole.losses);
  const plan = planIn(folder, { model: 'parts' }, SILENT);
  const checkpointPath = join(folder, 'parts', 'model.ckpt-200');
  using reader = new CheckpointReader(checkpointPath);
  assert.ok(reader.has(`${USERS}-keys`) && reader.has('input_layer/item/embedding_weights/compact/ids'));
  const alone = await evaluateCheckpoint(plan, { checkpointPath });
  const during = whole.evaluations.get(200)?.values['loss'] ?? NaN;
  assert.ok(Math.abs((alone.values['loss'] ?? NaN) - during) <= 1e-6);
});

test('a training that is killed ends as one that was not', async (t) => {
  const edits = ['user', 'item'].map((name) =>
    edit(
      `input_names: "${name}" feature`,
      `input_names: "${name}" ev_params { filter_freq: 2 steps_to_live: 4 } feature`,
    ),
  );
  const flags = ['--train_config.num_steps', '28', '--train_config.save_checkpoints_steps', '1'];
  const args = ['train', ...SMALL, '--export_config.exporter_type', 'none', ...flags];
  const [whole, killed] = [smallModel(t, ...edits), smallModel(t, ...edits)];
  await runCliOk(args, { cwd: whole });
  for (const line of ['global step 5:', 'global step 14:']) {
    const { code } = await runCli([...args, '--continue_train'], {
      cwd: killed,
      onStart: (child) => {
        let text = '';
        child.stderr?.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text.includes(line)) child.kill('SIGKILL');
        });
      },
    });
    assert.equal(code, null);
  }
  await runCliOk([...args, '--continue_train'], { cwd: killed });
  const last = [whole, killed].map((folder) => join(folder, 'model', 'model.ckpt-28')) as [string, string];
  assert.deepEqual(differingTensors(...last), []);
});

test('evaluation during training, of checkpoints and of predictions agree, keys not seen among them', async (t) => {
  const folder = tableModel(t, evParams('filter_freq: 2 steps_to_live: 90'));
  const { evaluations } = await trainIn(folder, { model: 'model' });
  for (const [step, { values }] of evaluations) {
    const plan = planIn(folder, { model: 'model' }, SILENT);
    const checkpointPath = join(folder, 'model', `model.ckpt-${step}`);
    const alone = await evaluateCheckpoint(plan, { checkpointPath });
    const names = Object.keys(values);
    assert.ok(names.includes('auc') && names.includes('loss'));
    const [during, after] = [values, alone.values].map((found) => names.map((name) => found[name] ?? NaN));
    assert.ok(farthest(during ?? [], after ?? []) <= 1e-6, `step ${step}`);
  }
  // Before the first step there is not a single key.
  const plan = planIn(folder, { model: 'model' }, SILENT);
  const first = await evaluateCheckpoint(plan, { checkpointPath: join(folder, 'model', 'model.ckpt-0') });
  assert.ok(Math.abs((first.values['loss'] ?? NaN) - Math.LN2) <= 0.3);
  const [labels, probs] = await predicted(folder);
  const mean = meanLoss(labels, probs);
  assert.ok(Math.abs(mean - (evaluations.get(200)?.values['loss'] ?? NaN)) <= 1e-6);
});

const PYTHON = `
import glob, json, sys
import numpy as np
import tensorflow as tf

model = tf.saved_model.load(sorted(glob.glob(sys.argv[1] + '/*'))[-1])
signature = model.signatures['serving_default']
names = 'label user item last tags marks price scores'.split()
columns = dict(zip(names, zip(*[line.split(',') for line in open(sys.argv[2]).read().splitlines()])))
feeds = {}
for name, spec in signature.structured_input_signature[1].items():
  dtype = object if spec.dtype == tf.string else spec.dtype.as_numpy_dtype
  feeds[name] = tf.constant(np.array(columns[name], dtype=dtype), spec.dtype)
print(json.dumps(signature(**feeds)['probs'].numpy().astype(float).tolist()))
`;

test(
  'TensorFlow for Python loads the exported model and predicts the same',
  {
    skip: skipWithoutTensorflow(...ORACLE_VERSIONS),
  },
  async (t) => {
    const folder = tableModel(t, evParams('filter_freq: 2'));
    await trainIn(folder, { model: 'model', values: { 'train_config.num_steps': 60 } });
    const [, probs] = await predicted(folder);
    for (const version of ORACLE_VERSIONS) {
      const args = [join(folder, 'export'), join(folder, 'eval.csv')];
      const found = JSON.parse(await runPython(version, PYTHON, args)) as number[];
      assert.ok(farthest(found, probs) <= 1e-6, version);
    }
  },
);

test('fine-tuning takes keys over, as seen at its start', async (t) => {
  const folder = tableModel(t, evParams('filter_freq: 2 steps_to_live: 500'));
  await trainIn(folder, { model: 'old', values: { 'train_config.num_steps': 40 } });
  const values = {
    'train_config.fine_tune_checkpoint': join(folder, 'old', 'model.ckpt-40'),
    'train_config.num_steps': 20,
  };
  await trainIn(folder, { model: 'new', values });
  const differing = differingTensors(
    join(folder, 'old', 'model.ckpt-40'),
    join(folder, 'new', 'model.ckpt-0'),
  );
  assert.ok(differing.length > 0);
  assert.deepEqual(
    differing.filter((name) => !/-versions(_filtered)?$|^global_step$/.test(name)),
    [],
  );
  using reader = new CheckpointReader(join(folder, 'new', 'model.ckpt-0'));
  assert.deepEqual(new Set(numbersOf(reader, `${USERS}-versions`)), new Set([0]));
});

test('standard ops do not train such tables, which is said with the place', async (t) => {
  const folder = tableModel(t, evParams(''));
  await assert.rejects(trainIn(folder, { model: 'model', plain: true }), (error: unknown) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /feature "user": ev_params: .*--plain/);
    assert.equal(latestCheckpoint(join(folder, 'model')), undefined);
    return true;
  });
});
