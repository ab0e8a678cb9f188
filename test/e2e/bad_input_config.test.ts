import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runCli } from '../support/cli.js';
import { checkRefused, filesBelow } from '../support/refusal.js';
import type { Edit } from '../support/small_model.js';
import { edited, SMALL, SMALL_CONFIG, smallModel } from '../support/small_model.js';

/** `line:column` of `text` in the small model's config after an edit. */
function placeOf(edit: Edit, text: string): string {
  const config = edited(SMALL_CONFIG, [edit]);
  const offset = config.indexOf(text);
  assert.ok(offset >= 0, `${text} is not in the config`);
  const lines = config.slice(0, offset).split('\n');
  return `${lines.length}:${(lines.at(-1) ?? '').length + 1}`;
}

interface ConfigCase {
  readonly title: string;
  readonly edit: Edit;
  /** The text at whose beginning the message puts the mistake. */
  readonly at: string;
  /** What else the message must say. */
  readonly says: readonly string[];
}

const OVERLAP = 'overlap { separator: " " methods: "query_common_ratio" }';

/** A parameter of the small model's MLP, given as st_params. */
function stParams(value: string): string {
  return `st_params { fields { key: "hidden_units" value { ${value} } } }`;
}

const CONFIG_CASES: readonly ConfigCase[] = [
  {
    title: 'a misspelt field',
    edit: ['num_steps: 12', 'num_stepps: 12'],
    at: 'num_stepps',
    says: ['unknown field "num_stepps" in TrainConfig', 'did you mean "num_steps"?'],
  },
  {
    title: 'a bracket that is not closed',
    edit: ['eval_config { metrics_set { auc {} } }', 'eval_config { metrics_set { auc {} }'],
    at: 'data_config',
    says: ['unknown field "data_config" in EvalConfig'],
  },
  {
    title: 'a feature of an absent column',
    edit: ['input_names: "item"', 'input_names: "itm"'],
    at: 'input_names: "itm"',
    says: ['no input field "itm"', 'did you mean "item"?'],
  },
  {
    title: 'a label that is no column',
    edit: ['label_fields: "label"', 'label_fields: "lable"'],
    at: 'label_fields',
    says: ['no input field "lable"', 'did you mean "label"?'],
  },
  {
    title: 'a feature group of an absent feature',
    edit: ['feature_names: ["user", "item", "age"]', 'feature_names: ["user", "itme", "age"]'],
    at: 'group_name: "ids"',
    says: ['no feature "itme"', 'did you mean "item"?'],
  },
  {
    title: 'blocks that form a cycle',
    edit: ['inputs { block_name: "text" }', 'inputs { block_name: "deep" }'],
    at: 'name: "deep"\n',
    says: ['without a cycle', '"deep"', '"match"'],
  },
  {
    title: 'an unknown component',
    edit: ['class_name: "OverlapFeature"', 'class_name: "OverlapFeatur"'],
    at: 'class_name: "OverlapFeatur"',
    says: ['unknown component "OverlapFeatur"', 'did you mean "OverlapFeature"?'],
  },
  {
    title: 'an unknown method of a component',
    edit: ['methods: "query_common_ratio"', 'methods: "query_comon_ratio"'],
    at: 'keras_layer { class_name: "OverlapFeature"',
    says: ['"query_comon_ratio"', 'query_common_ratio'],
  },
  {
    title: 'text where a parameter is a number',
    edit: ['hidden_units: [16, 8]', 'hidden_units: "abc"'],
    at: '"abc"',
    says: ['hidden_units', 'expected uint32, received "abc"'],
  },
  {
    title: 'text where a parameter of st_params is a list of numbers',
    edit: ['mlp { hidden_units: [16, 8] dropout_ratio: [0.2, 0] }', stParams('string_value: "abc"')],
    at: 'value { string_value',
    says: ['hidden_units', 'expected a list of whole numbers', 'received "abc"'],
  },
  {
    title: 'a component without the parameter that it needs',
    edit: [OVERLAP, 'overlap { separator: " " }'],
    at: 'overlap {',
    says: ['methods'],
  },
  {
    title: 'an unknown model class',
    edit: ['model_class: "RankModel"', 'model_class: "RankModle"'],
    at: 'model_class',
    says: ['expected RankModel, received "RankModle"'],
  },
  {
    title: 'a batch without rows',
    edit: ['batch_size: 32', 'batch_size: 0'],
    at: 'batch_size',
    says: ['batch_size: expected a whole number from 1, received 0'],
  },
];

describe('a config with a mistake is refused, and nothing is written', { concurrency: 2 }, () => {
  for (const { title, edit, at, says } of CONFIG_CASES) {
    test(title, async (t) => {
      const folder = smallModel(t, edit);
      const before = filesBelow(folder);
      const result = await runCli(['train', ...SMALL], { cwd: folder });
      checkRefused(result, `error: pipeline.config:${placeOf(edit, at)}: `, ...says);
      assert.deepEqual(filesBelow(folder), before);
    });
  }

  test('a config that is not there', async (t) => {
    const folder = smallModel(t);
    const result = await runCli(['train', '--pipeline_config_path', 'missing.config'], { cwd: folder });
    checkRefused(result, 'missing.config: the config file does not exist');
  });

  test('a folder instead of a config', async (t) => {
    const folder = smallModel(t);
    const result = await runCli(['train', '--pipeline_config_path', '.'], { cwd: folder });
    checkRefused(result, 'expected a config file, received a folder');
  });
});

