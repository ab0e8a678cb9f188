import assert from 'node:assert/strict';
import type { DenseKernels } from '../../../easyrec/layers/dense_kernels.js';
import { PLAIN_KERNELS } from '../../../easyrec/layers/plain_kernels.js';
import { loadOpLibrary } from '../../../easyrec/tf/index.js';
import { Graph, makeStep, ops, Output, Session, tensor } from '../../../easyrec/tf/index.js';
import { gradients } from '../../../easyrec/tf/grad/index.js';
import { denseLibraryFile } from '../../../easyrec/train/dense_kernels/index.js';
import { nativeKernels } from '../../../easyrec/train/dense_kernels/native_kernels.js';
import { DENSE_RULES } from '../../../easyrec/train/dense_kernels/rules.js';
import { random } from '../../ops/support.js';

/** The library under test: another build of it where scripts/sanitize_ops names one. */
const LIBRARY = process.env['EASYREC_TEST_DENSE_LIBRARY'] ?? denseLibraryFile();

/** The native kernels, on so many threads. */
export function native(threads = 2): DenseKernels {
  loadOpLibrary(LIBRARY);
  return nativeKernels({ threads });
}

export { PLAIN_KERNELS as plain };

/** A tensor to feed. */
export interface Fed {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** A function of fed tensors by kernels: its outputs, the first of which has gradients. */
export type Model = (kernels: DenseKernels, inputs: readonly Output[]) => readonly Output[];

/**
 * The outputs of a model, then the gradients of a weighted sum of the first one by each of the inputs; float32.
 *
 * @param weights of the sum, of the shape of the first output
 */
export async function valuesAndGradients(
  kernels: DenseKernels,
  model: Model,
  fed: readonly Fed[],
  weights: Fed,
): Promise<Float32Array[]> {
  using graph = new Graph();
  // Sizes are unknown but for the last, as those of batches are.
  const inputs = fed.map(({ shape }, i) =>
    ops.placeholder(
      graph,
      'float32',
      shape.map((size, axis) => (axis === shape.length - 1 ? size : -1)),
      `x${i}`,
    ),
  );
  const outputs = model(kernels, inputs);
  const [first] = outputs;
  if (first === undefined) throw new Error('a model without outputs');
  const factor = ops.placeholder(graph, 'float32', null, 'weights');
  const slopes = gradients(first, inputs, { gradYs: [factor], rules: DENSE_RULES });
  const found = slopes.map((slope) => {
    if (!(slope instanceof Output)) throw new Error('expected a dense gradient');
    return slope;
  });
  await using session = Session.create(graph);
  const feeds = [...fed, weights].map(({ shape, values }) => tensor('float32', shape, [...values]));
  const results = await session.run(
    makeStep({ feeds: [...inputs, factor], fetches: [...outputs, ...found] }),
    feeds,
  );
  for (const feed of feeds) feed.dispose();
  return results.map((result) => {
    using kept = result;
    return kept.data('float32').slice();
  });
}

/** Numbers between -1 and 1 times `scale`, plus `offset`. */
export function noise(seed: number, shape: readonly number[], scale = 1, offset = 0): Fed {
  const next = random(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, values: Array.from({ length: size }, () => offset + scale * (2 * next() - 1)) };
}

/** Fails unless elements differ by at most `tolerance` times the largest of their tensor. */
export function assertSame(
  actual: readonly Float32Array[],
  expected: readonly Float32Array[],
  tolerance: number,
): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((values, t) => {
    const other = expected[t] ?? new Float32Array();
    assert.equal(values.length, other.length);
    const largest = other.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-30);
    values.forEach((value, i) => {
      const difference = Math.abs(value - (other[i] ?? NaN));
      assert.ok(
        difference <= tolerance * largest,
        `tensor ${t}, element ${i}: ${value} against ${other[i]}, the largest being ${largest}`,
      );
    });
  });
}
