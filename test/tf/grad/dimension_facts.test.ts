import assert from 'node:assert/strict';
import test from 'node:test';
import { DimensionFacts } from '../../../easyrec/tf/grad/dimension_facts.js';
import { ancestors } from '../../../easyrec/tf/grad/differentiable.js';
import type { Output } from '../../../easyrec/tf/index.js';
import { Graph, makeStep, ops, Session, tensor } from '../../../easyrec/tf/index.js';
import { integers, pick } from './cases/case.js';

interface FactCase {
  readonly title: string;
  /** The sizes that are fed; shape inference knows none of them unless `known` is given. */
  readonly sizes: readonly (readonly number[])[];
  readonly known?: readonly (readonly number[])[];
  readonly build: (inputs: readonly Output[]) => Output;
  /** Which dimensions of input and output must be found equal: `input.axis=axis`. */
  readonly expected: readonly string[];
}

const first = (inputs: readonly Output[]): Output => pick(inputs, 0);

function one(
  title: string,
  sizes: readonly number[],
  build: (x: Output) => Output,
  expected: readonly string[],
): FactCase {
  return { title, sizes: [sizes], build: (xs) => build(first(xs)), expected };
}

const CASES: readonly FactCase[] = [
  one('a function of each element', [5, 7], ops.tanh, ['0.0=0', '0.1=1']),
  one('a sum over an axis', [5, 7, 3], (x) => ops.reduceSum(x, { axes: [1] }), ['0.0=0', '0.2=1']),
  one('a sum over an axis that stays', [5, 7], (x) => ops.reduceSum(x, { axes: [-1], keepDims: true }), [
    '0.0=0',
  ]),
  one('a transposition', [5, 7, 3], (x) => ops.transpose(x, [2, 0, 1]), ['0.2=0', '0.0=1', '0.1=2']),
  one('a new axis', [5, 7], (x) => ops.expandDims(x, 1), ['0.0=0', '0.1=2']),
  one('a named axis dropped', [5, 1, 7], (x) => ops.squeeze(x, [1]), ['0.0=0', '0.2=1']),
  one('unnamed axes dropped', [5, 1, 7], (x) => ops.squeeze(x), []),
  one('a slice', [5, 7, 3], (x) => ops.slice(x, [0, 1, 0], [-1, -1, 2]), ['0.0=0']),
  one(
    'a strided slice',
    [5, 7, 3, 4],
    (x) =>
      ops.stridedSlice(x, integers(x, [0, 0, 1, 0]), integers(x, [0, 0, 3, 2]), integers(x, [1, 1, 1, 1]), {
        newAxisMask: 1,
        beginMask: 10,
        endMask: 2,
        shrinkAxisMask: 4,
      }),
    ['0.0=1', '0.3=3'],
  ),
  one(
    'every second row',
    [6, 7],
    (x) =>
      ops.stridedSlice(x, integers(x, [0]), integers(x, [0]), integers(x, [2]), { beginMask: 1, endMask: 1 }),
    ['0.1=1'],
  ),
  one('rows gathered', [5, 7], (x) => ops.gather(x, integers(x, [1, 2, 3])), ['0.1=1']),
  one('columns gathered', [5, 7, 3], (x) => ops.gather(x, integers(x, [1, 2, 0, 1], [2, 2]), 1), [
    '0.0=0',
    '0.2=3',
  ]),
  one(
    'a part of a split',
    [5, 6],
    (x) => x.graph.op('Split', [ops.constant(x.graph, 'int32', 1), x], { num_split: 2 }).output(1),
    ['0.0=0'],
  ),
  one('a part of an uneven split', [6, 5], (x) => pick(ops.split(x, [2, 4], 0), 1), ['0.1=1']),
  one('one of a stack', [2, 5, 7], (x) => pick(ops.unstack(x, 2), 1), ['0.1=0', '0.2=1']),
  one('a shape taken over', [5, 7], (x) => ops.fill(ops.shapeOf(x), ops.constant(x.graph, 'float32', 1)), [
    '0.0=0',
    '0.1=1',
  ]),
  {
    title: 'a shape with one size open on either side',
    sizes: [[5, 6]],
    known: [[-1, 6]],
    build: (xs) => ops.reshape(first(xs), [-1, 2, 3]),
    expected: ['0.0=0'],
  },
  {
    title: 'a shape that folds the batch',
    sizes: [[4, 6]],
    known: [[-1, 6]],
    build: (xs) => ops.reshape(first(xs), [-1, 3]),
    expected: [],
  },
  {
    title: 'a product',
    sizes: [
      [5, 7],
      [7, 3],
    ],
    build: (xs) => ops.matmul(first(xs), pick(xs, 1)),
    expected: ['0.0=0', '1.1=1'],
  },
  {
    title: 'a product of transposed operands',
    sizes: [
      [7, 5],
      [3, 7],
    ],
    build: (xs) => ops.matmul(first(xs), pick(xs, 1), { transposeA: true, transposeB: true }),
    expected: ['0.1=0', '1.0=1'],
  },
  {
    title: 'products of a batch, one operand repeated',
    sizes: [
      [2, 5, 7],
      [7, 3],
    ],
    build: (xs) => ops.batchMatmul(first(xs), pick(xs, 1)),
    expected: ['0.0=0', '0.1=1', '1.1=2'],
  },
  {
    title: 'a concatenation',
    sizes: [
      [5, 2],
      [5, 3],
    ],
    build: (xs) => ops.concat(xs, 1),
    expected: ['0.0=0', '1.0=0'],
  },
  {
    title: 'a stack',
    sizes: [
      [5, 3],
      [5, 3],
    ],
    build: (xs) => ops.stack(xs, 1),
    expected: ['0.0=0', '0.1=2', '1.0=0', '1.1=2'],
  },
  {
    title: 'operands that may broadcast',
    sizes: [
      [5, 3],
      [1, 3],
    ],
    build: (xs) => ops.add(first(xs), pick(xs, 1)),
    expected: [],
  },
  {
    title: 'operands of which the first may broadcast',
    sizes: [
      [1, 3],
      [5, 3],
    ],
    build: (xs) => ops.add(first(xs), pick(xs, 1)),
    expected: [],
  },
  {
    title: 'an operand known to broadcast',
    sizes: [
      [5, 3],
      [1, 3],
    ],
    known: [
      [-1, 3],
      [1, 3],
    ],
    build: (xs) => ops.mul(first(xs), pick(xs, 1)),
    expected: ['0.0=0', '0.1=1', '1.1=1'],
  },
  {
    title: 'operands of one source',
    sizes: [[5, 3]],
    build: (xs) => ops.mul(ops.exp(first(xs)), ops.neg(first(xs))),
    expected: ['0.0=0', '0.1=1'],
  },
];

