import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeMessage, Graph, makeStep, ops, Session } from '../../easyrec/tf/index.js';

test('names are unique, within a scope and against names of that form', () => {
  using graph = new Graph();
  const names = ['x', 'x', 'x_1', 'x', 'x_1'].map((name) => graph.op('NoOp', [], {}, { name }).name);
  assert.equal(new Set(names).size, 5);
  assert.deepEqual(names.slice(0, 2), ['x', 'x_1']);
  const scoped = graph.scope('a', () => [0, 1].map(() => graph.op('NoOp', [], {}, { name: 'x' }).name));
  assert.deepEqual(scoped, ['a/x', 'a/x_1']);
});

test('scopes nest, end with their function even when it throws, and can be left', () => {
  using graph = new Graph();
  const name = (): string => graph.op('NoOp').name;
  graph.scope('a', () => {
    assert.throws(
      () =>
        graph.scope('b', () => {
          throw new Error(name());
        }),
      /^Error: a\/b\/NoOp$/,
    );
    assert.equal(name(), 'a/NoOp');
    assert.equal(graph.rootScope(name), 'NoOp');
    assert.equal(graph.currentScope, 'a');
  });
  assert.equal(graph.currentScope, '');
});

test('nodes are found by name, and are the same object each time', () => {
  using graph = new Graph();
  const x = ops.placeholder(graph, 'float32', [-1, 2], 'x');
  assert.equal(graph.operation('x'), x.op);
  assert.equal(graph.output('x:0'), x);
  assert.equal(graph.output('x'), x);
  assert.equal(graph.operation('y'), null);
  assert.throws(() => graph.output('y:0'), /no node named "y"/);
  assert.throws(() => graph.output('x:1'), /Placeholder "x": expected an output below 1, received 1/);
  assert.throws(() => x.op.input(0), /Placeholder "x": expected an input below 0, received 0/);
  assert.deepEqual(graph.operations(), [x.op]);
});

test('inputs, shapes and dtypes are told as far as they are known', () => {
  using graph = new Graph();
  const x = ops.placeholder(graph, 'float32', [-1, 2], 'x');
  const anything = ops.placeholder(graph, 'string', null, 'anything');
  const joined = ops.concat([x, x], 1);
  assert.deepEqual(joined.op.inputs.map(({ name }) => name).slice(0, 2), ['x:0', 'x:0']);
  assert.deepEqual(joined.shape, [-1, 4]);
  assert.equal(anything.shape, null);
  assert.deepEqual(anything.setShape([-1, 3]).shape, [-1, 3]);
  assert.throws(() => x.setShape([-1, 5]), /INVALID_ARGUMENT/);
  assert.deepEqual([x.dtype, anything.dtype], ['float32', 'string']);
});

test('attributes of every kind are set and read, defaults included', () => {
  using graph = new Graph();
  const x = ops.placeholder(graph, 'float32', [2], 'x');
  const relu = graph.op('LeakyRelu', [x]);
  assert.ok(Math.abs((relu.attr('alpha').f ?? 0) - 0.2) < 1e-6);
  assert.equal(relu.attr('T').type, 1);
  const queue = graph.op('FIFOQueueV2', [], {
    component_types: ['float32', 'string'],
    shapes: [[2], []],
    capacity: 10,
    shared_name: 'queue',
  });
  assert.deepEqual(queue.attr('component_types').list?.type, [1, 7]);
  assert.deepEqual(
    queue.attr('shapes').list?.shape?.map(({ dim = [] }) => dim.map(({ size }) => size)),
    [[2], []],
  );
  assert.equal(queue.attr('capacity').i, 10);
  assert.equal(Buffer.from(queue.attr('shared_name').s ?? []).toString(), 'queue');
  const buckets = graph.op('Bucketize', [x], { boundaries: [0.5, 1.5] });
  assert.deepEqual(buckets.attr('boundaries').list?.f, [0.5, 1.5]);
  assert.equal(
    graph
      .op('MatMul', [ops.reshape(x, [1, 2]), ops.reshape(x, [2, 1])], { transpose_a: false })
      .attr('transpose_a').b ?? false,
    false,
  );
  assert.throws(() => relu.attr('beta'), /beta/);
});

