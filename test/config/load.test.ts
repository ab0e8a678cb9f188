import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { parseDottedEdits, parseEditConfigJson } from '../../easyrec/config/edit.js';
import { expandRange } from '../../easyrec/config/expand.js';
import {
  featureConfigs,
  featureName,
  loadPipelineConfig,
  pipelineConfigFromText,
  printConfig,
} from '../../easyrec/config/load.js';
import { locationOf } from '../../easyrec/config/message.js';

const folder = mkdtempSync(join(tmpdir(), 'easyrec-config-'));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

describe('reads files', () => {
  test('in text format and in JSON, by suffix', () => {
    const text = loadPipelineConfig(write('a.config', '\ufeffmodel_dir: "中"'));
    const json = loadPipelineConfig(write('a.json', '{"modelDir": "中"}'));
    assert.deepEqual(text, json);
    assert.equal(text.model_dir, '中');
  });

  test('rejecting other suffixes, missing files, folders and text that is not UTF-8', () => {
    const yaml = write('a.yaml', 'model_dir: x');
    assert.throws(() => loadPipelineConfig(yaml), {
      name: 'ConfigError',
      message: /a\.yaml: expected a file that ends in \.config/,
    });
    assert.throws(() => loadPipelineConfig(join(folder, 'none.config')), {
      name: 'ConfigError',
      message: /none\.config: the config file does not exist/,
    });
    assert.throws(() => loadPipelineConfig(folder), {
      name: 'ConfigError',
      message: /expected a config file, received a folder/,
    });
    const latin = write('latin.config', Buffer.from([0x61, 0xe9, 0x62]));
    assert.throws(() => loadPipelineConfig(latin), {
      name: 'ConfigError',
      message: /latin\.config: expected UTF-8 text/,
    });
  });

  test('naming file, line and column of a mistake', () => {
    const file = write('typo.config', 'model_dir: "m"\ntrain_config {\n  num_step: 5\n}\n');
    assert.throws(() => loadPipelineConfig(file), {
      message: `${file}:3:3: unknown field "num_step" in TrainConfig; did you mean "num_steps"?`,
    });
  });
});

describe('applies what the command line changes', () => {
  test('flags first, then edits', () => {
    const config = pipelineConfigFromText('model_dir: "m" train_input_path: "t"', 'a.config', {
      selectedCols: 'a,b',
      modelDir: 'flag',
      trainInputPath: ['x', 'y'],
      evalInputPath: 'e',
      fineTuneCheckpoint: 'ckpt',
      edits: [
        ...parseEditConfigJson('{"model_dir": "edit", "train_config.num_steps": 1}'),
        ...parseDottedEdits(['--train_config.num_steps=2']).edits,
      ],
    });
    assert.equal(config.model_dir, 'edit');
    assert.deepEqual([config.train_input_path, config.eval_input_path], ['x,y', 'e']);
    assert.deepEqual(
      [config.train_config?.fine_tune_checkpoint, config.train_config?.num_steps],
      ['ckpt', 2],
    );
    assert.equal(config.data_config?.selected_cols, 'a,b');
    assert.deepEqual(locationOf(config, 'train_input_path'), { file: '--train_input_path' });
  });

  test('input paths go to the kind of path that the config has', () => {
    const load = (text: string, path: string): ReturnType<typeof pipelineConfigFromText> =>
      pipelineConfigFromText(text, 'a.config', { trainInputPath: path });
    assert.equal(load('parquet_train_input: "p"', 'q').parquet_train_input, 'q');
    assert.equal(load('hive_train_input { table_name: "p" }', 'q').hive_train_input?.table_name, 'q');
    assert.throws(() => load('hive_train_input { }', 'q,r'), /expected one Hive table, received "q,r"/);
    assert.throws(
      () => load('kafka_train_input { }', 'q'),
      /--train_input_path: a path cannot replace "kafka_train_input"/,
    );
  });

  test('no path and no folder leave the config as it is', () => {
    const config = pipelineConfigFromText('train_input_path: "t"', 'a.config', {
      trainInputPath: [],
      modelDir: '',
    });
    assert.deepEqual([config.train_input_path, config.model_dir], ['t', '']);
  });
});

