import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DEFAULT_TENSORFLOW_VERSION,
  OLDEST_TENSORFLOW_VERSION,
  wheelFor,
  WHEELS,
  wheelVersions,
} from '../../easyrec/setup/wheels.js';

test("prefers the wheel for the user's own Python, else Python 3.12, else 3.11", () => {
  assert.equal(wheelFor('2.21.0', 'x64', 'cp310')?.python, 'cp310');
  assert.equal(wheelFor('2.21.0', 'x64', 'cp399')?.python, 'cp312');
  assert.equal(wheelFor('2.21.0', 'x64')?.python, 'cp312');
  assert.equal(wheelFor('2.12.0', 'x64', 'cp312')?.python, 'cp311');
});

test('has no wheel for a version or machine of which none is published', () => {
  assert.equal(wheelFor('2.0.0', 'x64'), undefined);
  assert.equal(wheelFor('2.12.0', 'arm64'), undefined);
  assert.equal(wheelFor('2.21.0', 's390x'), undefined);
});

test('lists the versions of a machine, newest first', () => {
  assert.deepEqual(wheelVersions('x64'), [DEFAULT_TENSORFLOW_VERSION, OLDEST_TENSORFLOW_VERSION]);
  assert.deepEqual(wheelVersions('arm64'), [DEFAULT_TENSORFLOW_VERSION]);
});

test('names every wheel as the index does, each once, with a whole SHA-256', () => {
  assert.equal(
    wheelFor('2.12.0', 'x64', 'cp311')?.fileName,
    'tensorflow_cpu-2.12.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
  );
  assert.equal(
    wheelFor('2.21.0', 'arm64')?.fileName,
    'tensorflow-2.21.0-cp312-cp312-manylinux_2_27_aarch64.whl',
  );
  assert.equal(new Set(WHEELS.map((wheel) => wheel.fileName)).size, WHEELS.length);
  assert.equal(new Set(WHEELS.map((wheel) => wheel.sha256)).size, WHEELS.length);
  assert.ok(WHEELS.every((wheel) => /^[0-9a-f]{64}$/.test(wheel.sha256)));
});
