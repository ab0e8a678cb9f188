import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CheckpointReader } from '../../easyrec/tf/index.js';
import { runCliOk } from '../support/cli.js';
import { largestDifference, readColumns } from '../support/csv_columns.js';
import { type MovielensRun, trainOnMovielens } from '../support/movielens.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../support/python.js';

/** Arguments: the model's folder, the rows, the names of their columns, the checkpoint's prefix. */
const PYTHON = `
import glob, json, sys
import numpy as np
import tensorflow as tf

directory, rows, names, prefix = sys.argv[1:]
v1 = tf.compat.v1
texts = [line.split('\\t') for line in open(rows, encoding='utf-8').read().splitlines()]
columns = dict(zip(names.split(','), zip(*texts)))
answer = {'libraries': []}

libraries = glob.glob(directory + '/assets/*.so')
if libraries:
  try:
    tf.saved_model.load(directory)
    answer['without_library'] = 'loaded'
  except Exception as error:
    answer['without_library'] = str(error)
for library in libraries:
  tf.load_op_library(library)

model = tf.saved_model.load(directory)
answer['signatures'] = sorted(model.signatures)
signature = model.signatures['serving_default']
specs = signature.structured_input_signature[1]
answer['inputs'] = {name: spec.dtype.name for name, spec in specs.items()}
values = {
  name: np.array(columns[name], dtype=object if spec.dtype == tf.string else spec.dtype.as_numpy_dtype)
  for name, spec in specs.items()
}
result = signature(**{name: tf.constant(values[name], spec.dtype) for name, spec in specs.items()})
answer['v2'] = {name: value.numpy().astype(float).tolist() for name, value in result.items()}

with tf.Graph().as_default() as graph, v1.Session() as session:
  meta = v1.saved_model.loader.load(session, ['serve'], directory)
  definition = meta.signature_def['serving_default']
  answer['method'] = definition.method_name
  feeds = {info.name: values[name] for name, info in definition.inputs.items()}
  fetches = {name: info.name for name, info in definition.outputs.items()}
  answer['v1'] = {name: value.astype(float).tolist() for name, value in session.run(fetches, feeds).items()}

reader = tf.train.load_checkpoint(prefix)
types = reader.get_variable_to_dtype_map()
shapes = reader.get_variable_to_shape_map()
answer['checkpoint'] = {name: [types[name].name, shapes[name]] for name in sorted(shapes)}
answer['finite'] = all(np.isfinite(reader.get_tensor(name)).all() for name in shapes)
answer['step'] = int(reader.get_tensor('global_step'))
answer['latest'] = tf.train.latest_checkpoint(prefix[:prefix.rindex('/')])
print(json.dumps(answer))
`;

/** The versions add up in other orders: logits, of a few units, differ in their last bits. */
const TOLERANCES: Readonly<Record<string, number>> = { probs: 1e-6, logits: 5e-6 };

type Outputs = Readonly<Record<string, readonly number[]>>;

interface Answer {
  /** What loading said before the op library was loaded. */
  readonly without_library?: string;
  readonly signatures: readonly string[];
  readonly method: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly v2: Outputs;
  readonly v1: Outputs;
  readonly checkpoint: Readonly<Record<string, readonly [dtype: string, shape: readonly number[]]>>;
  readonly finite: boolean;
  readonly step: number;
  readonly latest: string;
}

const COLUMNS = 'label user_id movie_id rating gender age job_id zip_id title genres year'.split(' ');
const STEPS = 40;
const TRAINING = {
  trainRows: 10_240,
  testRows: 500,
  flags: ['--data_config.batch_size', '256', '--train_config.num_steps', String(STEPS)],
};

interface Exported extends MovielensRun {
  readonly directory: string;
  readonly predicted: Outputs;
}

async function exportAndPredict(run: MovielensRun): Promise<Exported> {
  const { folder, testFile } = run;
  const config = ['--pipeline_config_path', 'model/pipeline.config'];
  const { stdout } = await runCliOk(['export', ...config, '--export_dir', 'export'], { cwd: folder });
  const paths = ['--saved_model_dir', 'export', '--input_path', testFile, '--output_path', 'out.csv'];
  await runCliOk(['predict', ...paths], { cwd: folder });
  const columns = readColumns(join(folder, 'out.csv'), ',');
  assert.deepEqual([...columns.keys()], ['logits', 'probs']);
  const predicted = Object.fromEntries([...columns].map(([name, texts]) => [name, texts.map(Number)]));
  return { ...run, directory: join(folder, stdout.trim()), predicted };
}