/** Run-time shapes of tensors. */
async function shapes(
  graph: Graph,
  inputs: readonly Output[],
  sizes: FactCase['sizes'],
  of: readonly Output[],
): Promise<number[][]> {
  await using session = Session.create(graph);
  const feeds = sizes.map((size) =>
    tensor('float32', size, new Float32Array(size.reduce((a, b) => a * b, 1)).fill(1)),
  );
  const results = await session.run(
    makeStep({ feeds: inputs, fetches: of.map((output) => ops.shapeOf(output)) }),
    feeds,
  );
  return results.map((result) => Array.from(result.data('int32')));
}

for (const { title, sizes, known, build, expected } of CASES) {
  test(`equal dimensions of ${title}`, async () => {
    using graph = new Graph();
    const inputs = sizes.map((size, i) =>
      ops.placeholder(graph, 'float32', known?.[i] ?? size.map(() => -1), `x${i}`),
    );
    const y = build(inputs);
    const facts = new DimensionFacts(ancestors([y, ...inputs]));
    const found = inputs.flatMap((x, input) =>
      (x.shape ?? []).flatMap((_, axis) =>
        (y.shape ?? []).flatMap((_y, at) => (facts.same(x, axis, y, at) ? [`${input}.${axis}=${at}`] : [])),
      ),
    );
    for (const fact of expected) assert.ok(found.includes(fact), `expected ${fact} among ${found.join(' ')}`);
    // What is said to be equal must be so at run time.
    const [of = [], ...at] = await shapes(graph, inputs, sizes, [y, ...inputs]);
    for (const fact of found) {
      const [input = 0, axis = 0, to = 0] = fact.split(/[.=]/).map(Number);
      assert.equal(at[input]?.[axis], of[to], fact);
    }
  });
}
