import assert from 'node:assert/strict';
import test from 'node:test';
import type { Combiner } from '../../easyrec/features/spec.js';
import type { SparseIds } from '../../easyrec/features/types.js';
import { embeddingLookup } from '../../easyrec/layers/embedding.js';
import { constants } from '../../easyrec/layers/initializers.js';
import { gradients, IndexedSlices } from '../../easyrec/tf/grad/index.js';
import { Graph, makeStep, ops, Session, Variables } from '../../easyrec/tf/index.js';
import { runPython, skipWithoutTensorflow } from '../support/python.js';

const TABLE = [
  [1, 10],
  [2, 20],
  [3, 30],
  [4, 40],
];

interface Ids {
  readonly ids: readonly number[];
  readonly rows: readonly number[];
  readonly weights?: readonly number[];
  readonly batch: number;
  readonly single?: true;
  readonly projection?: readonly number[];
}

/** `[B, 2]`, row by row, and the op that made it. */
function lookUp(
  { ids, rows, weights, batch, single, projection }: Ids,
  combiner: Combiner,
  mayReadTable = true,
): { readonly vectors: number[][]; readonly gradient: number[]; readonly opType: string } {
  using graph = new Graph();
  const variables = new Variables(graph);
  const table = variables.create('table', { shape: [4, 2], initializer: constants(TABLE.flat()) });
  const longs = (values: readonly number[]): ReturnType<typeof ops.constant> =>
    ops.constant(graph, 'int64', values.map(BigInt));
  const value: SparseIds = {
    kind: 'sparse',
    ids: longs(ids),
    rows: longs(rows),
    weights: weights === undefined ? null : ops.constant(graph, 'float32', weights),
    batchSize: ops.constant(graph, 'int32', batch),
    ...(single && { single }),
    ...(projection && {
      projection: ops.constant(graph, 'float32', projection, [batch, projection.length / batch]),
    }),
  };
  const output = embeddingLookup(table, value, { combiner, mayReadTable });
  assert.deepEqual(output.shape?.at(-1), 2);
  const incoming = Array.from({ length: batch }, (_, row) => [row + 1, row + 1]).flat();
  const gradYs = [ops.constant(graph, 'float32', incoming, [batch, 2])];
  const [slices] = gradients(output, [table.handle], { gradYs });
  assert.ok(slices);
  const dense = slices instanceof IndexedSlices ? slices.toDense() : slices;
  const session = Session.create(graph);
  try {
    session.runSync(makeStep({ targets: [table.initialize] }));
    const [data = [], gradient = []] = session
      .runSync(makeStep({ fetches: [output, dense] }))
      .map((result) => [...result.data('float32')]);
    return {
      vectors: Array.from({ length: batch }, (_, row) => data.slice(2 * row, 2 * row + 2)),
      gradient,
      opType: output.op.type,
    };
  } finally {
    void session.close();
  }
}

function assertClose(actual: number[][], expected: number[][], rtol = 1e-6): void {
  assert.equal(actual.length, expected.length);
  actual.flat().forEach((x, i) => {
    const y = expected.flat()[i] ?? NaN;
    assert.ok(Math.abs(x - y) <= rtol * Math.max(1, Math.abs(y)), `element ${i}: ${x} != ${y}`);
  });
}

const UNWEIGHTED: Ids = { ids: [0, 1, 3, 3], rows: [0, 0, 2, 2], batch: 4 };

test('sums, averages or divides by the root of the count; a row without ids is zeros', () => {
  const none = [0, 0];
  assertClose(lookUp(UNWEIGHTED, 'sum').vectors, [[3, 30], none, [8, 80], none]);
  assertClose(lookUp(UNWEIGHTED, 'mean').vectors, [[1.5, 15], none, [4, 40], none]);
  const root = Math.SQRT2;
  assertClose(lookUp(UNWEIGHTED, 'sqrtn').vectors, [
    [3 / root, 30 / root],
    none,
    [8 / root, 80 / root],
    none,
  ]);
});

const WEIGHTED: Ids = {
  ids: [0, 1, 2, 3, 3],
  rows: [0, 0, 0, 1, 2],
  weights: [0.5, 2, -1, 0, 3],
  batch: 4,
};

test('weights vectors; except for sums, weights of 0 or less are left out', () => {
  assertClose(lookUp(WEIGHTED, 'sum').vectors, [
    [1.5, 15],
    [0, 0],
    [12, 120],
    [0, 0],
  ]);
  assertClose(lookUp(WEIGHTED, 'mean').vectors, [
    [4.5 / 2.5, 45 / 2.5],
    [0, 0],
    [4, 40],
    [0, 0],
  ]);
  const norm = Math.hypot(0.5, 2);
  assertClose(lookUp(WEIGHTED, 'sqrtn').vectors, [
    [4.5 / norm, 45 / norm],
    [0, 0],
    [4, 40],
    [0, 0],
  ]);
});

