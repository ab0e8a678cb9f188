import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinInputs, splitOutputs } from '../../../easyrec/serving/batching/join.js';
import { concatRows, padTo, sliceRows } from '../../../easyrec/serving/batching/tensors.js';
import type { ServableTensor } from '../../../easyrec/serving/servable.js';
import { ServingError } from '../../../easyrec/serving/status.js';
import { infos } from '../support.js';
import { floats, plain, strings } from './support.js';

const SIGNATURE = { methodName: '', inputs: infos({ x: 'float32' }), outputs: infos({ y: 'float32' }) };

function join(
  tensors: readonly ServableTensor[],
  padVariableLengthInputs = false,
): ServableTensor | undefined {
  const tasks = tensors.map((tensor) => new Map([['x', tensor]]));
  return joinInputs(SIGNATURE, tasks, { paddingRows: 0, padVariableLengthInputs }).get('x');
}

test('tensors of every kind of array are joined and cut along the first dimension', () => {
  const tensors: readonly ServableTensor[] = [
    { dtype: 'int64', shape: [2, 2], values: BigInt64Array.of(1n, 2n, 3n, 4n) },
    { dtype: 'uint64', shape: [2, 2], values: BigUint64Array.of(1n, 2n, 3n, 2n ** 64n - 1n) },
    { dtype: 'float64', shape: [2, 2], values: Float64Array.of(1, 2, 3, 0.1) },
    { dtype: 'float16', shape: [2, 2], values: Uint16Array.of(1, 2, 3, 4) },
    { dtype: 'bool', shape: [2, 2], values: Uint8Array.of(1, 0, 1, 1) },
    { dtype: 'int8', shape: [2, 2], values: Int8Array.of(-128, 2, 3, 4) },
    { dtype: 'string', shape: [2, 2], values: strings(['a', '', 'c', 'd']).values as Uint8Array[] },
  ];
  for (const tensor of tensors) {
    const row = sliceRows(tensor, 1, 2);
    assert.deepEqual(row.shape, [1, 2]);
    const joined = concatRows([row, tensor, row], 2);
    assert.deepEqual(joined.shape, [6, 2]);
    assert.deepEqual(sliceRows(joined, 1, 3).values, tensor.values, tensor.dtype);
    for (const i of [0, 3, 4, 5])
      assert.deepEqual(sliceRows(joined, i, i + 1).values, row.values, tensor.dtype);
  }
});

test('shapes that differ cannot be joined unless padding is asked for', () => {
  const tensors = [floats([1, 2], [1, 2]), floats([3, 4, 5], [1, 3])];
  assert.throws(
    () => join(tensors),
    (error) =>
      error instanceof ServingError &&
      error.code === 'FAILED_PRECONDITION' &&
      error.message ===
        "Tensors with name 'x:0' from different tasks have different shapes and padding is turned off. " +
          'Set pad_variable_length_inputs to true, or ensure that all tensors with the same name have equal ' +
          'dimensions starting with the first dim.',
  );
  const joined = join(tensors, true);
  assert.deepEqual(joined?.shape, [2, 3]);
  assert.deepEqual(plain(joined), [1, 2, 1, 3, 4, 5]);
});

test('every dimension is filled up with the first element, of strings as well', () => {
  const matrix = floats([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
  assert.deepEqual(plain(padTo(matrix, [9, 3, 3])), [1, 2, 1, 3, 4, 1, 1, 1, 1, 5, 6, 1, 7, 8, 1, 1, 1, 1]);
  const words: ServableTensor = {
    ...strings(['a', 'b']),
    dtype: 'string',
    shape: [2, 1],
    values: strings(['a', 'b']).values as Uint8Array[],
  };
  assert.deepEqual(plain(padTo(words, [0, 2])), ['a', 'a', 'b', 'a']);
});

test('an empty tensor among others cannot be filled up, nor can ranks be made equal', () => {
  assert.throws(
    () => join([floats([], [1, 0]), floats([1], [1, 1])], true),
    /^INVALID_ARGUMENT: Got empty tensor in batch/,
  );
  assert.throws(() => join([floats([1], [1]), floats([1], [1, 1])], true), /different ranks/);
});

test('outputs that do not follow the rows of the inputs are refused in the words of the original', () => {
  const split = (y: ServableTensor): unknown => splitOutputs(new Map([['y', y]]), [1, 2], 0);
  assert.throws(
    () => split(floats([1], [])),
    /^FAILED_PRECONDITION: Batched output tensor has 0 dimensions$/,
  );
  assert.throws(
    () => split(floats([1, 2])),
    /^FAILED_PRECONDITION: Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the input tensors$/,
  );
});
