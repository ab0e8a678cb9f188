import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../easyrec/input/random.js';
import type { Operation, Output } from '../../../easyrec/tf/index.js';
import { Graph, makeStep, ops, scalar, Session, tensor, Variables } from '../../../easyrec/tf/index.js';
import { numbers } from './batches.js';
import { NativeStore } from './native_store.js';
import { RULES } from './rules.js';
import { StoreModel } from './store_model.js';

const [ROWS, DIM, BATCH, STEPS] = [12, 5, 9, 24];

interface Parts {
  /** The weights, then the slots. */
  readonly handles: readonly [Output, ...Output[]];
  readonly number: (value: number) => Output;
  readonly rate: Output;
  /** Of distinct rows, `[U, D]`. */
  readonly gradient: Output;
  readonly rows: Output;
}

/** A row's weights less a share of them, as decoupled weight decay has it; then `update`. */
function decayed(
  { handles: [weights], number, rows }: Parts,
  decay: number,
  update: () => Operation,
): Operation {
  const { graph } = weights;
  const gathered = graph.op('ResourceGather', [weights, rows], { dtype: 'float32' }).output();
  const less = graph.op('ResourceScatterSub', [weights, rows, ops.mul(number(decay), gathered)]);
  return graph.withControl([less], update);
}

/** TensorFlow's own kernels for sparse gradients. */
const KERNELS: Readonly<Record<string, (parts: Parts) => Operation>> = {
  sgd: ({ handles: [w], rate, gradient, rows }) =>
    w.graph.op('ResourceScatterSub', [w, rows, ops.mul(rate, gradient)]),
  momentum: ({ handles, number, rate, gradient, rows }) =>
    rate.graph.op('ResourceSparseApplyMomentum', [...handles, rate, gradient, rows, number(0.9)]),
  nesterov: ({ handles, number, rate, gradient, rows }) =>
    rate.graph.op('ResourceSparseApplyMomentum', [...handles, rate, gradient, rows, number(0.8)], {
      use_nesterov: true,
    }),
  momentumw: (parts) =>
    decayed(parts, 0.01, () =>
      parts.rate.graph.op('ResourceSparseApplyMomentum', [
        ...parts.handles,
        parts.rate,
        parts.gradient,
        parts.rows,
        parts.number(0.9),
      ]),
    ),
  adagrad: ({ handles, rate, gradient, rows }) =>
    rate.graph.op('ResourceSparseApplyAdagrad', [...handles, rate, gradient, rows]),
  ftrl: ({ handles, number, rate, gradient, rows }) =>
    rate.graph.op('ResourceSparseApplyFtrlV2', [
      ...handles,
      gradient,
      rows,
      rate,
      number(0.02),
      number(0.03),
      number(0.01),
      number(-0.5),
    ]),
  rmsProp: ({ handles, number, rate, gradient, rows }) =>
    rate.graph.op('ResourceSparseApplyRMSProp', [
      ...handles,
      rate,
      number(0.9),
      number(0.5),
      number(1e-10),
      gradient,
      rows,
    ]),
};

/** The rules above, and FTRL with a power that needs more than square roots. */
const CASES = [
  ...Object.keys(KERNELS).map((name) => ({ name, rule: RULES[name], kernel: KERNELS[name] })),
  {
    name: 'ftrl, power -0.3, no shrinkage',
    rule: { kind: 'ftrl', parameters: [-0.3, 0.02, 0.03, 0], slots: RULES['ftrl']?.slots ?? [] },
    kernel: ({ handles, number, rate, gradient, rows }: Parts): Operation =>
      rate.graph.op('ResourceSparseApplyFtrl', [
        ...handles,
        gradient,
        rows,
        rate,
        number(0.02),
        number(0.03),
        number(-0.3),
      ]),
  },
];

for (const { name, rule, kernel } of CASES) {
  test(`${name}: ${STEPS} steps come to where TensorFlow's kernel comes, to 1e-6`, async () => {
    assert.ok(rule !== undefined && kernel !== undefined);
    const random = new Random(3);
    const start = numbers(random, ROWS * DIM);
    using store = new NativeStore(rule);
    store.addTable({ name: 't', rows: ROWS, dim: DIM, initial: { kind: 'constant', values: [...start] } });
    const model = new StoreModel(store, [[{ table: 0, combiner: 'sum', single: true }]]);

    using graph = new Graph();
    const variables = new Variables(graph);
    const created = [{ initial: null }, ...rule.slots].map(({ initial }, i) =>
      variables.create(`v${i}`, {
        shape: [ROWS, DIM],
        initializer: () =>
          initial === null
            ? ops.constant(graph, 'float32', [...start], [ROWS, DIM])
            : ops.fill(ops.ints(graph, [ROWS, DIM]), ops.constant(graph, 'float32', initial)),
      }),
    );
    const [weights, ...slots] = created.map(({ handle }) => handle);
    assert.ok(weights);
    const rate = ops.placeholder(graph, 'float32', [], 'rate');
    const ids = ops.placeholder(graph, 'int64', [-1], 'ids');
    const gradient = ops.placeholder(graph, 'float32', [-1, DIM], 'gradient');
    const { values: rows, index } = ops.unique(ids);
    const update = kernel({
      handles: [weights, ...slots],
      number: (value) => ops.constant(graph, 'float32', value),
      rate,
      gradient: ops.unsortedSegmentSum(gradient, index, ops.sizeOf(rows)),
      rows,
    });
    await using session = Session.create(graph, {});
    session.runSync(makeStep({ targets: variables.all.map(({ initialize }) => initialize) }));

    for (let step = 0; step < STEPS; step++) {
      const used = Array.from({ length: BATCH }, () => random.below(ROWS));
      const slopes = numbers(random, BATCH * DIM);
      const learningRate = 0.1 / (1 + step);
      const single = { ids: used, rows: [], weights: null };
      model.step({ batchSize: BATCH, lookups: [[single]], gradients: [slopes] }, learningRate);
      session.runSync(makeStep({ feeds: [ids, gradient, rate], targets: [update] }), [
        tensor('int64', [BATCH], used.map(BigInt)),
        tensor('float32', [BATCH, DIM], slopes),
        scalar('float32', learningRate),
      ]);
    }
    const received = store.state();
    session
      .runSync(makeStep({ fetches: created.map((variable) => variable.read()) }))
      .forEach((result, i) => {
        result.data('float32').forEach((value, j) => {
          const found = received[i]?.[j] ?? NaN;
          const tolerance = 1e-6 * Math.max(1, Math.abs(value));
          assert.ok(Math.abs(found - value) <= tolerance, `${i}[${j}]: ${found} instead of ${value}`);
        });
        result.dispose();
      });
    await model.close();
  });
}
