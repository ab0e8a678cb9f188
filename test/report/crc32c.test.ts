import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c, maskedCrc32c } from '../../easyrec/report/crc32c.js';

test('gives the check values of RFC 3720 B.4', () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
});

test('gives 0 for no bytes', () => assert.equal(crc32c(new Uint8Array(0)), 0));

test('masks by rotating right 15 bits and adding the TFRecord constant', () => {
  // 0xe3069283 rotated right by 15 is 0x2507c60d; plus 0xa282ead8.
  assert.equal(maskedCrc32c(Buffer.from('123456789')), 0xc78ab0e5);
});
