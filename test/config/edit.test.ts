import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  applyEdits,
  type ConfigEdit,
  parseDottedEdits,
  parseEditConfigJson,
  parseHpoParams,
} from '../../easyrec/config/edit.js';
import type { EasyRecConfig } from '../../easyrec/config/generated/types.js';
import { has, locationOf, typedMessage } from '../../easyrec/config/message.js';
import { messageSchema } from '../../easyrec/config/schema.js';
import { parseText } from '../../easyrec/config/text_format.js';
import { ConfigError } from '../../easyrec/errors.js';
import { SILENT_LOG } from '../../easyrec/log.js';

const BASE = `
model_dir: "m"
train_config {
  num_steps: 10
  optimizer_config { adam_optimizer { learning_rate { exponential_decay_learning_rate { initial_learning_rate: 0.01 } } } }
}
data_config { label_fields: ["a", "b"] input_fields { input_name: "hour" } input_fields { input_name: "age" input_type: INT32 } }
feature_config {
  features { input_names: "hour" feature_type: IdFeature embedding_dim: 8 hash_bucket_size: 50 }
  features { input_names: "age" feature_type: RawFeature embedding_dim: 16 boundaries: [1, 2] }
  features { feature_name: "c" input_names: ["hour", "age"] feature_type: ComboFeature embedding_dim: 4 }
}
model_config {
  feature_groups { group_name: "all" feature_names: ["hour", "age"] }
  feature_groups { group_name: "w" wide_deep: WIDE feature_names: "c" }
  deepfm { dnn { hidden_units: [8, 4] } }
}`;

interface Edited {
  readonly config: EasyRecConfig;
  readonly warnings: readonly string[];
}

function applyAll(edits: readonly ConfigEdit[]): Edited {
  const warnings: string[] = [];
  const root = parseText(messageSchema('EasyRecConfig'), BASE, 'base.config');
  applyEdits(root, edits, { ...SILENT_LOG, warn: (message) => warnings.push(message) });
  return { config: typedMessage('EasyRecConfig', root), warnings };
}

function edited(edits: object): EasyRecConfig {
  return applyAll(parseEditConfigJson(JSON.stringify(edits))).config;
}

function failure(edits: object): string {
  try {
    edited(edits);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return assert.fail(`expected an error for ${JSON.stringify(edits)}`);
}

function dims(selector: string): readonly number[] {
  const config = edited({ [`feature_config.features${selector}.embedding_dim`]: 1 });
  return (config.feature_config?.features ?? []).map((feature) => feature.embedding_dim);
}

// What EasyRec's own edit_config makes of the same base and edits.
describe('selects elements of a repeated field', () => {
  for (const [selector, expected] of [
    ['[0]', [1, 16, 4]],
    ['[-1]', [8, 16, 1]],
    ['[ 1 ]', [8, 1, 4]],
    ['[:]', [1, 1, 1]],
    ['[1:3]', [8, 1, 1]],
    ['[1:]', [8, 1, 1]],
    ['[:2]', [1, 1, 4]],
    ['[-2:]', [8, 1, 1]],
    ['[:-1]', [1, 1, 4]],
    ['[2:9]', [8, 16, 1]],
    ['[input_names[0]=hour]', [1, 16, 1]],
    ['[embedding_dim>=8]', [1, 1, 4]],
    ['[embedding_dim<=8]', [1, 16, 1]],
    ['[embedding_dim>8]', [8, 1, 4]],
    ['[embedding_dim<8]', [8, 16, 1]],
    ['[embedding_dim = 8]', [1, 16, 4]],
    ['[feature_type=RawFeature]', [8, 1, 4]],
    ['[feature_type=1]', [8, 1, 4]],
    ['[feature_type>=1]', [8, 1, 1]],
    ['[feature_name=c]', [8, 16, 1]],
    ['[feature_name=]', [1, 1, 4]],
  ] as const) {
    test(`by ${selector}`, () => {
      assert.deepEqual(dims(selector), expected);
    });
  }

  test('by a condition on an element that some items lack, which do not match', () => {
    assert.deepEqual(dims('[input_names[1]=age]'), [8, 16, 1]);
  });

  test('warning when nothing is selected', () => {
    const { config, warnings } = applyAll(
      parseEditConfigJson('{"feature_config.features[input_names[0]=nope].embedding_dim": 1}'),
    );
    assert.deepEqual(
      config.feature_config?.features.map((feature) => feature.embedding_dim),
      [8, 16, 4],
    );
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /input_names\[0\]=nope.*selects nothing/);
  });
});

