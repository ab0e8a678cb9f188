import assert from 'node:assert/strict';
import test from 'node:test';
import { gradients, IndexedSlices } from '../../../easyrec/tf/grad/index.js';
import type { Tensor } from '../../../easyrec/tf/index.js';
import { Graph, makeStep, ops, Output, Session } from '../../../easyrec/tf/index.js';

const TABLE = [1, 2, 3, 4, 5, 6, 7, 8];

interface Fixture {
  readonly graph: Graph;
  readonly handle: Output;
  /** Rows by number. */
  readonly rows: (indices: readonly number[], dtype?: 'int32' | 'int64') => Output;
  readonly run: (fetches: readonly Output[]) => Promise<number[][]>;
}

/** A variable `[4, 2]` that holds 1 to 8. */
function fixture(graph: Graph): Fixture {
  const handle = ops.varHandle(graph, 'table', 'float64', [4, 2]);
  const assign = ops.assign(handle, ops.constant(graph, 'float64', TABLE, [4, 2]));
  const rows: Fixture['rows'] = (indices, dtype = 'int64') =>
    ops.resourceGather(handle, ops.constant(graph, dtype, indices), 'float64');
  const run: Fixture['run'] = async (fetches) => {
    await using session = Session.create(graph);
    await session.run(makeStep({ targets: [assign] }));
    const results = await session.run(makeStep({ fetches }));
    return results.map((result: Tensor) => {
      using kept = result;
      return Array.from(kept.numbers(), Number);
    });
  };
  return { graph, handle, rows, run };
}

function sparse(y: Output, handle: Output): IndexedSlices {
  const [dx] = gradients(y, [handle]);
  assert.ok(dx instanceof IndexedSlices);
  return dx;
}

test('a lookup with repeated rows has the gradient that the same lookup in a dense table has', async () => {
  using graph = new Graph();
  const { handle, rows, run } = fixture(graph);
  const indices = [3, 0, 3, 3];
  const dx = sparse(ops.reduceSum(ops.square(rows(indices))), handle);
  const table = ops.constant(graph, 'float64', TABLE, [4, 2]);
  const positions = ops.constant(graph, 'float64', [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], [4, 4]);
  const [dense] = gradients(ops.reduceSum(ops.square(ops.matmul(positions, table))), [table]);
  assert.ok(dense instanceof Output);
  const [found, expected] = await run([dx.toDense(), dense]);
  assert.deepEqual(found, expected);
  assert.deepEqual(found, [2, 4, 0, 0, 0, 0, 42, 48]);
});

test('stays rows: values, row numbers and the shape of the whole', async () => {
  using graph = new Graph();
  const { handle, rows, run } = fixture(graph);
  const dx = sparse(ops.reduceSum(ops.square(rows([2, 2]))), handle);
  assert.deepEqual(dx.denseShape, [4, 2]);
  assert.deepEqual(await run([dx.values, dx.indices]), [
    [10, 12, 10, 12],
    [2, 2],
  ]);
});

test('several lookups of one variable stay rows', async () => {
  using graph = new Graph();
  const { handle, rows, run } = fixture(graph);
  const loss = ops.add(ops.reduceSum(ops.square(rows([1, 0]))), ops.reduceSum(rows([1], 'int32')));
  const dx = sparse(loss, handle);
  assert.equal(dx.indices.dtype, 'int64');
  const [indices, dense] = await run([dx.indices, dx.toDense()]);
  assert.deepEqual(indices?.toSorted(), [0, 1, 1]);
  assert.deepEqual(dense, [2, 4, 7, 9, 0, 0, 0, 0]);
});

test('a lookup and a use of the whole variable add up to a dense gradient', async () => {
  using graph = new Graph();
  const { handle, rows, run } = fixture(graph);
  const whole = ops.l2Loss(ops.readVariable(handle, 'float64'));
  const [dx] = gradients(ops.add(whole, ops.reduceSum(rows([2, 2]))), [handle]);
  assert.ok(dx instanceof Output);
  assert.deepEqual(await run([dx]), [[1, 2, 3, 4, 7, 8, 7, 8]]);
});

test('a lookup in a value that was read stays rows', async () => {
  using graph = new Graph();
  const { handle, run } = fixture(graph);
  const table = ops.identity(ops.readVariable(handle, 'float64'));
  const dx = sparse(ops.reduceSum(ops.gather(table, ops.constant(graph, 'int32', [3, 3]))), handle);
  assert.deepEqual(await run([dx.toDense()]), [[0, 0, 0, 0, 0, 0, 2, 2]]);
});

test('pooled rows stay rows', async () => {
  using graph = new Graph();
  const { handle, run } = fixture(graph);
  const table = ops.readVariable(handle, 'float64');
  const [indices, ids] = [ops.constant(graph, 'int32', [3, 1, 3]), ops.constant(graph, 'int32', [0, 0, 1])];
  const pooled = graph.op('SparseSegmentMean', [table, indices, ids]).output();
  const dx = sparse(ops.reduceSum(pooled), handle);
  assert.deepEqual(await run([dx.toDense()]), [[0, 0, 0.5, 0.5, 0, 0, 1.5, 1.5]]);
});

test('rows become dense where the table is itself computed', async () => {
  using graph = new Graph();
  const { handle, run } = fixture(graph);
  const table = ops.mul(ops.readVariable(handle, 'float64'), 10);
  const [dx] = gradients(ops.reduceSum(ops.gather(table, ops.constant(graph, 'int32', [1, 1]))), [handle]);
  assert.ok(dx instanceof Output);
  assert.deepEqual(await run([dx]), [[0, 0, 20, 20, 0, 0, 0, 0]]);
});

test('a variable of unknown shape tells its shape at run time', async () => {
  using graph = new Graph();
  const handle = graph.op('VarHandleOp', [], { dtype: 'float64', shape: null, shared_name: 'v' }).output();
  const assign = ops.assign(handle, ops.constant(graph, 'float64', TABLE, [4, 2]));
  const indices = ops.constant(graph, 'int32', [1, 1, 0, 3], [2, 2]);
  const dx = sparse(ops.reduceSum(ops.resourceGather(handle, indices, 'float64')), handle);
  await using session = Session.create(graph);
  await session.run(makeStep({ targets: [assign] }));
  const [dense] = await session.run(makeStep({ fetches: [dx.toDense()] }));
  assert.deepEqual(dense?.shape, [4, 2]);
  assert.deepEqual([...dense.data('float64')], [1, 1, 2, 2, 0, 0, 1, 1]);
  dense.dispose();
});

test('scales every row', async () => {
  using graph = new Graph();
  const { handle, rows, run } = fixture(graph);
  const dx = sparse(ops.reduceSum(rows([1, 1])), handle).scale(0.5);
  assert.deepEqual(await run([dx.toDense()]), [[0, 0, 1, 1, 0, 0, 0, 0]]);
});

test('an empty lookup has an empty gradient', async () => {
  using graph = new Graph();
  const { handle, rows, run } = fixture(graph);
  const dx = sparse(ops.reduceSum(rows([])), handle);
  assert.deepEqual(await run([dx.values, dx.toDense()]), [[], [0, 0, 0, 0, 0, 0, 0, 0]]);
});
