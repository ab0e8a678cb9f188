import assert from 'node:assert/strict';
import test from 'node:test';
import type { GradientRules, RuleFunction } from '../../../easyrec/tf/grad/index.js';
import { gradients, IndexedSlices, passThrough } from '../../../easyrec/tf/grad/index.js';
import { Graph, makeStep, ops, Output, Session, tensor } from '../../../easyrec/tf/index.js';
import { assertGradients } from '../../support/gradient_check.js';
import { pick, spread } from './cases/case.js';

function input(graph: Graph, shape: readonly number[] | null, name = 'x'): Output {
  return ops.placeholder(graph, 'float64', shape, name);
}

/** The gradient of one x, which must be a tensor. */
function denseGradient(y: Output, x: Output, rules: GradientRules = {}): Output {
  const [dx] = gradients(y, [x], { rules });
  assert.ok(dx instanceof Output);
  return dx;
}

/** Types of the nodes that `build` added. */
function added(graph: Graph, build: () => void): string[] {
  const before = graph.operations().length;
  build();
  return graph
    .operations()
    .slice(before)
    .map(({ type }) => type);
}

async function evaluate(graph: Graph, fetches: readonly Output[]): Promise<number[][]> {
  await using session = Session.create(graph);
  const results = await session.run(makeStep({ fetches }));
  return results.map((result) => {
    using kept = result;
    return Array.from(kept.numbers(), Number);
  });
}

test('adds up a tensor used twice in one op', async () => {
  await assertGradients({
    inputs: [spread([2, 2])],
    build: (xs) => ops.mul(pick(xs, 0), pick(xs, 0)),
  });
});

test('adds up a tensor used along several paths', async () => {
  await assertGradients({
    inputs: [spread([3, 2]), spread([2, 2], 4)],
    build: (xs) => {
      const hidden = ops.tanh(ops.matmul(pick(xs, 0), pick(xs, 1)));
      return ops.add(
        ops.mul(hidden, ops.sigmoid(hidden)),
        ops.reduceSum(hidden, { axes: [1], keepDims: true }),
      );
    },
  });
});

test('sums over several ys', async () => {
  await assertGradients({
    inputs: [spread([2])],
    build: (xs) => [ops.square(pick(xs, 0)), ops.reduceSum(pick(xs, 0)), ops.identity(pick(xs, 0))],
  });
});

test('gives second derivatives', async () => {
  const build = (xs: readonly Output[]): Output => {
    const x = pick(xs, 0);
    const y = ops.sigmoid(ops.mul(ops.tanh(x), ops.sqrt(ops.add(ops.square(x), 1))));
    return denseGradient(ops.reduceSum(y), x);
  };
  await assertGradients({ inputs: [spread([2, 2])], build });
});

test('takes the gradient of a tensor on the way', async () => {
  using graph = new Graph();
  const x = ops.constant(graph, 'float64', [1, 2]);
  const middle = ops.square(x);
  const [dMiddle, dx] = gradients(ops.reduceSum(ops.square(middle)), [middle, x]);
  assert.ok(dMiddle instanceof Output && dx instanceof Output);
  assert.deepEqual(await evaluate(graph, [dMiddle, dx]), [
    [2, 8],
    [4, 32],
  ]);
});

test('gives 1 for y itself and null for what y does not depend on', async () => {
  using graph = new Graph();
  const x = ops.constant(graph, 'float64', [1, 2]);
  const other = ops.constant(graph, 'float64', [3]);
  const [dx, dOther] = gradients(x, [x, other]);
  assert.equal(dOther, null);
  assert.ok(dx instanceof Output);
  assert.deepEqual(await evaluate(graph, [dx]), [[1, 1]]);
});

test('begins with given gradients, null among them', async () => {
  using graph = new Graph();
  const x = ops.constant(graph, 'float64', [1, 2]);
  const gradYs = [ops.constant(graph, 'float64', [10, 100]), null];
  const [dx] = gradients([ops.square(x), ops.exp(x)], [x], { gradYs });
  assert.ok(dx instanceof Output);
  assert.deepEqual(await evaluate(graph, [dx]), [[20, 400]]);
});

