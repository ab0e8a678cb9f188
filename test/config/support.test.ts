import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pipelineConfigFromText } from '../../easyrec/config/load.js';
import {
  checkSupported,
  HONOURED,
  ignored,
  SUPPORT,
  type SupportTable,
  when,
} from '../../easyrec/config/support/index.js';
import { ConfigError } from '../../easyrec/errors.js';

function check(text: string, table: SupportTable = SUPPORT): string {
  try {
    checkSupported(pipelineConfigFromText(text, 'a.config'), table);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return 'supported';
}

const RANK_MODEL = `
train_input_path: "t" eval_input_path: "e" model_dir: "m"
train_config {
  optimizer_config { adam_optimizer { learning_rate { exponential_decay_learning_rate { initial_learning_rate: 0.01 decay_steps: 50 } } } use_moving_average: false }
  num_steps: 150 sync_replicas: false write_graph: false
}
eval_config { metrics_set { auc {} } }
data_config { input_type: CSVInput label_fields: "y" input_fields { input_name: "y" input_type: INT32 } }
feature_config { features { input_names: "u" feature_type: IdFeature embedding_dim: 8 hash_bucket_size: 10 } }
model_config {
  model_class: "RankModel"
  feature_groups { group_name: "g" feature_names: "u" wide_deep: DEEP }
  backbone {
    blocks { name: "g" inputs { feature_group_name: "g" } input_layer { wide_output_dim: 1 } }
    blocks { name: "raw" inputs { feature_group_name: "g" } raw_input { } }
    blocks { name: "x" inputs { block_name: "g" input_fn: "lambda x: [x]" } keras_layer { class_name: "Dense" st_params { fields { key: "units" value { number_value: 1 } } } } }
    blocks { name: "o" inputs { block_name: "raw" } keras_layer { class_name: "OverlapFeature" overlap { methods: "is_equal" } } }
    top_mlp { hidden_units: [16, 8] }
  }
  model_params { l2_regularization: 1e-5 }
}
export_config { exporter_type: "none" asset_files: "x" }`;

test('a rank model with a backbone is supported', () => {
  assert.equal(check(RANK_MODEL), 'supported');
});

test('a set field that is not in the table fails at its place', () => {
  assert.equal(
    check('train_config {\n  num_steps: 1\n  dead_line: "20300101 00:00:00"\n}'),
    'a.config:3:3: field "dead_line" of TrainConfig is not supported yet',
  );
  assert.equal(
    check('model_config {\n deepfm { } }'),
    'a.config:2:2: field "deepfm" of EasyRecModel is not supported yet',
  );
});

test('all unsupported fields are named at once, and not what is inside them', () => {
  const message = check(
    'model_config { kd { pred_name: "p" }\n deepfm { dnn { } } }\ndata_config { label_sep: "," }',
  );
  assert.deepEqual(message.split('\n').sort(), [
    'a.config:1:16: field "kd" of EasyRecModel is not supported yet',
    'a.config:2:2: field "deepfm" of EasyRecModel is not supported yet',
    'a.config:3:15: field "label_sep" of DatasetConfig is not supported yet',
  ]);
});

test('a field set to its default is accepted, a oneof member never is', () => {
  assert.equal(check('train_config { is_profiling: false train_distribute: NoStrategy }'), 'supported');
  assert.match(
    check('train_config { is_profiling: true }'),
    /"is_profiling" of TrainConfig is not supported/,
  );
  assert.match(check('kafka_train_input { }'), /"kafka_train_input" of EasyRecConfig is not supported/);
});

test('a value that is not honoured is named with those that are', () => {
  assert.equal(
    check('data_config {\n  input_type: OdpsInput }'),
    'a.config:2:3: field "input_type" of DatasetConfig: "OdpsInput" is not supported yet; expected CSVInput or ParquetInput or ParquetInputV2',
  );
  assert.match(
    check('train_config { optimizer_config { } optimizer_config { } optimizer_config { } }'),
    /field "optimizer_config" of TrainConfig: the given value is not supported yet; expected one optimizer, or two/,
  );
});

test('an ignored field is accepted whatever it holds', () => {
  const table: SupportTable = { EasyRecConfig: { export_config: ignored('a reason'), model_dir: HONOURED } };
  assert.equal(check('model_dir: "m" export_config { exporter_type: "best" }', table), 'supported');
});

test('a message without a row accepts no field', () => {
  const table: SupportTable = { EasyRecConfig: { train_config: HONOURED } };
  assert.equal(check('train_config { }', table), 'supported');
  assert.match(check('train_config { num_steps: 1 }', table), /"num_steps" of TrainConfig is not supported/);
});

test('a rule sees the value as the message has it', () => {
  const seen: unknown[] = [];
  const table: SupportTable = {
    EasyRecConfig: {
      model_dir: when((value: string) => {
        seen.push(value);
        return value !== 'bad';
      }, 'another folder'),
    },
  };
  assert.equal(check('model_dir: "good"', table), 'supported');
  assert.match(check('model_dir: "bad"', table), /"bad" is not supported yet; expected another folder/);
  assert.deepEqual(seen, ['good', 'bad']);
});
