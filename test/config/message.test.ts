import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  defaultMessage,
  has,
  messageName,
  oneofCase,
  parseMessage,
  typedMessage,
} from '../../easyrec/config/message.js';
import { parseText } from '../../easyrec/config/text_format.js';
import { messageSchema } from '../../easyrec/config/schema.js';

test('fields that are not set hold their defaults', () => {
  const mlp = defaultMessage('MLP');
  assert.deepEqual(
    { ...mlp },
    {
      hidden_units: [],
      dropout_ratio: [],
      activation: 'relu',
      use_bn: true,
      use_final_bn: true,
      final_activation: 'relu',
      use_bias: false,
      initializer: 'he_uniform',
      use_bn_after_activation: false,
      use_final_bias: false,
      add_to_outputs: false,
    },
  );
  const config = defaultMessage('EasyRecConfig');
  assert.equal(config.train_config, null);
  assert.equal(config.which_train_path, null);
  assert.equal(config.train_input_path, '');
});

test('presence is kept apart from the value', () => {
  const message = parseMessage('TrainConfig', 'num_steps: 0 optimizer_config { }');
  assert.equal(has(message, 'num_steps'), true);
  assert.equal(has(message, 'save_checkpoints_steps'), false);
  assert.equal(has(message, 'optimizer_config'), true);
  assert.equal(has(message, 'freeze_gradient'), false);
});

test('messages are frozen to the last list and map', () => {
  const layer = parseMessage(
    'KerasLayer',
    'st_params { fields { key: "a" value { list_value { values { number_value: 1 } } } } }',
  );
  const assertFrozen = (value: unknown): void => {
    assert.ok(typeof value !== 'object' || value === null || Object.isFrozen(value));
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(assertFrozen);
  };
  assertFrozen(layer);
  assertFrozen(defaultMessage('MLP'));
  assert.ok(layer.st_params?.fields['a']);
});

test('a copy of a message has no presence to ask for', () => {
  const mlp = parseMessage('MLP', 'use_bn: false');
  assert.equal(messageName(mlp), 'MLP');
  assert.throws(() => has({ ...mlp }, 'use_bn'), /not a config message/);
});

test('the set member of a oneof comes with its value, and none is null', () => {
  assert.equal(oneofCase(defaultMessage('EasyRecConfig'), 'train_path'), null);
  const config = parseMessage('EasyRecConfig', 'parquet_train_input: "p"');
  assert.deepEqual(oneofCase(config, 'train_path'), { case: 'parquet_train_input', value: 'p' });
});

test('a node is only given the type it has', () => {
  const node = parseText(messageSchema('MLP'), '', 'a.config');
  assert.throws(() => typedMessage('DNN', node), /expected a DNN, received a MLP/);
});