interface FlagCase {
  readonly title: string;
  readonly args: readonly string[];
  readonly says: readonly string[];
}

const FLAG_CASES: readonly FlagCase[] = [
  {
    title: 'an unknown flag',
    args: ['train', ...SMALL, '--continue_trian'],
    says: ['unknown flag --continue_trian', 'did you mean "continue_train"?'],
  },
  {
    title: 'a required flag that is missing',
    args: ['train'],
    says: ['easyrec train: --pipeline_config_path is missing'],
  },
  {
    title: 'an unknown command',
    args: ['trian', ...SMALL],
    says: ['no command "trian"', 'did you mean "train"?'],
  },
  {
    title: 'a text for a flag that is a number',
    args: ['train', ...SMALL, '--seed', 'abc'],
    says: ['--seed: expected a number, received "abc"'],
  },
  {
    title: 'a fraction for the seed',
    args: ['train', ...SMALL, '--seed', '1.5'],
    says: ['seed: expected a whole number, received 1.5'],
  },
  {
    title: 'a model_dir inside a file',
    args: ['train', ...SMALL, '--model_dir', 'train.csv/model'],
    says: ['train.csv/model: cannot be written', 'not a directory'],
  },
  {
    title: 'a model_dir with a name too long',
    args: ['train', ...SMALL, '--model_dir', 'm'.repeat(300)],
    says: ['cannot be written', 'name too long'],
  },
  {
    title: 'a word that belongs to no flag',
    args: ['train', ...SMALL, 'again'],
    says: ['expected only flags, received "again"'],
  },
  {
    title: 'an edit of a field that is not there',
    args: ['train', ...SMALL, '--edit_config_json', '{"train_config.num_stps": 3}'],
    says: ['--edit_config_json:1:27', 'unknown field "num_stps"', 'did you mean "num_steps"?'],
  },
  {
    title: 'an edit with a value of the wrong type',
    args: ['train', ...SMALL, '--train_config.num_steps', 'many'],
    says: ['train_config.num_steps', 'expected uint32, received "many"'],
  },
  {
    title: 'edits that are no JSON',
    args: ['train', ...SMALL, '--edit_config_json', '{bad'],
    says: ['--edit_config_json:1:2', 'expected a key in double quotes'],
  },
  {
    title: 'a checkpoint to start from that is not there',
    args: ['train', ...SMALL, '--fine_tune_checkpoint', 'other/model.ckpt-5'],
    says: ['other/model.ckpt-5: there is no such checkpoint'],
  },
  {
    title: 'a plugin that is not there',
    args: ['train', ...SMALL, '--plugin', 'missing.ts'],
    says: ['missing.ts'],
  },
];

describe('a command line with a mistake is refused, and nothing is written', { concurrency: 2 }, () => {
  for (const { title, args, says } of FLAG_CASES) {
    test(title, async (t) => {
      const folder = smallModel(t);
      const before = filesBelow(folder);
      checkRefused(await runCli(args, { cwd: folder }), ...says);
      assert.deepEqual(filesBelow(folder), before);
    });
  }
});

test('the stack trace of a refusal is shown with --verbose alone', async (t) => {
  const folder = smallModel(t, ['num_steps: 12', 'num_stepps: 12']);
  const plain = await runCli(['train', ...SMALL], { cwd: folder });
  assert.equal(plain.stderr.trimEnd().split('\n').length, 1, plain.stderr);
  const verbose = await runCli(['train', ...SMALL, '--verbose'], { cwd: folder });
  assert.equal(verbose.code, 2);
  assert.match(verbose.stderr, /^\s+at .+:\d+/m);
});

test('a model_dir that is a file is refused, and the file kept', async (t) => {
  const folder = smallModel(t);
  writeFileSync(join(folder, 'model'), 'a file');
  const before = filesBelow(folder);
  const result = await runCli(['train', ...SMALL], { cwd: folder });
  checkRefused(result, 'model_dir model: expected a folder, or nothing yet, found a file');
  assert.deepEqual(filesBelow(folder), before);
});

const isRoot = process.getuid?.() === 0;

test(
  'a model_dir that may not be written is refused',
  { skip: isRoot && 'root may write everywhere: run the tests as another user to test this' },
  async (t) => {
    const folder = smallModel(t);
    mkdirSync(join(folder, 'model'), { mode: 0o555 });
    const result = await runCli(['train', ...SMALL], { cwd: folder });
    checkRefused(result, 'model/', 'cannot be written', 'permission denied');
    assert.deepEqual(filesBelow(join(folder, 'model')), []);
  },
);
