import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GraphError } from '../../../easyrec/errors.js';
import type { DenseKernels } from '../../../easyrec/layers/dense_kernels.js';
import { gradients } from '../../../easyrec/tf/grad/index.js';
import type { Output } from '../../../easyrec/tf/index.js';
import { Graph, makeStep, ops, Session, tensor } from '../../../easyrec/tf/index.js';
import { DENSE_RULES } from '../../../easyrec/train/dense_kernels/rules.js';
import { assertGradients } from '../../support/gradient_check.js';
import { spread } from '../../tf/grad/cases/case.js';
import { assertSame, type Fed, type Model, native, noise, plain, valuesAndGradients } from './kernel_case.js';

type Inputs = readonly Output[];

function list(tensors: Inputs, width: number): Parameters<DenseKernels['fieldInteractions']>[0] {
  return { kind: 'list', tensors, width };
}

function fields(width: number, how: 'list' | 'split' | 'stacked') {
  return (inputs: Inputs): Parameters<DenseKernels['fieldInteractions']>[0] => {
    const [first] = inputs;
    if (first === undefined || how === 'list') return list(inputs, width);
    const count = (first.shape?.at(-1) ?? 0) / width;
    if (how === 'stacked') {
      return { kind: 'stacked', tensor: ops.reshape(first, [-1, count, width]), width };
    }
    const sizes = Array.from({ length: count }, () => width);
    return list(
      inputs.flatMap((input) => ops.split(input, sizes, 1)),
      width,
    );
  };
}

const fm =
  (width: number, how: 'list' | 'split' | 'stacked'): Model =>
  (kernels, inputs) => [kernels.fieldInteractions(fields(width, how)(inputs))];

const dots =
  (width: number, how: 'list' | 'split' | 'stacked', diagonal = false): Model =>
  (kernels, inputs) => [kernels.dotProducts(fields(width, how)(inputs), { diagonal })];

const norm =
  (relu: boolean, epsilon = 1e-3): Model =>
  (kernels, [x, gamma, beta]) => {
    if (x === undefined || gamma === undefined || beta === undefined) throw new Error('three inputs');
    const { y, mean, variance } = kernels.batchNorm({ x, gamma, beta, epsilon, relu });
    return [y, mean, variance];
  };

function batchNormInputs(seed: number, rows: number, columns: number, scale = 1, offset = 0): Fed[] {
  return [
    noise(seed, [rows, columns], scale, offset),
    noise(seed + 1, [columns], 0.5, 1),
    noise(seed + 2, [columns]),
  ];
}

interface Case {
  readonly title: string;
  readonly model: Model;
  readonly fed: readonly Fed[];
  readonly output: readonly number[];
  /** Default: 2e-6. */
  readonly tolerance?: number;
}

const CASES: readonly Case[] = [
  ...[0, 1, 2, 63, 64, 65, 1000].flatMap((rows): Case[] => [
    {
      title: `FM of ${rows} rows, a list`,
      model: fm(16, 'list'),
      fed: [1, 2, 3, 4, 5].map((seed) => noise(seed, [rows, 16])),
      output: [rows, 16],
    },
    {
      title: `FM of ${rows} rows, split`,
      model: fm(8, 'split'),
      fed: [noise(6, [rows, 72])],
      output: [rows, 8],
    },
    {
      title: `FM of ${rows} rows, stacked`,
      model: fm(3, 'stacked'),
      fed: [noise(7, [rows, 21])],
      output: [rows, 3],
    },
    {
      title: `dot products of ${rows} rows, a list`,
      model: dots(5, 'list'),
      fed: [1, 2, 3].map((seed) => noise(seed, [rows, 5])),
      output: [rows, 3],
    },
    {
      title: `dot products of ${rows} rows, split`,
      model: dots(16, 'split'),
      fed: [noise(1, [rows, 16 * 27])],
      output: [rows, 351],
    },
    {
      title: `dot products of ${rows} rows with the diagonal`,
      model: dots(8, 'split', true),
      fed: [noise(1, [rows, 72])],
      output: [rows, 45],
    },
  ]),
  ...[1, 2, 63, 64, 65, 1000, 4096].flatMap((rows) =>
    [true, false].map((relu): Case => {
      const columns = rows === 4096 ? 256 : 7;
      return {
        title: `batch normalization of ${rows} rows${relu ? ' with relu' : ''}`,
        model: norm(relu),
        fed: batchNormInputs(rows, rows, columns),
        output: [rows, columns],
        // Sums over thousands of rows in another order.
        tolerance: 1e-5,
      };
    }),
  ),
  {
    title: 'FM of fields of 1e15',
    model: fm(16, 'list'),
    fed: [1, 2, 3].map((seed) => noise(seed, [70, 16], 1e15)),
    output: [70, 16],
  },
  {
    title: 'batch normalization of numbers around 0, of 1e-12 each',
    model: norm(true, 1e-6),
    fed: batchNormInputs(1, 100, 9, 1e-12),
    output: [100, 9],
    tolerance: 1e-5,
  },
  {
    title: 'batch normalization of 1e8 and more',
    model: norm(false),
    fed: batchNormInputs(1, 100, 9, 1e8),
    output: [100, 9],
    tolerance: 1e-5,
  },
];

