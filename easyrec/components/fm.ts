import { ops } from '../tf/index.js';
import { expectFields } from './fields.js';
import { param } from './params/param.js';
import { defineComponent } from './types.js';

/**
 * `FM`: second-order interactions of N fields (Rendle 2010, equation 5),
 * `0.5 ((sum_i v_i)^2 - sum_i v_i^2)`: `[B, D]` with use_variant, else summed over D to `[B, 1]`.
 */
export const fm = defineComponent({
  name: 'FM',
  message: 'fm',
  params: { use_variant: param.boolean(false) },
  build({ kernels }, _block, input, { useVariant }) {
    const cross = kernels.fieldInteractions(expectFields(input));
    return useVariant ? cross : ops.reduceSum(cross, { axes: [-1], keepDims: true });
  },
});
