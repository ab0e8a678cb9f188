import { ConfigError } from '../errors.js';
import { lowerTriangle } from '../layers/plain_kernels.js';
import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import { expectFields, stackedFields } from './fields.js';
import { param } from './params/param.js';
import { defineComponent } from './types.js';

/** 1 at the given positions of N * N, 0 elsewhere. */
function mask(count: number, positions: readonly number[]): readonly number[] {
  const kept = new Set(positions);
  return Array.from({ length: count * count }, (_, i) => (kept.has(i) ? 1 : 0));
}

/** All dot products of N fields, `[B, N * N]`. */
function allProducts(stacked: Output, count: number): Output {
  const products = ops.batchMatmul(stacked, stacked, { transposeB: true }); // [B, N, N]
  return ops.reshape(products, [-1, count * count]);
}

/**
 * `DotInteraction`: dot products of all pairs of N fields (arXiv 1906.00091, section 2.1.3), row by row of the strictly
 * lower triangle, `[B, N (N - 1) / 2]`; self_interaction adds the diagonal, `[B, N (N + 1) / 2]`; skip_gather keeps the
 * whole matrix with zeros in its other half, `[B, N * N]`.
 */
export const dotInteraction = defineComponent({
  name: 'DotInteraction',
  params: { self_interaction: param.boolean(false), skip_gather: param.boolean(false) },
  build(ctx, _block, input, { selfInteraction, skipGather }) {
    const fields = expectFields(input);
    const count = fields.kind === 'list' ? fields.tensors.length : (fields.tensor.shape?.[1] ?? -1);
    if (count < 0) throw new ConfigError('input: expected a known number of fields');
    const positions = lowerTriangle(count, selfInteraction);
    if (positions.length === 0) {
      throw new ConfigError(`input: expected two fields or more, received ${count}`);
    }
    if (!skipGather) return ctx.kernels.dotProducts(fields, { diagonal: selfInteraction });
    const products = allProducts(stackedFields(fields), count);
    return ops.mul(products, ops.constant(ctx.graph, 'float32', mask(count, positions)));
  },
});