describe('assigns', () => {
  test('numbers, texts, bools and enums by name or number', () => {
    const config = edited({
      'train_config.num_steps': 100,
      'train_config.write_graph': 'False',
      'train_config.is_profiling': true,
      'data_config.input_type': 12,
      'data_config.separator': '\t|',
      'model_config.embedding_regularization': '1e-3',
      'model_config.loss_type': 'L2_LOSS',
      model_dir: 5,
    });
    assert.equal(config.train_config?.num_steps, 100);
    assert.equal(config.train_config.write_graph, false);
    assert.equal(config.train_config.is_profiling, true);
    assert.equal(config.data_config?.input_type, 'CSVInputEx');
    assert.equal(config.data_config.separator, '|');
    assert.equal(config.model_config?.embedding_regularization, Math.fround(1e-3));
    assert.equal(config.model_config.loss_type, 'L2_LOSS');
    assert.equal(config.model_dir, '5');
  });

  test('several paths and values joined by ";"', () => {
    const config = edited({ 'train_config.num_steps; model_dir': '5; other' });
    assert.deepEqual([config.train_config?.num_steps, config.model_dir], [5, 'other']);
  });

  test('lists as a whole, from JSON or text, and single elements', () => {
    const boundaries = (value: unknown): unknown =>
      edited({ 'feature_config.features[1].boundaries': value }).feature_config?.features[1]?.boundaries;
    assert.deepEqual(boundaries([4, 5, 6.5]), [4, 5, 6.5]);
    assert.deepEqual(boundaries('[4,5]'), [4, 5]);
    assert.deepEqual(boundaries(4), [4]);
    assert.deepEqual(edited({ 'data_config.label_fields': ['x', 'y"'] }).data_config?.label_fields, [
      'x',
      'y"',
    ]);
    assert.deepEqual(edited({ 'data_config.label_fields[-1]': 'z' }).data_config?.label_fields, ['a', 'z']);
    const config = edited({ 'model_config.deepfm.dnn.hidden_units[0]': 3 });
    assert.deepEqual(config.model_config?.deepfm?.dnn?.hidden_units, [3, 4]);
  });

  test('messages from text format, with or without braces, forgetting what they held', () => {
    for (const value of ['adagrad_optimizer { }', ' { adagrad_optimizer { } } ']) {
      const config = edited({ 'train_config.optimizer_config[0]': value });
      assert.equal(config.train_config?.optimizer_config[0]?.which_optimizer, 'adagrad_optimizer');
    }
    const optimizer = edited({ 'train_config.optimizer_config[0].adam_optimizer': 'beta1: 0.5' }).train_config
      ?.optimizer_config[0]?.adam_optimizer;
    assert.deepEqual([optimizer?.beta1, optimizer?.learning_rate], [0.5, null]);
  });

  test('through absent messages, switching oneofs on the way', () => {
    const path =
      'train_config.optimizer_config[0].adam_optimizer.learning_rate.constant_learning_rate.learning_rate';
    const rate = edited({ [path]: 0.5 }).train_config?.optimizer_config[0]?.adam_optimizer?.learning_rate;
    assert.equal(rate?.which_learning_rate, 'constant_learning_rate');
    assert.equal(rate.constant_learning_rate?.learning_rate, 0.5);
    assert.equal(rate.exponential_decay_learning_rate, null);
    const exported = edited({ 'export_config.exporter_type': 'none' });
    assert.equal(exported.export_config?.exporter_type, 'none');
  });

  test('without making messages that a condition only looks at', () => {
    const path = 'feature_config.features[embedding_dim=8].embedding_dim';
    const config = edited({ [path]: 2, 'model_config.feature_groups[wide_deep=WIDE].group_name': 'wide' });
    const [feature] = config.feature_config?.features ?? [];
    assert.ok(feature);
    assert.equal(has(feature, 'initializer'), false);
    assert.equal(config.model_config?.feature_groups[1]?.group_name, 'wide');
  });

  test('and remembers that the value came from the edit', () => {
    const config = edited({ 'train_config.num_steps': 3 });
    assert.ok(config.train_config);
    assert.deepEqual(locationOf(config.train_config, 'num_steps'), {
      file: '--edit_config_json',
      line: 1,
      column: 27,
    });
  });
});

