import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPrivateAddress } from '../../../easyrec/serving/operator/private_addresses.js';

test('addresses of this machine, of local networks and reserved ones are private', () => {
  const ipv4 = ['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '169.254.169.254', '172.31.255.255'];
  const more = ['192.168.0.1', '198.19.0.1', '224.0.0.1', '255.255.255.255', '192.0.2.7'];
  const ipv6 = ['::', '::1', 'fe80::1%eth0', 'fc00::1', 'fd12::1', 'ff02::1', '::ffff:8.8.8.8', '64:ff9b::1'];
  const lead = ['2002:7f00:1::', '2001:0:1::1', '2001:db8::1'];
  for (const address of [...ipv4, ...more, ...ipv6, ...lead]) {
    assert.equal(isPrivateAddress(address), true, address);
  }
});

test('public addresses are not', () => {
  for (const address of ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1']) {
    assert.equal(isPrivateAddress(address), false, address);
  }
});

test('what is no address counts as private', () => {
  assert.equal(isPrivateAddress('example.org'), true);
});
