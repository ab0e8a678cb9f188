import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Graph, makeStep, ops, Session, tensor } from '../../../easyrec/tf/index.js';
import { DENSE_RULES } from '../../../easyrec/train/dense_kernels/rules.js';
import { assertGradients } from '../../support/gradient_check.js';
import { spread } from '../../tf/grad/cases/case.js';
import { assertSame, type Model, native, noise, plain, valuesAndGradients } from './kernel_case.js';

const projected =
  (count: number): Model =>
  (kernels, [numbers, vectors]) => {
    if (numbers === undefined || vectors === undefined) throw new Error('two inputs');
    return [kernels.projections({ numbers, vectors, fields: count })];
  };

/** A layer over projections with other columns before and behind them. */
const productOver =
  (count: number): Model =>
  (kernels, [before, numbers, vectors, behind, weights]) => {
    if (before === undefined || behind === undefined || weights === undefined) throw new Error('five inputs');
    const [part] = projected(count)(
      kernels,
      [numbers, vectors].flatMap((input) => input ?? []),
    );
    if (part === undefined) throw new Error('no projections');
    return [kernels.product(ops.concat([before, part, behind], 1), weights)];
  };

const CASES = [0, 1, 2, 63, 64, 65, 1000].flatMap((rows) => [
  {
    title: `projections of ${rows} rows, a number each`,
    model: projected(13),
    shapes: [
      [rows, 13],
      [1, 13 * 16],
    ],
    output: [rows, 13 * 16],
  },
  {
    title: `projections of ${rows} rows, three numbers each`,
    model: projected(2),
    shapes: [
      [rows, 6],
      [3, 10],
    ],
    output: [rows, 10],
  },
  {
    title: `a layer over projections of ${rows} rows`,
    model: productOver(2),
    shapes: [
      [rows, 4],
      [rows, 6],
      [3, 10],
      [rows, 5],
      [19, 8],
    ],
    output: [rows, 8],
  },
]);

describe('projections', () => {
  for (const { title, model, shapes, output } of CASES) {
    const fed = shapes.map((shape, i) => noise(i + 1, shape));

    test(`give what standard ops give: ${title}`, async () => {
      const weights = noise(99, output);
      const expected = await valuesAndGradients(plain, model, fed, weights);
      assertSame(await valuesAndGradients(native(), model, fed, weights), expected, 5e-6);
    });

    test(`give the same to the bit on 1, 2, 3 and 8 threads: ${title}`, async () => {
      const weights = noise(98, output);
      const [one, ...others] = await Promise.all(
        [1, 2, 3, 8].map((threads) => valuesAndGradients(native(threads), model, fed, weights)),
      );
      for (const other of others) assert.deepEqual(other, one);
    });
  }

  test('are sums of vectors, weighted with the numbers of a row', async () => {
    const fed = [
      { shape: [2, 4], values: [1, 2, 3, 4, 5, 6, 7, 8] },
      { shape: [2, 4], values: [1, 10, 100, 1000, 2, 20, 200, 2000] },
    ];
    const [result] = await valuesAndGradients(native(), projected(2), fed, noise(1, [2, 4]));
    // Of field 0: 1 (1, 10) + 2 (2, 20); of field 1: 3 (100, 1000) + 4 (200, 2000).
    assert.deepEqual([...(result ?? [])], [5, 50, 1100, 11000, 17, 170, 2300, 23000]);
  });

  test('have gradients that agree with central differences', async () => {
    const { pairs } = await assertGradients({
      inputs: [spread([4, 6], 0), spread([3, 4], 7)],
      build: (xs) => projected(2)(native(), xs),
      rules: DENSE_RULES,
      shapes: 'static',
    });
    assert.ok(pairs > 0);
  });

  test('multiply vectors that all rows share with the weights, not with every row', () => {
    using graph = new Graph();
    const numbers = ops.placeholder(graph, 'float32', [-1, 3], 'numbers');
    const vectors = ops.placeholder(graph, 'float32', [1, 48], 'vectors');
    const others = ops.placeholder(graph, 'float32', [-1, 32], 'others');
    const weights = ops.placeholder(graph, 'float32', [80, 4], 'weights');
    const kernels = native();
    const part = kernels.projections({ numbers, vectors, fields: 3 });
    const { op } = kernels.product(ops.concat([part, others], 1), weights);
    assert.deepEqual(
      op.inputs.map(({ op: product }) => [product.type, product.input(0).name]),
      [
        ['MatMul', numbers.name],
        ['MatMul', others.name],
      ],
    );
  });

  test('refuse sizes that do not fit', async () => {
    using graph = new Graph();
    const numbers = ops.placeholder(graph, 'float32', [-1, 6], 'numbers');
    const vectors = ops.placeholder(graph, 'float32', [-1, 4], 'vectors');
    const result = native().projections({ numbers, vectors, fields: 2 });
    await using session = Session.create(graph);
    const feeds = [tensor('float32', [1, 6], [1, 2, 3, 4, 5, 6]), tensor('float32', [1, 4], [1, 2, 3, 4])];
    await assert.rejects(
      session.run(makeStep({ feeds: [numbers, vectors], fetches: [result] }), feeds),
      /vectors: expected shape \[3,4\], received \[1,4\]/,
    );
    for (const feed of feeds) feed.dispose();
  });
});
