import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ConfigError,
  DataError,
  didYouMean,
  formatLocation,
  nearestNames,
  UserError,
} from '../easyrec/errors.js';

test('a location is written as editors read it, without what is not known', () => {
  assert.equal(formatLocation({ file: 'a.config' }), 'a.config');
  assert.equal(formatLocation({ file: 'a.config', line: 3 }), 'a.config:3');
  assert.equal(formatLocation({ file: 'a.config', line: 3, column: 7 }), 'a.config:3:7');
});

test("an error's place stands before its message, and its cause is kept", () => {
  const cause = new Error('disk');
  const error = new ConfigError('expected a, received b', {
    at: { file: 'a.config', line: 3, column: 7 },
    cause,
  });
  assert.equal(error.message, 'a.config:3:7: expected a, received b');
  assert.equal(error.name, 'ConfigError');
  assert.equal(error.cause, cause);
  assert.deepEqual(error.at, { file: 'a.config', line: 3, column: 7 });
  assert.ok(error instanceof UserError);
  assert.equal(new DataError('no rows').message, 'no rows');
  assert.equal(new DataError('no rows', { at: undefined }).at, undefined);
});

test('the nearest names come first, at most three, whatever their case', () => {
  const known = ['embedding_dim', 'embedding_name', 'hash_bucket_size', 'max_partitions'];
  assert.deepEqual(nearestNames('embeding_dim', known), ['embedding_dim', 'embedding_name']);
  assert.deepEqual(nearestNames('Hash_Bucket_Sise', known), ['hash_bucket_size']);
  assert.deepEqual(nearestNames('aaaa', ['aaab', 'aaac', 'aaad', 'aaae', 'aaaa']), ['aaaa', 'aaab', 'aaac']);
  assert.deepEqual(nearestNames('mlp', ['MLP', 'MLP']), ['MLP']);
});

test('names that have little in common are not proposed, short ones included', () => {
  assert.deepEqual(nearestNames('learning_rate', ['num_steps', 'auc']), []);
  assert.deepEqual(nearestNames('FM', ['a', 'bc', 'DNN']), []);
  assert.deepEqual(nearestNames('FN', ['FM', 'bc']), ['FM']);
});

test('a proposal is a question that ends the message', () => {
  assert.equal(didYouMean('auk', ['auc']), '; did you mean "auc"?');
  assert.equal(didYouMean('max_f2', ['max_f1', 'max_f3']), '; did you mean "max_f1" or "max_f3"?');
  assert.equal(didYouMean('aa', ['ab', 'ac', 'ad', 'ae']), '; did you mean "ab", "ac" or "ad"?');
  assert.equal(didYouMean('x_y_z', ['num_steps']), '');
});
