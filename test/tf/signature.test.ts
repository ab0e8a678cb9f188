import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSignatures, signatureObstacle, type SignatureDef } from '../../easyrec/tf/index.js';

const X = { name: 'x:0', dtype: 1, tensor_shape: { dim: [{ size: -1 }] } };

test('signatures with tensors that no call can feed or fetch are left out, each with its reason', () => {
  const defs: Record<string, SignatureDef> = {
    dense: { inputs: { x: X }, outputs: { y: { name: 'y:0', dtype: 101 } }, method_name: 'predict' },
    sparse: { inputs: { a: X, s: { dtype: 1, coo_sparse: { values_tensor_name: 'v:0' } } } },
    composite: { outputs: { c: { composite_tensor: new Uint8Array() } } },
    nameless: { inputs: { x: { dtype: 1 } } },
    unknown: { inputs: { x: { name: 'x:0', dtype: 29 } } },
  };
  assert.deepEqual(
    [...readSignatures(defs)],
    [
      [
        'dense',
        {
          methodName: 'predict',
          inputs: new Map([['x', { name: 'x:0', dtype: 'float32', shape: [-1] }]]),
          outputs: new Map([['y', { name: 'y:0', dtype: 'float32', shape: null }]]),
        },
      ],
    ],
  );
  assert.deepEqual(
    Object.entries(defs).map(([name, def]) => signatureObstacle(name, def)),
    [
      undefined,
      'signature "sparse": input "s": expected a dense tensor, received a sparse one',
      'signature "composite": output "c": expected a dense tensor, received a composite one',
      'signature "nameless": input "x": expected a tensor of the graph, received one without a name',
      'signature "unknown": input "x": expected a known type, received the one of code 29',
    ],
  );
});
