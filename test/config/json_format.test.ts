import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from '../../easyrec/config/json_format.js';
import {
  freezeNode,
  locationOf,
  parseMessage,
  structToPlain,
  typedMessage,
} from '../../easyrec/config/message.js';
import type { MessageTypes } from '../../easyrec/config/generated/types.js';
import { messageSchema } from '../../easyrec/config/schema.js';
import { ConfigError } from '../../easyrec/errors.js';

function fromJson<K extends keyof MessageTypes>(name: K, text: string): MessageTypes[K] {
  return typedMessage(name, parseJson(messageSchema(name), text, 'a.json'));
}

function failure(name: keyof MessageTypes, text: string): string {
  try {
    parseJson(messageSchema(name), text, 'a.json');
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return assert.fail(`expected an error for ${text}`);
}

test('gives the message that the same text format gives', () => {
  const json = `{"trainInputPath": "t", "train_config": {"numSteps": "12", "optimizer_config": [{"adam_optimizer": {"beta1": 0.5}}]},
    "dataConfig": {"input_type": "ParquetInput", "labelFields": ["a"], "num_epochs": 2.0, "shuffle": false, "label_dim": []}}`;
  const text = `train_input_path: "t" train_config { num_steps: 12 optimizer_config { adam_optimizer { beta1: 0.5 } } }
    data_config { input_type: ParquetInput label_fields: "a" num_epochs: 2 shuffle: false }`;
  assert.deepEqual(fromJson('EasyRecConfig', json), parseMessage('EasyRecConfig', text));
});

test('takes enums by number, special floats as strings, and null for an absent field', () => {
  const feature = fromJson(
    'FeatureConfig',
    '{"feature_type": 2, "max_val": "Infinity", "min_val": "-1.5", "separator": null}',
  );
  assert.deepEqual(
    [feature.feature_type, feature.max_val, feature.min_val, feature.separator],
    ['TagFeature', Infinity, -1.5, '|'],
  );
});

test('takes st_params as plain JSON', () => {
  const layer = fromJson(
    'KerasLayer',
    '{"class_name": "X", "st_params": {"units": 256, "on": true, "list": [1, "a", null], "deep": {"k": 0.5}}}',
  );
  assert.equal(layer.which_params, 'st_params');
  assert.ok(layer.st_params);
  const plain = structToPlain(layer.st_params);
  assert.equal(JSON.stringify(plain), '{"units":256,"on":true,"list":[1,"a",null],"deep":{"k":0.5}}');
});

test('keeps places', () => {
  const config = fromJson('EasyRecConfig', '{\n  "train_config": {\n    "num_steps": 3 } }');
  assert.ok(config.train_config);
  assert.deepEqual(locationOf(config.train_config, 'num_steps'), { file: 'a.json', line: 3, column: 5 });
});

test('rejects unknown fields, wrong types and second settings', () => {
  assert.equal(
    failure('MLP', '{"hidenUnits": [1]}'),
    'a.json:1:2: unknown field "hidenUnits" in MLP; did you mean "hidden_units"?',
  );
  assert.equal(
    failure('TrainConfig', '{"num_steps": 1.5}'),
    'a.json:1:15: field "num_steps" of TrainConfig: expected uint32, received "1.5"',
  );
  assert.match(failure('MLP', '{"use_bn": 1}'), /expected bool, received "1"/);
  assert.match(failure('MLP', '{"hidden_units": 1}'), /expected an array, each element uint32, received "1"/);
  assert.match(failure('MLP', '{"activation": {}}'), /expected string, received an object/);
  assert.match(
    failure('EasyRecConfig', '{"train_config": []}'),
    /expected an object for TrainConfig, received an array/,
  );
  assert.match(failure('MLP', '{"use_bn": true, "useBn": true}'), /field "use_bn" of MLP is set twice/);
  assert.match(failure('MLP', '{"use_bn": true, "use_bn": true}'), /the key "use_bn" appears twice/);
  assert.match(
    failure('KerasLayer', '{"mlp": {}, "fm": {}}'),
    /"mlp" is set already, and only one of oneof params may be/,
  );
});

for (const [text, message] of [
  ['', /^a\.json:1:1: JSON: expected a JSON value, received the end of the text/],
  ['{"use_bn": true,}', /^a\.json:1:17: JSON: expected a key in double quotes, received "}"/],
  ['{"use_bn": tru}', /^a\.json:1:12: JSON: expected a JSON value, received "t"/],
  ['{"use_bn" true}', /expected ":" after the key "use_bn"/],
  ['{"activation": "a\nb"}', /expected a JSON value/],
  ['{} x', /^a\.json:1:4: JSON: expected the end of the text, received "x"/],
  ['{"hidden_units": [1 2]}', /expected "," or "]"/],
] as const) {
  test(`rejects the JSON ${JSON.stringify(text)}`, () => {
    assert.match(failure('MLP', text), message);
  });
}

test('an empty object is a message without fields', () => {
  assert.deepEqual(freezeNode(parseJson(messageSchema('MLP'), ' { } ', 'a.json')), parseMessage('MLP', ''));
});

test('rejects nesting that would exhaust the stack', () => {
  const nested = `{"st_params": {"a": ${'['.repeat(100_000)}`;
  assert.match(failure('KerasLayer', nested), /at most 200 levels of nesting/);
});
