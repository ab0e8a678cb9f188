import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './temporary.js';

/** Text to find, and what to put in its place; the text must be there. */
export type Edit = readonly [found: string, replacement: string];

/** A model that trains in a moment: hashed ids, a number, dropout, batch normalisation and a native op. */
export const SMALL_CONFIG = `train_input_path: "train.csv"
eval_input_path: "eval.csv"
model_dir: "model"
train_config {
  optimizer_config { adam_optimizer { learning_rate { constant_learning_rate { learning_rate: 0.01 } } } }
  num_steps: 12
  save_checkpoints_steps: 4
  log_step_count_steps: 1
  intra_op_parallelism_threads: 1
  inter_op_parallelism_threads: 1
}
eval_config { metrics_set { auc {} } }
data_config {
  input_type: CSVInput
  batch_size: 32
  num_epochs: 3
  shuffle: true
  shuffle_buffer_size: 64
  label_fields: "label"
  input_fields { input_name: "label" input_type: INT32 }
  input_fields { input_name: "user" input_type: STRING }
  input_fields { input_name: "item" input_type: STRING }
  input_fields { input_name: "age" input_type: INT32 }
  input_fields { input_name: "title" input_type: STRING }
  input_fields { input_name: "words" input_type: STRING }
}
feature_config {
  features { input_names: "user" feature_type: IdFeature embedding_dim: 4 hash_bucket_size: 50 }
  features { input_names: "item" feature_type: IdFeature embedding_dim: 4 hash_bucket_size: 50 }
  features { input_names: "age" feature_type: RawFeature min_val: 0 max_val: 100 }
  features { feature_name: "raw_title" input_names: "title" feature_type: PassThroughFeature }
  features { feature_name: "raw_words" input_names: "words" feature_type: PassThroughFeature }
}
model_config {
  model_class: "RankModel"
  model_name: "small"
  feature_groups { group_name: "ids" feature_names: ["user", "item", "age"] wide_deep: DEEP }
  feature_groups { group_name: "text" feature_names: ["raw_words", "raw_title"] wide_deep: DEEP }
  backbone {
    blocks { name: "text" inputs { feature_group_name: "text" } raw_input {} }
    blocks {
      name: "match"
      inputs { block_name: "text" }
      keras_layer { class_name: "OverlapFeature" overlap { separator: " " methods: "query_common_ratio" } }
    }
    blocks {
      name: "deep"
      inputs { feature_group_name: "ids" }
      inputs { block_name: "match" }
      keras_layer { class_name: "MLP" mlp { hidden_units: [16, 8] dropout_ratio: [0.2, 0] } }
    }
  }
}
`;

const TRAIN_ROWS = 300;
const EVAL_ROWS = 60;
const TITLES = ['red fox', 'blue sky', 'red sky', 'old blue fox'] as const;
const WORDS = ['red', 'blue', 'sky', 'fox'] as const;

/** Row `i`: its numbers are spread by multiplication, its label follows from the user, the item and the texts. */
export function smallRow(i: number): readonly string[] {
  const [user, item, age] = [(i * 7919) % 23, (i * 104_729) % 19, (i * 31) % 97];
  const title = TITLES[(i * 13) % TITLES.length] ?? '';
  const words = WORDS[(i * 7 + user) % WORDS.length] ?? '';
  const label = user % 2 === item % 2 || title.includes(words) ? 1 : 0;
  return [String(label), `u${user}`, `m${item}`, String(age), title, words];
}

function rows(from: number, count: number): string {
  return Array.from({ length: count }, (_, i) => `${smallRow(from + i).join(',')}\n`).join('');
}

/** Replaces each text, which must be there. */
export function edited(text: string, edits: readonly Edit[]): string {
  return edits.reduce((current, [found, replacement]) => {
    if (!current.includes(found)) throw new Error(`not in the text: ${found}`);
    return current.replace(found, replacement);
  }, text);
}

/**
 * A folder, removed after the test, with pipeline.config (SMALL_CONFIG after the edits), train.csv and eval.csv; train
 * in it.
 */
export function smallModel(test: TestContext, ...edits: readonly Edit[]): string {
  const folder = temporaryFolder(test);
  writeFileSync(join(folder, 'pipeline.config'), edited(SMALL_CONFIG, edits));
  writeFileSync(join(folder, 'train.csv'), rows(0, TRAIN_ROWS));
  writeFileSync(join(folder, 'eval.csv'), rows(TRAIN_ROWS, EVAL_ROWS));
  return folder;
}

/** The flag that every command on the small model takes. */
export const SMALL = ['--pipeline_config_path', 'pipeline.config'] as const;
