import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completeInputs } from '../../../easyrec/serving/inference/predict_inputs.js';
import type { ServableTensor } from '../../../easyrec/serving/servable.js';
import { halfPlusTwo } from '../support.js';

const IMPOSSIBLE: Readonly<Record<string, ServableTensor>> = {
  'too high a rank': { dtype: 'float32', shape: Array<number>(255).fill(1), values: Float32Array.of(1) },
  'more elements than can be counted': {
    dtype: 'float32',
    shape: [2 ** 40, 2 ** 40, 0],
    values: new Float32Array(),
  },
};

for (const [what, x] of Object.entries(IMPOSSIBLE)) {
  test(`an input of ${what} is refused before it gets to TensorFlow`, () => {
    const { signatures } = halfPlusTwo();
    const signature = signatures.get('serving_default');
    assert.ok(signature !== undefined);
    const complete = (): unknown => completeInputs(signature, {}, new Map([['x', x]]));
    assert.throws(complete, { code: 'INVALID_ARGUMENT', message: 'tensor parsing error: x' });
  });
}
