import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Random } from '../../easyrec/input/random.js';
import { edited, type Edit } from './small_model.js';
import { temporaryFolder } from './temporary.js';

/** Every way to look up a table: one id, several, weighted ones, all of them, shared by name, wide and deep. */
const TABLE_CONFIG = `train_input_path: "train.csv"
eval_input_path: "eval.csv"
model_dir: "model"
train_config {
  optimizer_config {
    adam_optimizer {
      learning_rate {
        exponential_decay_learning_rate { initial_learning_rate: 0.01 decay_steps: 50 decay_factor: 0.7 }
      }
    }
  }
  num_steps: 200
  save_checkpoints_steps: 80
  log_step_count_steps: 1
}
eval_config { metrics_set { auc {} } }
data_config {
  input_type: CSVInput
  batch_size: 32
  num_epochs: 1
  label_fields: "label"
  input_fields { input_name: "label" input_type: INT32 }
  input_fields { input_name: "user" input_type: INT64 }
  input_fields { input_name: "item" input_type: STRING }
  input_fields { input_name: "last" input_type: STRING }
  input_fields { input_name: "tags" input_type: STRING }
  input_fields { input_name: "marks" input_type: STRING }
  input_fields { input_name: "price" input_type: DOUBLE }
  input_fields { input_name: "scores" input_type: STRING }
}
feature_config {
  features { input_names: "user" feature_type: IdFeature embedding_dim: 8 num_buckets: 4000 }
  features { input_names: "item" feature_type: IdFeature embedding_dim: 8 hash_bucket_size: 300 embedding_name: "item" }
  features { input_names: "last" feature_type: IdFeature embedding_dim: 8 hash_bucket_size: 300 embedding_name: "item" }
  features { input_names: "tags" feature_type: TagFeature embedding_dim: 4 hash_bucket_size: 90 separator: "|" combiner: "mean" }
  features {
    input_names: "marks" feature_type: TagFeature embedding_dim: 6 hash_bucket_size: 70
    separator: "|" kv_separator: ":" combiner: "sqrtn"
  }
  features { input_names: "price" feature_type: RawFeature boundaries: [1, 2, 5, 9] embedding_dim: 3 }
  features { input_names: "scores" feature_type: RawFeature raw_input_dim: 3 separator: "|" embedding_dim: 5 }
}
model_config {
  model_class: "RankModel"
  model_name: "tables"
  feature_groups { group_name: "wide" feature_names: ["user", "item", "tags", "price"] wide_deep: WIDE }
  feature_groups {
    group_name: "deep"
    feature_names: ["user", "item", "last", "tags", "marks", "price", "scores"]
    wide_deep: DEEP
  }
  backbone {
    blocks { name: "sums" inputs { feature_group_name: "wide" } input_layer { wide_output_dim: 1 } }
    blocks {
      name: "mlp"
      inputs { feature_group_name: "deep" }
      keras_layer {
        class_name: "MLP"
        mlp { hidden_units: [16, 8, 1] use_bn: false use_final_bn: false final_activation: "linear" }
      }
    }
    blocks {
      name: "add"
      inputs { block_name: "sums" input_fn: "lambda x: tf.reduce_sum(x, axis=1, keepdims=True)" }
      inputs { block_name: "mlp" }
      merge_inputs_into_list: true
      keras_layer { class_name: "Add" }
    }
    concat_blocks: "add"
  }
  embedding_regularization: 1e-5
}
`;

/** A model of many tables in a folder of its own: pipeline.config, and rows for 220 steps of training. */
export function tableModel(test: TestContext, ...edits: readonly Edit[]): string {
  const folder = temporaryFolder(test);
  writeFileSync(join(folder, 'pipeline.config'), edited(TABLE_CONFIG, edits));
  const random = new Random(17);
  for (const [name, count] of [
    ['train.csv', 220 * 32],
    ['eval.csv', 300],
  ] as const) {
    writeFileSync(join(folder, name), Array.from({ length: count }, () => `${row(random)}\n`).join(''));
  }
  return folder;
}

/** Few ids are frequent, most are rare. */
function skewed(random: Random, count: number): number {
  return Math.floor(count * (random.below(1000) / 1000) ** 3);
}

function row(random: Random): string {
  const [user, item, last] = [skewed(random, 4000), skewed(random, 900), skewed(random, 900)];
  const some = (most: number, one: () => string): string =>
    Array.from({ length: random.below(most + 1) }, one).join('|');
  const tags = some(4, () => `t${skewed(random, 200)}`);
  // Weights of 0 and below too: means leave those out.
  const marks = some(3, () => `m${skewed(random, 100)}:${(random.below(50) - 5) / 10}`);
  const price = random.below(120) / 10;
  const scores = [0, 0, 0].map(() => (random.below(200) - 100) / 100);
  const wanted = (user % 3) + (item % 2) + (price > 5 ? 1 : 0) + (scores[0] ?? 0);
  const label = wanted + random.gaussian() > 2 ? 1 : 0;
  return [label, user, `i${item}`, `i${last}`, tags, marks, price, scores.join('|')].join(',');
}
