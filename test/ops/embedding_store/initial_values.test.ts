import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph, makeStep, ops, Session } from '../../../easyrec/tf/index.js';
import { NativeStore } from './native_store.js';

const SEEDS: readonly (readonly [bigint, bigint])[] = [
  [0n, 0n],
  [1n, 123456789012345n],
  [-5n, -(2n ** 40n)],
  [2n ** 62n, 77n],
];

/** `[rows, dim]` of a stateless op times the deviation, plus the mean. */
async function byTensorflow(
  type: 'StatelessTruncatedNormal' | 'StatelessRandomNormal',
  [rows, dim]: readonly [number, number],
  seeds: readonly [bigint, bigint],
  [mean, deviation]: readonly [number, number],
): Promise<Float32Array> {
  using graph = new Graph();
  const shape = ops.constant(graph, 'int64', [rows, dim]);
  const seed = ops.constant(graph, 'int64', [...seeds]);
  const normal = graph.op(type, [shape, seed], { dtype: 'float32' }).output();
  const scaled = ops.mul(normal, ops.constant(graph, 'float32', deviation));
  const values = mean === 0 ? scaled : ops.add(scaled, ops.constant(graph, 'float32', mean));
  await using session = Session.create(graph, {});
  const [result] = session.runSync(makeStep({ fetches: [values] }));
  assert.ok(result);
  using owned = result;
  return Float32Array.from(owned.data('float32'));
}

for (const [kind, type] of [
  ['truncated_normal', 'StatelessTruncatedNormal'],
  ['normal', 'StatelessRandomNormal'],
] as const) {
  test(`rows start bit for bit from the numbers of ${type}`, async () => {
    for (const seeds of SEEDS) {
      for (const [rows, dim] of [
        [1, 1],
        [403, 1],
        [101, 3],
        [57, 7],
        [64, 16],
        [33, 33],
        [100_000, 17],
      ] as const) {
        for (const [mean, deviation] of [
          [0, 0.0025],
          [-0.3, 2],
        ] as const) {
          using store = new NativeStore({ kind: 'sgd', parameters: [], slots: [] });
          const table = store.addTable({ name: 't', rows, dim, initial: { kind, mean, deviation }, seeds });
          const expected = await byTensorflow(type, [rows, dim], seeds, [mean, deviation]);
          const received = store.read(table, 0);
          assert.deepEqual(new Uint32Array(received.buffer), new Uint32Array(expected.buffer));
          assert.equal(store.stats(table).rows, 0);
          // Any row alone is what it is among all of them.
          const row = Math.floor(rows / 2);
          assert.deepEqual(store.read(table, 0, row, 1), expected.subarray(row * dim, (row + 1) * dim));
        }
      }
    }
  });
}

test('constants repeat their last value over all further elements', () => {
  using store = new NativeStore({ kind: 'sgd', parameters: [], slots: [] });
  const table = store.addTable({
    name: 't',
    rows: 3,
    dim: 2,
    initial: { kind: 'constant', values: [1, 2, 3] },
  });
  assert.deepEqual([...store.read(table, 0)], [1, 2, 3, 3, 3, 3]);
});