async function askPython(version: (typeof ORACLE_VERSIONS)[number], exported: Exported): Promise<Answer> {
  const checkpoint = join(exported.folder, 'model', `model.ckpt-${STEPS}`);
  const args = [exported.directory, exported.testFile, COLUMNS.join(), checkpoint];
  return JSON.parse(await runPython(version, PYTHON, args)) as Answer;
}

function checkAnswer(answer: Answer, { folder, predicted }: Exported): void {
  assert.deepEqual(answer.signatures, ['serving_default']);
  assert.equal(answer.method, 'tensorflow/serving/predict');
  for (const outputs of [answer.v2, answer.v1]) {
    assert.deepEqual(Object.keys(outputs).sort(), ['logits', 'probs']);
    for (const [name, values] of Object.entries(outputs)) {
      const worst = largestDifference(values, predicted[name] ?? []);
      assert.ok(worst <= (TOLERANCES[name] ?? 0), `${name} differ from what predict wrote by up to ${worst}`);
    }
  }
  // Predictions that are all alike would agree whatever the inputs are.
  assert.ok(new Set(predicted['probs']).size > 400, 'most rows should have a probability of their own');

  assert.equal(answer.step, STEPS);
  assert.ok(answer.finite);
  assert.equal(answer.latest, join(folder, 'model', `model.ckpt-${STEPS}`));
  using reader = new CheckpointReader(answer.latest);
  const ours = reader.entries().map(({ name, dtype, shape }) => [name, [dtype, shape]]);
  assert.deepEqual(answer.checkpoint, Object.fromEntries(ours));
}

/** A variable of each kind that the config of the tutorial has: tables, dense layers, batch normalisation, Adam's. */
const EXPECTED_VARIABLES = {
  global_step: ['int64', []],
  'input_layer/user_id_embedding/embedding_weights': ['float32', [12_000, 16]],
  'input_layer/user_id_embedding/embedding_weights/Adam': ['float32', [12_000, 16]],
  'input_layer/genres_embedding/embedding_weights': ['float32', [100, 16]],
  'backbone/mlp/layer_0/dense/kernel': ['float32', [129, 256]],
} as const;

test(
  'a model with a native op loads in Python TensorFlow with the library in its assets, and predicts alike',
  { skip: skipWithoutTensorflow(...ORACLE_VERSIONS) },
  async (t) => {
    const run = await trainOnMovielens(t, { config: 'overlap_on_movielens.config', ...TRAINING });
    const exported = await exportAndPredict(run);
    assert.ok(readdirSync(join(exported.directory, 'assets')).includes('liboverlap.so'));
    for (const version of ORACLE_VERSIONS) {
      await t.test(`TensorFlow ${version}`, async () => {
        const answer = await askPython(version, exported);
        assert.match(answer.without_library ?? '', /OverlapFgOp/);
        checkAnswer(answer, exported);
        const { inputs, checkpoint } = answer;
        assert.deepEqual(
          Object.keys(inputs).sort(),
          COLUMNS.filter((name) => name !== 'label' && name !== 'rating').sort(),
        );
        assert.equal(inputs['user_id'], 'int32');
        assert.equal(inputs['title'], 'string');
        const found = Object.keys(EXPECTED_VARIABLES).map((name) => [name, checkpoint[name]]);
        assert.deepEqual(Object.fromEntries(found), EXPECTED_VARIABLES);
      });
    }
  },
);

test(
  'a model without native ops needs no library in Python TensorFlow',
  { skip: skipWithoutTensorflow(...ORACLE_VERSIONS) },
  async (t) => {
    const run = await trainOnMovielens(t, { config: 'deepfm_backbone_on_movielens.config', ...TRAINING });
    const exported = await exportAndPredict(run);
    const assets = readdirSync(join(exported.directory, 'assets'));
    assert.deepEqual(
      assets.filter((name) => name.endsWith('.so')),
      [],
    );
    for (const version of ORACLE_VERSIONS) {
      await t.test(`TensorFlow ${version}`, async () => {
        checkAnswer(await askPython(version, exported), exported);
      });
    }
  },
);
