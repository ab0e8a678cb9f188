import { ConfigError } from '../../errors.js';
import { batchNorm } from '../../layers/batch_norm.js';
import { param } from '../params/param.js';
import { defineComponent } from '../types.js';
import { expectTensor } from '../value.js';

/** Keras' `BatchNormalization` over the last axis. */
export const kerasBatchNormalization = defineComponent({
  name: 'BatchNormalization',
  params: {
    axis: param.integer(-1),
    momentum: param.number(0.99, { min: 0, max: 1 }),
    epsilon: param.number(1e-3, { min: 0 }),
    center: param.boolean(true),
    scale: param.boolean(true),
  },
  build(ctx, { scope }, input, { axis, ...options }) {
    const x = expectTensor(input);
    const last = (x.shape?.length ?? 0) - 1;
    if (axis !== -1 && axis !== last) {
      throw new ConfigError(
        `axis: expected the last axis (-1), as others are not supported, received ${axis}`,
      );
    }
    return batchNorm(ctx, x, { name: scope, ...options });
  },
});