describe('native kernels', () => {
  for (const { title, model, fed, output, tolerance = 2e-6 } of CASES) {
    test(`give what standard ops give: ${title}`, async () => {
      const weights = noise(99, output);
      const expected = await valuesAndGradients(plain, model, fed, weights);
      const actual = await valuesAndGradients(native(), model, fed, weights);
      assertSame(actual, expected, tolerance);
    });

    test(`give the same to the bit on 1, 2, 3 and 8 threads: ${title}`, async () => {
      const weights = noise(98, output);
      const [one, ...others] = await Promise.all(
        [1, 2, 3, 8].map((threads) => valuesAndGradients(native(threads), model, fed, weights)),
      );
      for (const other of others) assert.deepEqual(other, one);
    });
  }

  test('keep the digits of a variance beside a large mean', async () => {
    // 10,000 +- 1 in float32: the numbers themselves are exact to 5e-4.
    const fed = batchNormInputs(3, 2048, 4, 1, 1e4);
    const [, mean, variance] = await valuesAndGradients(native(), norm(false), fed, noise(97, [2048, 4]));
    const x = Float32Array.from(fed[0]?.values ?? []);
    for (let c = 0; c < 4; c++) {
      const column = Array.from({ length: 2048 }, (_, row) => x[4 * row + c] ?? NaN);
      const exactMean = column.reduce((a, b) => a + b) / 2048;
      const exact = column.reduce((a, b) => a + (b - exactMean) ** 2, 0) / 2048;
      assert.ok(Math.abs((mean?.[c] ?? NaN) - exactMean) <= 1e-7 * exactMean);
      assert.ok(
        Math.abs((variance?.[c] ?? NaN) - exact) <= 1e-5 * exact,
        `${variance?.[c]} against ${exact}`,
      );
    }
  });

  test('normalize a batch without rows: no results, statistics of 0', async () => {
    const [y, mean, variance] = await valuesAndGradients(
      native(),
      norm(true),
      batchNormInputs(1, 0, 3),
      noise(1, [0, 3]),
    );
    assert.deepEqual([y?.length, [...(mean ?? [])], [...(variance ?? [])]], [0, [0, 0, 0], [0, 0, 0]]);
  });

  test('normalize all dimensions but the last', async () => {
    const flat = batchNormInputs(5, 30, 4);
    const [x, ...others] = flat;
    const weights = noise(5, [30, 4]);
    const deep = [{ shape: [5, 6, 4], values: x?.values ?? [] }, ...others];
    const expected = await valuesAndGradients(native(), norm(true), flat, weights);
    const actual = await valuesAndGradients(native(), norm(true), deep, { ...weights, shape: [5, 6, 4] });
    assert.deepEqual(actual, expected);
  });

  test('hand on NaN and infinity as standard ops do', async () => {
    const fed = [{ shape: [2, 2], values: [NaN, 1, Infinity, 2] }, noise(1, [2, 2])];
    const [cross] = await valuesAndGradients(native(), fm(2, 'list'), fed, noise(2, [2, 2]));
    const [expected] = await valuesAndGradients(plain, fm(2, 'list'), fed, noise(2, [2, 2]));
    assert.deepEqual(cross?.map(Number.isFinite as never), expected?.map(Number.isFinite as never));
    assert.ok(Number.isNaN(cross?.[0]));
  });

  test('normalize a column with NaN in it to NaN, and others as ever', async () => {
    const fed = batchNormInputs(1, 5, 2);
    const [x, ...others] = fed;
    const values = [...(x?.values ?? [])];
    values[4] = NaN;
    const damaged = [{ shape: [5, 2], values }, ...others];
    const expected = await valuesAndGradients(native(), norm(false), fed, noise(1, [5, 2]));
    const [y, mean, variance] = await valuesAndGradients(native(), norm(false), damaged, noise(1, [5, 2]));
    assert.deepEqual([y?.[0], mean?.[0], variance?.[0]], [NaN, NaN, NaN]);
    assert.deepEqual(
      [y?.[1], mean?.[1], variance?.[1]],
      [expected[0]?.[1], expected[1]?.[1], expected[2]?.[1]],
    );
  });
});

