import assert from 'node:assert/strict';
import test from 'node:test';
import { Graph, makeStep, Session, tensor, TensorflowError } from '../../easyrec/tf/index.js';

test('runs a matrix product', async () => {
  using graph = new Graph();
  const x = graph.op('Placeholder', [], { dtype: 'float32', shape: [-1, 2] }, { name: 'x' }).output();
  const y = graph.op('MatMul', [x, x], { transpose_b: true }).output();
  await using session = Session.create(graph);
  using feed = tensor('float32', [2, 2], [1, 2, 3, 4]);
  const [result] = await session.run(makeStep({ feeds: [x], fetches: [y] }), [feed]);
  assert.deepEqual(result?.shape, [2, 2]);
  assert.deepEqual([...result.data('float32')], [5, 11, 11, 25]);
  assert.deepEqual(y.shape, [-1, -1]);
  result.dispose();
});

test('keeps short and long strings through an op', () => {
  using graph = new Graph();
  const words = ['', 'short', 'x'.repeat(22), 'y'.repeat(23), 'ä'.repeat(100)];
  const x = graph.op('Placeholder', [], { dtype: 'string', shape: [-1] }).output();
  const y = graph.op('Identity', [x]).output();
  const session = Session.create(graph);
  using feed = tensor('string', [5], words);
  const [result] = session.runSync(makeStep({ feeds: [x], fetches: [y] }), [feed]);
  assert.deepEqual(result?.strings(), words);
  result.dispose();
});

test('reports TensorFlow errors whole, with their code', async () => {
  using graph = new Graph();
  const x = graph.op('Placeholder', [], { dtype: 'float32' }, { name: 'x' }).output();
  await using session = Session.create(graph);
  await assert.rejects(
    session.run(makeStep({ fetches: [x] })),
    (error: unknown) =>
      error instanceof TensorflowError &&
      error.code === 'INVALID_ARGUMENT' &&
      /placeholder/.test(error.detail),
  );
});

test('names the argument of a wrong input', () => {
  using graph = new Graph();
  const x = graph.op('Placeholder', [], { dtype: 'float32' }, { name: 'x' }).output();
  const i = graph.op('Placeholder', [], { dtype: 'int32' }, { name: 'i' }).output();
  assert.throws(
    () => graph.op('MatMul', [x, i]),
    /MatMul: input "b": expected float32 like "a", received int32 from "i:0"/,
  );
  assert.throws(() => graph.op('MatMul', [x]), /expected 2 inputs \(a, b\), received 1/);
  assert.throws(() => graph.op('MatMull', [x]), /did you mean .*"MatMul"/);
  assert.throws(
    () => graph.op('MatMul', [x, x], { transpose_c: true }),
    /no attribute "transpose_c"; did you mean "transpose_/,
  );
  assert.throws(() => graph.op('AddN', [x]), /expected a list of tensors, received one/);
});
