import assert from 'node:assert/strict';
import test from 'node:test';
import { gradients } from '../../../easyrec/tf/grad/index.js';
import { Graph, makeStep, ops, Output, Session } from '../../../easyrec/tf/index.js';

const EPSILON = 0.001;
const X = [0.5, -1.2, 2.5, 0.3, -0.7, 1.1, 0.9, -2.2, 1.6, 0.1];
const WEIGHTS = [1, -2, 0.5, 3, -1, 2, 1.5, -0.5, 0.25, 1];

/** The same normalisation of `[5, 2]` from elementary ops in float64. */
function composed(x: Output, scale: Output, offset: Output, given?: readonly [Output, Output]): Output {
  const mean = given?.[0] ?? ops.reduceMean(x, { axes: [0] });
  const variance = given?.[1] ?? ops.reduceMean(ops.squaredDifference(x, mean), { axes: [0] });
  const normal = ops.mul(ops.sub(x, mean), ops.rsqrt(ops.add(variance, EPSILON)));
  return ops.add(ops.mul(normal, scale), offset);
}

async function gradientsOf(isTraining: boolean, how: 'fused' | 'composed'): Promise<number[][]> {
  using graph = new Graph();
  const dtype = how === 'fused' ? 'float32' : 'float64';
  const vector = (values: readonly number[]): Output => ops.constant(graph, dtype, values);
  const [x, scale, offset] = [ops.constant(graph, dtype, X, [5, 2]), vector([1.5, 0.5]), vector([0.1, -0.3])];
  const averages = isTraining
    ? ([[], []] as const)
    : ([
        [0.3, -0.2],
        [1.5, 0.7],
      ] as const);
  const [mean, variance] = [vector(averages[0]), vector(averages[1])];
  const fused = (): Output => {
    const rows = ops.reshape(x, [5, 1, 1, 2]);
    const inputs = [rows, scale, offset, mean, variance];
    return ops.reshape(
      graph.op('FusedBatchNormV3', inputs, { epsilon: EPSILON, is_training: isTraining }).output(),
      [5, 2],
    );
  };
  const y = how === 'fused' ? fused() : composed(x, scale, offset, isTraining ? undefined : [mean, variance]);
  const loss = ops.reduceSum(ops.mul(y, ops.constant(graph, dtype, WEIGHTS, [5, 2])));
  const found = gradients(loss, [x, scale, offset]).filter((dx) => dx instanceof Output);
  await using session = Session.create(graph);
  const results = await session.run(makeStep({ fetches: found }));
  return results.map((result) => {
    using kept = result;
    return Array.from(kept.numbers(), Number);
  });
}

for (const isTraining of [true, false]) {
  test(`the fused batch normalisation, ${isTraining ? 'in training' : 'with given averages'}, has the gradients of the formula`, async () => {
    const fused = await gradientsOf(isTraining, 'fused');
    const expected = await gradientsOf(isTraining, 'composed');
    assert.equal(fused.length, 3);
    fused.forEach((values, i) => {
      values.forEach((value, j) => {
        const exact = expected[i]?.[j] ?? Number.NaN;
        assert.ok(
          Math.abs(value - exact) <= 5e-6 * Math.max(1, Math.abs(exact)),
          `${value} against ${exact}`,
        );
      });
    });
  });
}
