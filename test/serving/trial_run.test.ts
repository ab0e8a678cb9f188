import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunRequest } from '../../easyrec/serving/servable.js';
import { trialRun } from '../../easyrec/serving/trial_run.js';
import type { Signature } from '../../easyrec/tf/index.js';
import { FakeModel, infos } from './support.js';

const signature = (inputs: Signature['inputs']): Signature => ({
  methodName: 'tensorflow/serving/predict',
  inputs,
  outputs: infos({ y: 'float32' }),
});

test('runs each signature on one row of nothing', async () => {
  const wide = { name: 'w:0', dtype: 'float32' as const, shape: [-1, 3] };
  const scalar = { name: 's:0', dtype: 'string' as const, shape: [] };
  const model = new FakeModel(
    {
      a: signature(new Map([...infos({ id: 'int64', word: 'string', flag: 'bool' }), ['wide', wide]])),
      b: signature(new Map([['scalar', scalar]])),
    },
    () => Promise.resolve(new Map()),
  );
  assert.equal((await trialRun(model)).size, 0);
  const [first, second] = model.requests as [RunRequest, RunRequest];
  assert.deepEqual(Object.fromEntries(first.inputs), {
    id: { dtype: 'int64', shape: [1], values: BigInt64Array.of(0n) },
    word: { dtype: 'string', shape: [1], values: [new Uint8Array()] },
    flag: { dtype: 'bool', shape: [1], values: Uint8Array.of(0) },
    wide: { dtype: 'float32', shape: [1, 3], values: new Float32Array(3) },
  });
  assert.deepEqual(second.inputs.get('scalar'), { dtype: 'string', shape: [], values: [new Uint8Array()] });
  assert.equal(first.timeoutMs, 10_000);
});

test('tells of the signatures that cannot be run so, and goes on', async () => {
  const model = new FakeModel(
    {
      odd: signature(infos({ x: 'complex64' })),
      bad: signature(infos({ x: 'float32' })),
      good: signature(new Map()),
    },
    ({ signatureName }) =>
      signatureName === 'bad' ? Promise.reject(new Error('no zeros, please')) : Promise.resolve(new Map()),
  );
  assert.deepEqual(
    await trialRun(model),
    new Map([
      ['odd', 'input x:0 is of type complex64'],
      ['bad', 'no zeros, please'],
    ]),
  );
  assert.deepEqual(
    model.requests.map(({ signatureName }) => signatureName),
    ['bad', 'good'],
  );
});