test('names an attribute of the wrong kind', () => {
  using graph = new Graph();
  const x = ops.placeholder(graph, 'float32', [2], 'x');
  assert.throws(
    () => graph.op('LeakyRelu', [x], { alpha: 'big' }),
    /LeakyRelu: attribute "alpha": expected float, received string/,
  );
  assert.throws(
    () => graph.op('Unpack', [x], { num: 1.5 }),
    /Unpack: attribute "num": expected int, received 1.5/,
  );
  assert.throws(
    () => graph.op('Placeholder', [], { dtype: 'float31' }),
    /attribute "dtype": expected type, received float31/,
  );
  assert.throws(() => graph.op('Placeholder', []), /Placeholder.*dtype/);
});

test('a node refused by TensorFlow is named with the reason, and the graph goes on', () => {
  using graph = new Graph();
  const x = ops.placeholder(graph, 'float32', [2, 3], 'x');
  assert.throws(
    () => graph.op('MatMul', [x, x], {}, { name: 'product' }),
    /MatMul "product": Dimensions must be equal/,
  );
  assert.deepEqual(ops.matmul(x, x, { transposeB: true }).shape, [2, 2]);
});

test('refuses an output of another graph', () => {
  using graph = new Graph();
  using other = new Graph();
  const x = ops.placeholder(other, 'float32', [2], 'x');
  assert.throws(
    () => graph.op('Neg', [x]),
    /Neg: input "x": expected an output of the same graph, received "x:0" of another/,
  );
  assert.throws(() => graph.op('AddN', [[x]]), /AddN: input "inputs": expected an output of the same graph/);
});

test('nodes made under control run after the operations they wait for', async () => {
  using graph = new Graph();
  const handle = ops.varHandle(graph, 'v', 'int32', []);
  const first = ops.assign(handle, ops.constant(graph, 'int32', 1));
  const second = graph.withControl([first], () => ops.assignAdd(handle, ops.constant(graph, 'int32', 10)));
  const value = graph.withControl([second], () => ops.readVariable(handle, 'int32'));
  await using session = Session.create(graph);
  for (let i = 0; i < 50; i++) {
    const [result] = await session.run(makeStep({ fetches: [value] }));
    assert.deepEqual([...(result?.data('int32') ?? [])], [11]);
    result?.dispose();
  }
});

test('a graph survives its own serialisation, under a prefix too', async () => {
  using graph = new Graph();
  const x = ops.placeholder(graph, 'float32', [-1], 'x');
  graph.scope('layer', () => ops.mul(x, 3));
  const bytes = graph.toGraphDefBytes();
  using copy = new Graph();
  copy.importGraphDef(bytes, 'imported');
  copy.importGraphDef(decodeMessage('GraphDef', bytes));
  assert.deepEqual(
    copy.operations().map(({ name }) => name),
    ['imported/x', 'imported/layer/Const', 'imported/layer/Mul', 'x', 'layer/Const', 'layer/Mul'],
  );
  await using session = Session.create(copy);
  const y = copy.output('imported/layer/Mul');
  const three = copy.output('imported/layer/Const');
  const [result] = await session.run(makeStep({ fetches: [three] }));
  assert.deepEqual([...(result?.data('float32') ?? [])], [3]);
  result?.dispose();
  assert.deepEqual(y.shape, [-1]);
  assert.equal(copy.op('NoOp', [], {}, { name: 'x' }).name, 'x_1');
});

test('refuses bytes that are no graph', () => {
  using graph = new Graph();
  assert.throws(() => graph.importGraphDef(Buffer.from('not a graph')), /INVALID_ARGUMENT/);
  assert.throws(() => graph.importGraphDef({ node: [{ name: 'x', op: 'NoSuchOp' }] }), /NoSuchOp/);
  assert.deepEqual(graph.operations(), []);
});

test('disposing twice does nothing; every use after it is a named error', () => {
  const graph = new Graph();
  const x = ops.placeholder(graph, 'float32', [1], 'x');
  graph.dispose();
  graph.dispose();
  const message = /graph: used after dispose\(\)/;
  assert.throws(() => graph.op('NoOp'), message);
  assert.throws(() => graph.operations(), message);
  assert.throws(() => graph.toGraphDef(), message);
  assert.throws(() => x.shape, message);
  assert.throws(() => Session.create(graph), message);
});
