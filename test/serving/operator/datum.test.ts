import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataError } from '../../../easyrec/errors.js';
import { readDatum } from '../../../easyrec/serving/operator/datum.js';

const text = (datum: string): string => Buffer.from(readDatum(datum)).toString('utf8');

test('base64 text is read, also with line breaks and without padding', () => {
  assert.equal(text('aGVsbG8='), 'hello');
  assert.equal(text('aGVs\r\nbG8\n'), 'hello');
  assert.deepEqual([...readDatum('-_8=')], [0xfb, 0xff]);
});

test('a base64 data URL is read, whatever its media type', () => {
  assert.equal(text('data:image/png;base64,aGVsbG8='), 'hello');
  assert.equal(text('data:;base64,aGVsbG8%3D'), 'hello');
});

test('a data URL of another encoding, text that is no base64, and nothing are refused', () => {
  assert.throws(() => readDatum('data:text/plain,hello'), /expected a data URL that says ";base64,"/);
  assert.throws(() => readDatum('data:image/png;base64'), DataError);
  assert.throws(() => readDatum('not base64!'), /expected base64 text, received "notbase64!"/);
  assert.throws(() => readDatum('aGVsb'), DataError);
  assert.throws(() => readDatum(' \n'), /received nothing/);
  assert.throws(() => readDatum('data:image/png;base64,%zz'), /broken %-escape/);
});