describe('gradients of native kernels agree with central differences', () => {
  for (const shapes of ['static', 'rank'] as const) {
    const cases: readonly (readonly [string, Model, readonly (readonly number[])[]])[] = [
      [
        'FM, a list',
        fm(3, 'list'),
        [
          [4, 3],
          [4, 3],
          [4, 3],
        ],
      ],
      [
        'FM, of two inputs of several fields',
        (k, xs) => fm(2, 'split')(k, xs),
        [
          [3, 4],
          [3, 4],
        ],
      ],
      [
        'dot products',
        dots(3, 'list'),
        [
          [2, 3],
          [2, 3],
          [2, 3],
        ],
      ],
      [
        'dot products with the diagonal',
        dots(3, 'list', true),
        [
          [2, 3],
          [2, 3],
          [2, 3],
        ],
      ],
      ['batch normalization', (k, xs) => norm(false)(k, xs).slice(0, 1), [[5, 3], [3], [3]]],
      ['batch normalization with relu', (k, xs) => norm(true)(k, xs).slice(0, 1), [[5, 3], [3], [3]]],
    ];
    for (const [title, model, sizes] of cases) {
      const needsSizes = title.includes('several');
      test(`${title}, ${shapes === 'static' || needsSizes ? 'all sizes known' : 'only ranks known'}`, async () => {
        const { pairs } = await assertGradients({
          inputs: sizes.map((shape, i) => spread(shape, 7 * i)),
          build: (xs) => model(native(), xs),
          rules: DENSE_RULES,
          shapes: needsSizes ? 'static' : shapes,
        });
        assert.ok(pairs > 0);
      });
    }
  }
});

describe('native ops', () => {
  test('tell the shapes of results while the graph is built', () => {
    using graph = new Graph();
    const x = ops.placeholder(graph, 'float32', [-1, 32], 'x');
    const vector = ops.placeholder(graph, 'float32', [32], 'vector');
    const kernels = native();
    const { y, mean } = kernels.batchNorm({ x, gamma: vector, beta: vector, epsilon: 1e-3, relu: true });
    const parts = list(ops.split(x, [8, 8, 8, 8], 1), 8);
    const results = [
      y,
      mean,
      kernels.fieldInteractions(parts),
      kernels.dotProducts(parts, { diagonal: true }),
    ];
    assert.deepEqual(
      results.map(({ shape }) => shape),
      [[-1, 32], [32], [-1, 8], [-1, 10]],
    );
  });

  test('read what was split rather than its parts, where all of these are fields in their order', () => {
    using graph = new Graph();
    const x = ops.placeholder(graph, 'float32', [-1, 6], 'x');
    const beside = ops.placeholder(graph, 'float32', [-1, 2], 'beside');
    const parts = ops.split(x, [2, 2, 2], 1);
    const inputsOf = (tensors: Inputs): string[] =>
      native()
        .fieldInteractions(list(tensors, 2))
        .op.inputs.map(({ op }) => op.name);
    assert.deepEqual(inputsOf([beside, ...parts]), ['beside', 'x']);
    assert.deepEqual(
      inputsOf(parts.toReversed()),
      Array.from({ length: 3 }, () => parts[0]?.op.name),
    );
    assert.deepEqual(inputsOf(parts.slice(0, 2)).length, 2);
    const rows = ops.split(ops.placeholder(graph, 'float32', [4, 2], 'rows'), [2, 2], 0);
    assert.deepEqual(inputsOf(rows).length, 2);
  });

  const refused: readonly (readonly [string, string, readonly (readonly number[])[], object, RegExp])[] = [
    [
      'columns that are no multiple of the width',
      'EasyRecFm',
      [[2, 5]],
      { width: 2 },
      /a multiple of 2\], received \[2,5\]/,
    ],
    [
      'fields of differing rows',
      'EasyRecFm',
      [
        [2, 4],
        [3, 4],
      ],
      { width: 2 },
      /fields\[1\]: expected 2 rows as the first, received 3/,
    ],
    [
      'weights of another length',
      'EasyRecBatchNorm',
      [[4, 3], [2], [3]],
      {},
      /gamma: expected shape \[3\], received \[2\]/,
    ],
    [
      'a vector to normalize',
      'EasyRecBatchNorm',
      [[3], [3], [3]],
      {},
      /x: expected rank 2 or more, received shape \[3\]/,
    ],
    ['fields of rank 3', 'EasyRecDotProducts', [[2, 2, 2]], { width: 2 }, /fields\[0\]: expected shape/],
  ];
  for (const [title, type, sizes, attributes, message] of refused) {
    test(`refuse ${title}`, async () => {
      native();
      using graph = new Graph();
      const inputs = sizes.map((_, i) => ops.placeholder(graph, 'float32', null, `x${i}`));
      const op = graph.op(type, type === 'EasyRecBatchNorm' ? inputs : [inputs], { ...attributes });
      await using session = Session.create(graph);
      const feeds = sizes.map((shape) => tensor('float32', shape, [...noise(1, shape).values]));
      await assert.rejects(session.run(makeStep({ feeds: inputs, fetches: [op.output(0)] }), feeds), message);
    });
  }

  test('refuse a gradient through the statistics of a batch', () => {
    using graph = new Graph();
    const [x, gamma, beta] = [[4, 3], [3], [3]].map((shape, i) =>
      ops.placeholder(graph, 'float32', shape, `x${i}`),
    );
    if (x === undefined || gamma === undefined || beta === undefined) throw new Error('three inputs');
    const { mean } = native().batchNorm({ x, gamma, beta, epsilon: 1e-3, relu: false });
    assert.throws(
      () => gradients(mean, [x], { rules: DENSE_RULES }),
      (error) =>
        error instanceof GraphError && error.message.includes('no gradient flows through its output 1'),
    );
  });
});
