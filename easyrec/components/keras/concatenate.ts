import { ops } from '../../tf/index.js';
import { param } from '../params/param.js';
import { defineComponent } from '../types.js';
import { expectTensors } from '../value.js';

/** Keras' `Concatenate`: tensors side by side along `axis`. */
export const kerasConcatenate = defineComponent({
  name: 'Concatenate',
  params: { axis: param.integer(-1) },
  build: (_ctx, _block, input, { axis }) => ops.concat(expectTensors(input), axis),
});