test('passes neither StopGradient nor integers nor truth values', () => {
  using graph = new Graph();
  const x = input(graph, [3]);
  const whole = ops.cast(ops.cast(x, 'int32'), 'float64');
  const truth = ops.cast(ops.greater(x, 0), 'float64');
  const paths = [ops.stopGradient(x), whole, truth, ops.floor(x), ops.onesLike(x)];
  assert.deepEqual(gradients(paths, [x]), [null]);
});

test('is not asked for a rule beside the way from y to x', () => {
  using graph = new Graph();
  const x = input(graph, [2, 2]);
  const besides = graph.op('Cholesky', [input(graph, [2, 2], 'besides')]).output();
  assert.ok(denseGradient(ops.mul(x, besides), x));
});

test('names the op and node whose rule is missing', () => {
  using graph = new Graph();
  const x = input(graph, [2, 2]);
  const y = graph.scope('tower', () => graph.op('Cholesky', [x]).output());
  assert.throws(
    () => gradients(y, [x]),
    /no rule for op Cholesky \(node "tower\/Cholesky"\).*rules.*\{ Cholesky:/,
  );
});

test("takes a plugin's rules before its own", async () => {
  using graph = new Graph();
  const x = ops.constant(graph, 'float64', [5]);
  const square = denseGradient(ops.square(x), x, { Square: passThrough });
  assert.equal(gradients(ops.square(x), [x], { rules: { Square: null } })[0], null);
  assert.deepEqual(await evaluate(graph, [square]), [[1]]);
});

test('says where an author forbade the gradient', () => {
  using graph = new Graph();
  const x = input(graph, [2]);
  const y = graph.op('PreventGradient', [x], { message: 'not through the sampler' }).output();
  assert.throws(() => gradients(y, [x]), /PreventGradient "PreventGradient": not through the sampler/);
});

test('holds what a rule returns against the input', () => {
  using graph = new Graph();
  const x = input(graph, [2, 3]);
  const y = graph.op('Neg', [x], {}, { name: 'minus' }).output();
  const withRule = (Neg: RuleFunction) => () => gradients(y, [x], { rules: { Neg } });
  assert.throws(
    withRule(() => []),
    /Neg \(node "minus"\): expected 1 gradients, one per input, received 0/,
  );
  assert.throws(
    withRule((_op, [dy]) => [ops.cast(dy, 'float32')]),
    /Neg \(node "minus"\) for input 0 \("x:0"\): expected dtype float64, received float32/,
  );
  assert.throws(
    withRule((_op, [dy]) => [ops.reduceSum(dy, { axes: [0] })]),
    /Neg \(node "minus"\) for input 0 \("x:0"\): expected shape \[2, 3\], received \[3\]/,
  );
});

test('refuses ys and xs without derivatives', () => {
  using graph = new Graph();
  const x = input(graph, [2]);
  const counts = ops.placeholder(graph, 'int32', [2], 'counts');
  assert.throws(() => gradients([], [x]), /expected at least one y/);
  assert.throws(
    () => gradients(counts, [x]),
    /floating tensors for y, received int32 from Placeholder "counts:0"/,
  );
  assert.throws(() => gradients(x, [counts]), /handles of variables for x, received int32/);
  assert.throws(() => gradients(x, [x], { gradYs: [] }), /expected 1 gradYs, one per y, received 0/);
  assert.throws(
    () => gradients(x, [x], { gradYs: [ops.cast(x, 'float32')] }),
    /gradYs of "x:0" as float64, received float32/,
  );
});

test('does not mistake complex numbers for constants', () => {
  using graph = new Graph();
  const x = input(graph, [2]);
  const complex = graph.op('Complex', [x, x], { Tout: 'complex128' }).output();
  const y = graph.op('Real', [complex], { Tout: 'float64' }).output();
  assert.throws(() => gradients(y, [x]), /expected real numbers.*received complex128 from Complex/);
});

test('puts its nodes under gradients/, whatever the scope', () => {
  using graph = new Graph();
  const x = input(graph, [2, 3]);
  const y = graph.scope('model', () => ops.reduceMean(ops.sigmoid(x)));
  const before = new Set(graph.operations().map(({ name }) => name));
  graph.scope('train', () => gradients(y, [x]));
  const names = graph.operations().flatMap(({ name }) => (before.has(name) ? [] : [name]));
  assert.ok(names.includes('gradients/model/Sigmoid_grad/SigmoidGrad'));
  assert.deepEqual(
    names.filter((name) => !name.startsWith('gradients/')),
    [],
  );
});

test('walks a chain of 20,000 nodes', () => {
  using graph = new Graph();
  const x = input(graph, []);
  let y = x;
  for (let i = 0; i < 20_000; i++) y = ops.identity(y);
  assert.ok(denseGradient(y, x));
});

test('adds no sums where an open batch size is the same on both sides', () => {
  using graph = new Graph();
  const x = input(graph, [-1, 4]);
  const hidden = ops.relu(
    ops.biasAdd(
      ops.matmul(x, ops.constant(graph, 'float64', 1, [4, 3])),
      ops.constant(graph, 'float64', 1, [3]),
    ),
  );
  const parts = ops.concat([hidden, ops.square(x)], 1);
  const columns = ops.split(parts, [3, 4], 1);
  const joined = ops.mul(pick(columns, 0), ops.sigmoid(ops.slice(parts, [0, 4], [-1, 3])));
  const score = ops.reduceSum(ops.add(joined, ops.reshape(ops.expandDims(hidden, 1), [-1, 3])), {
    axes: [1],
  });
  const loss = ops.reduceMean(ops.mul(score, ops.reduceMax(hidden, { axes: [1] })));
  const types = added(graph, () => gradients(loss, [x]));
  assert.deepEqual(
    types.filter((type) => type === 'BroadcastGradientArgs'),
    [],
  );
});

test('knows from a concatenation that placeholders have as many rows', () => {
  using graph = new Graph();
  const [a, b] = [input(graph, [-1, 2], 'a'), input(graph, [-1, 2], 'b')];
  const product = ops.mul(a, b);
  assert.ok(added(graph, () => gradients(product, [a])).includes('BroadcastGradientArgs'));
  const joined = ops.concat([product, a, b], 1);
  assert.ok(!added(graph, () => gradients(joined, [a])).includes('BroadcastGradientArgs'));
});

test('sums at run time where one of two open sizes may be 1', async () => {
  for (const [left, right] of [
    [1, 3],
    [3, 1],
    [3, 3],
  ] as const) {
    await assertGradients({
      inputs: [spread([left, 2]), spread([right, 2], 5)],
      build: (xs) => ops.mul(pick(xs, 0), pick(xs, 1)),
      shapes: 'rank',
    });
  }
});

test('sums at run time when not even ranks are known', async () => {
  using graph = new Graph();
  const [a, b] = [input(graph, null, 'a'), input(graph, null, 'b')];
  const [da, db] = gradients(ops.mul(a, b), [a, b]);
  assert.ok(da instanceof Output && db instanceof Output);
  await using session = Session.create(graph);
  using row = tensor('float64', [2], [1, 2]);
  using matrix = tensor('float64', [2, 2], [1, 2, 3, 4]);
  const results = await session.run(makeStep({ feeds: [a, b], fetches: [da, db] }), [row, matrix]);
  assert.deepEqual(
    results.map(({ shape }) => shape),
    [[2], [2, 2]],
  );
  assert.deepEqual(
    results.map((result) => [...result.data('float64')]),
    [
      [4, 6],
      [1, 2, 1, 2],
    ],
  );
  for (const result of results) result.dispose();
});

test('an operation whose inputs need no gradient costs no node', () => {
  using graph = new Graph();
  const x = input(graph, [2, 2]);
  const w = input(graph, [2, 2], 'w');
  const product = ops.matmul(x, w);
  const types = added(graph, () => gradients(product, [w]));
  assert.deepEqual(types.sort(), ['MatMul', 'OnesLike']);
});

test('IndexedSlices of nothing is an error', () => {
  assert.throws(() => IndexedSlices.sum([]), /expected at least one to sum/);
});