test('gathers where each row has exactly one id', () => {
  const { vectors, opType } = lookUp({ ids: [3, 0], rows: [0, 1], batch: 2, single: true }, 'mean');
  assert.deepEqual(vectors, [
    [4, 40],
    [1, 10],
  ]);
  assert.equal(opType, 'ResourceGather');
});

const PROJECTED: Ids = {
  ids: [0, 1, 2, 3, 0, 1, 2, 3],
  rows: [0, 0, 0, 0, 1, 1, 1, 1],
  weights: [1, 2, 0, -1, 0, 0, 0.5, 0],
  projection: [1, 2, 0, -1, 0, 0, 0.5, 0],
  batch: 2,
};

test('sums over all rows of a table are a matrix product with the same result', () => {
  const product = lookUp(PROJECTED, 'sum');
  assert.equal(product.opType, 'MatMul');
  assert.deepEqual(product.vectors, [
    [1, 10],
    [1.5, 15],
  ]);
  const looked = lookUp(PROJECTED, 'sum', false);
  assert.notEqual(looked.opType, 'MatMul');
  assert.deepEqual(looked.vectors, product.vectors);
  assertClose(lookUp(PROJECTED, 'mean').vectors, [
    [5 / 3, 50 / 3],
    [3, 30],
  ]);
});

/** The gradient of `sum(output * [[1, 1], [2, 2], …])` with respect to the table: each row's share, D = 2 alike. */
function rowGradients(value: Ids, combiner: Combiner): number[] {
  const { gradient } = lookUp(value, combiner);
  return gradient.filter((_, i) => i % 2 === 0);
}

test('the gradient of a table is each weight times what came in, over the divisor', () => {
  assert.deepEqual(rowGradients(UNWEIGHTED, 'sum'), [1, 1, 0, 6]);
  assert.deepEqual(rowGradients(UNWEIGHTED, 'mean'), [0.5, 0.5, 0, 3]);
  assert.deepEqual(rowGradients(WEIGHTED, 'sum'), [0.5, 2, -1, 9]);
  assert.deepEqual(rowGradients(WEIGHTED, 'mean'), [Math.fround(0.2), Math.fround(0.8), 0, 3]);
  assert.deepEqual(rowGradients(PROJECTED, 'sum'), [1, 2, 1, -1]);
  assert.deepEqual(
    rowGradients({ ids: [3, 0, 3], rows: [0, 1, 2], batch: 3, single: true }, 'sum'),
    [2, 0, 0, 4],
  );
});

const SCRIPT = `
import json, sys
import tensorflow as tf
data = json.loads(sys.argv[1])
cols, seen = [], {}
for row in data['rows']:
  cols.append(seen.get(row, 0)); seen[row] = seen.get(row, 0) + 1
indices = [[r, c] for r, c in zip(data['rows'], cols)]
shape = [data['batch'], max(cols) + 1]
ids = tf.SparseTensor(indices, tf.constant(data['ids'], tf.int64), shape)
weights = tf.SparseTensor(indices, tf.constant(data['weights'], tf.float32), shape)
table = tf.constant(data['table'], tf.float32)
lookup = lambda w, c: tf.nn.safe_embedding_lookup_sparse(table, ids, w, combiner=c).numpy().tolist()
print(json.dumps({c: [lookup(None, c), lookup(weights, c)] for c in ('sum', 'mean', 'sqrtn')}))
`;

type Expected = Readonly<Record<Combiner, readonly [number[][], number[][]]>>;

test('agrees with tf.nn.safe_embedding_lookup_sparse', { skip: skipWithoutTensorflow('2.12') }, async () => {
  const batch = 50;
  const rows = Array.from({ length: 120 }, (_, i) => Math.floor(((i * 37) % 120) / 2.7)).sort(
    (p, q) => p - q,
  );
  const ids = rows.map((row, i) => (row * 7 + i * 13) % 4);
  const weights = rows.map((_, i) => Math.fround(Math.sin(i) * 2));
  const data = { batch, rows, ids, weights, table: TABLE };
  const expected = JSON.parse(await runPython('2.12', SCRIPT, [JSON.stringify(data)])) as Expected;
  for (const combiner of ['sum', 'mean', 'sqrtn'] as const) {
    const [unweighted, weighted] = expected[combiner];
    assertClose(lookUp({ ids, rows, batch }, combiner).vectors, unweighted, 1e-5);
    assertClose(lookUp({ ids, rows, weights, batch }, combiner).vectors, weighted, 1e-5);
  }
});