describe('writes out short forms', () => {
  test('ranges of names', () => {
    assert.deepEqual(expandRange('field[1-3]'), ['field1', 'field2', 'field3']);
    assert.deepEqual(expandRange('a_b[9-10]_tail'), ['a_b9', 'a_b10']);
    assert.deepEqual(expandRange('c1[1-3]'), ['c1[1-3]']);
    assert.deepEqual(expandRange('field[3-1]'), []);
    assert.throws(() => expandRange('field[1-99999999]'), /has 99999999 names/);
  });

  test('input fields only with auto_expand_input_fields, groups always', () => {
    const text = (auto: boolean): string => `data_config { auto_expand_input_fields: ${auto}
      input_fields { input_name: "label" } input_fields { input_name: "f[1-2]" input_type: FLOAT default_val: "1" } }
      model_config { feature_groups { feature_names: ["x", "f[1-2]"] } }`;
    const names = (auto: boolean): unknown =>
      pipelineConfigFromText(text(auto), 'a.config').data_config?.input_fields.map((field) => [
        field.input_name,
        field.input_type,
      ]);
    assert.deepEqual(names(true), [
      ['label', 'STRING'],
      ['f1', 'FLOAT'],
      ['f2', 'FLOAT'],
    ]);
    assert.deepEqual(names(false), [
      ['label', 'STRING'],
      ['f[1-2]', 'FLOAT'],
    ]);
    const config = pipelineConfigFromText(text(false), 'a.config');
    assert.deepEqual(config.model_config?.feature_groups[0]?.feature_names, ['x', 'f1', 'f2']);
  });

  test('shared names as copies at the end of the list', () => {
    const text = `data_config { auto_expand_input_fields: true }
      feature_config {
        features { input_names: "a" feature_type: TagFeature embedding_name: "e" shared_names: ["b", "c[1-2]"] }
        features { input_names: "z" }
      }`;
    const features = featureConfigs(pipelineConfigFromText(text, 'a.config'));
    assert.deepEqual(
      features.map((feature) => [
        featureName(feature),
        feature.feature_type,
        feature.embedding_name,
        feature.shared_names.length,
      ]),
      [
        ['a', 'TagFeature', 'e', 0],
        ['z', 'IdFeature', '', 0],
        ['b', 'TagFeature', 'e', 0],
        ['c1', 'TagFeature', 'e', 0],
        ['c2', 'TagFeature', 'e', 0],
      ],
    );
  });

  test('a config that is written out and read again stays the same', () => {
    const text = `data_config { auto_expand_input_fields: true input_fields { input_name: "f[1-2]" } }
      feature_configs { input_names: "f1" shared_names: "f[2-2]" }`;
    const config = pipelineConfigFromText(text, 'a.config');
    assert.deepEqual(pipelineConfigFromText(printConfig(config), 'b.config'), config);
    assert.equal(config.feature_configs.length, 2);
  });
});

test('features come from the older list if it has any', () => {
  const both = 'feature_configs { input_names: "old" } feature_config { features { input_names: "new" } }';
  const names = (text: string): unknown =>
    featureConfigs(pipelineConfigFromText(text, 'a.config')).map(featureName);
  assert.deepEqual(names(both), ['old']);
  assert.deepEqual(names('feature_config { features { input_names: "i" feature_name: "n" } }'), ['n']);
  assert.deepEqual(names(''), []);
  assert.throws(
    () => names('feature_configs { }'),
    /^ConfigError: a\.config:1:1: a feature needs "input_names" or "feature_name"/,
  );
});

test('fg_json_path is refused by name unless it is marked as done', () => {
  assert.throws(() => pipelineConfigFromText('\nfg_json_path: "fg.json"', 'a.config'), {
    name: 'ConfigError',
    message: 'a.config:2:1: field "fg_json_path" of EasyRecConfig is not supported yet',
  });
  assert.equal(pipelineConfigFromText('fg_json_path: "!fg.json"', 'a.config').fg_json_path, '!fg.json');
});
