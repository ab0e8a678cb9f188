import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataError } from '../../easyrec/errors.js';
import type { Batch, Column } from '../../easyrec/input/batch.js';
import { Graph } from '../../easyrec/tf/index.js';
import { batchTensors, columnValues, labelValues, placeholders } from '../../easyrec/train/feeds.js';

function strings(...texts: readonly string[]): Column {
  const parts = texts.map((text) => Buffer.from(text, 'utf8'));
  const offsets = [0];
  for (const part of parts) offsets.push((offsets.at(-1) ?? 0) + part.length);
  return { dtype: 'string', bytes: Buffer.concat(parts), offsets: Int32Array.from(offsets) };
}

const BATCH: Batch = {
  rows: 3,
  columns: new Map<string, Column>([
    ['text', strings('ü', '', 'x'.repeat(30))],
    ['count', { dtype: 'int32', values: Int32Array.of(1, -2, 3) }],
    ['big', { dtype: 'int64', values: BigInt64Array.of(1n, 2n ** 60n, 0n) }],
    ['share', { dtype: 'float32', values: Float32Array.of(0.5, 1, 0) }],
    ['exact', { dtype: 'float64', values: Float64Array.of(0.1, 1, 0) }],
    ['flag', { dtype: 'bool', values: Uint8Array.of(1, 0, 1) }],
  ]),
};

test('columns become tensors of their type, in the order asked for', () => {
  const names = ['flag', 'text', 'big', 'share'];
  const planned = names.map((name, index) => {
    const type = BATCH.columns.get(name)?.dtype;
    assert.ok(type !== undefined && type !== 'tensor');
    return { name, type, index };
  });
  const tensors = batchTensors(BATCH, planned);
  assert.deepEqual(
    tensors.map((tensor) => [tensor.dtype, tensor.shape]),
    [
      ['bool', [3]],
      ['string', [3]],
      ['int64', [3]],
      ['float32', [3]],
    ],
  );
  assert.deepEqual(tensors[1]?.strings(), ['ü', '', 'x'.repeat(30)]);
  assert.deepEqual([...(tensors[2]?.data('int64') ?? [])], [1n, 2n ** 60n, 0n]);
  for (const tensor of tensors) tensor.dispose();
});

test("placeholders are named by the columns' place among the input fields, as in EasyRec", () => {
  using graph = new Graph();
  const made = placeholders(graph, [
    { name: 'text', type: 'string', index: 7 },
    { name: 'share', type: 'float32', index: 2 },
  ]);
  assert.deepEqual(
    [...made].map(([name, { op, dtype, shape }]) => [name, op.name, dtype, shape]),
    [
      ['text', 'input_7', 'string', [-1]],
      ['share', 'input_2', 'float32', [-1]],
    ],
  );
});

test('labels of every type are numbers', () => {
  const labels = (name: string): number[] => [...labelValues(BATCH, name)];
  assert.deepEqual(labels('count'), [1, -2, 3]);
  assert.deepEqual(labels('big'), [1, 2 ** 60, 0]);
  assert.deepEqual(labels('share'), [0.5, 1, 0]);
  assert.deepEqual(labels('exact'), [Math.fround(0.1), 1, 0]);
  assert.deepEqual(labels('flag'), [1, 0, 1]);
  const texts: Batch = { rows: 2, columns: new Map([['y', strings('1', ' 0.25')]]) };
  assert.deepEqual([...labelValues(texts, 'y')], [1, 0.25]);
});

test('a label that is no number fails, naming label and text', () => {
  for (const text of ['', 'yes', '1,5']) {
    const batch: Batch = { rows: 2, columns: new Map([['y', strings('1', text)]]) };
    assert.throws(() => labelValues(batch, 'y'), {
      name: 'DataError',
      message: `label "y": expected a number, received "${text}"`,
    });
  }
});

test('values of a column to group by are texts, numbers or big integers', () => {
  assert.deepEqual(columnValues(BATCH, 'text'), ['ü', '', 'x'.repeat(30)]);
  assert.deepEqual(Array.from(columnValues(BATCH, 'big')), [1n, 2n ** 60n, 0n]);
  assert.throws(() => columnValues(BATCH, 'absent'), DataError);
});