describe('rejects', () => {
  for (const [edits, message] of [
    [
      { 'train_config.nums_steps': 5 },
      /unknown field "nums_steps" in TrainConfig; did you mean "num_steps"\?/,
    ],
    [
      { 'train_confg.num_steps': 5 },
      /^--edit_config_json:1:26: edit "train_confg\.num_steps": unknown field "train_confg" in EasyRecConfig; did you mean "train_config"/,
    ],
    [{ 'train_config.num_steps': '1e3' }, /field "num_steps": expected uint32, received "1e3"/],
    [{ 'train_config.write_graph': '0' }, /field "write_graph": expected bool, received "0"/],
    [
      { 'data_config.input_type': 'CSVInputt' },
      /expected a value of enum DatasetConfig\.InputType, received "CSVInputt"; did you mean "CSVInput"/,
    ],
    [{ 'data_config.input_type': 6 }, /received "6"/],
    [{ 'data_config.label_fields': 'clk' }, /expected a quoted string, received "clk"/],
    [
      { 'train_config.optimizer_config': 'adagrad_optimizer {}' },
      /cannot be replaced as a whole; edit its elements, as in optimizer_config\[0\]/,
    ],
    [
      { 'train_config.optimizer_config.adam_optimizer.beta1': 1 },
      /field "optimizer_config" is repeated; say which elements/,
    ],
    [{ train_config: { num_steps: 5 } }, /received an object; a message is given as a string in text format/],
    [{ model_dir: null }, /received null/],
    [
      { 'feature_config.features[7].embedding_dim': 1 },
      /"features\[7\]" is out of range: the list has 3 elements/,
    ],
    [{ 'feature_config.features[x].embedding_dim': 1 }, /expected an index, a slice or a condition/],
    [
      { 'feature_config.features[input_names=hour].embedding_dim': 1 },
      /compares the whole list "input_names"/,
    ],
    [{ 'feature_config.features[initializer=1].embedding_dim': 1 }, /is a message and not a value/],
    [{ 'feature_config.features[a.b=1].embedding_dim': 1 }, /a dot cannot stand inside brackets/],
    [{ 'train_config[0].num_steps': 1 }, /field "train_config" of EasyRecConfig is not repeated/],
    [{ 'train_config.num_steps.x': 1 }, /field "num_steps" is a value; nothing can follow it/],
    [{ 'model_dir;train_config.num_steps': '1' }, /2 paths, but 1 values/],
    [{ '': 1 }, /the path is empty/],
    [
      { train_config: 'num_stepz: 1' },
      /^--edit_config_json "train_config":1:1: unknown field "num_stepz" in TrainConfig/,
    ],
  ] as const) {
    test(JSON.stringify(edits), () => {
      assert.match(failure(edits), message);
    });
  }

  test('text that is not a JSON object', () => {
    assert.throws(
      () => parseEditConfigJson('{"a": }'),
      /^ConfigError: --edit_config_json:1:7: JSON: expected a JSON value/,
    );
    assert.throws(() => parseEditConfigJson('[1]'), /expected a JSON object/);
  });
});

test('warns that a value is cut at ";"', () => {
  const { config, warnings } = applyAll(parseEditConfigJson('{"data_config.separator": "a;b"}'));
  assert.equal(config.data_config?.separator, 'a');
  assert.match(warnings.join(), /cut at ";", as EasyRec does: "a" is used/);
});

test('picks dotted edits out of command-line arguments', () => {
  const args = [
    '--train_config.num_steps=100',
    '--verbose',
    '--data_config.separator',
    '"|"',
    'x',
    "--model_config.label_name='a=b'",
  ];
  const { edits, rest } = parseDottedEdits(args);
  assert.deepEqual(
    edits.map(({ path, value }) => [path, value]),
    [
      ['train_config.num_steps', '100'],
      ['data_config.separator', '|'],
      ['model_config.label_name', 'a=b'],
    ],
  );
  assert.deepEqual(rest, ['--verbose', 'x']);
  assert.equal(applyAll(edits).config.train_config?.num_steps, 100);
  assert.throws(() => parseDottedEdits(['--eval_config.num_examples']), /expected a value after it/);
});

test('reads the edits of a hyper-parameter file', () => {
  const edits = parseHpoParams('{"algo": "x", "param": {"train_config.num_steps": 4}}', 'hpo.json');
  assert.equal(applyAll(edits).config.train_config?.num_steps, 4);
  assert.throws(
    () => parseHpoParams('{"params": {}}', 'hpo.json'),
    /^ConfigError: hpo\.json:1:1: expected a JSON object with the key "param"/,
  );
});
