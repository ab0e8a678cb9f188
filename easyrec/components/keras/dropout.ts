import { dropout } from '../../layers/dropout.js';
import { param } from '../params/param.js';
import { defineComponent } from '../types.js';
import { expectTensor } from '../value.js';

/** Keras' `Dropout`: in training sets elements to 0 with chance `rate` and scales the rest by `1 / (1 - rate)`. */
export const kerasDropout = defineComponent({
  name: 'Dropout',
  params: { rate: param.number(undefined, { min: 0, max: 1 }) },
  build: (ctx, _block, input, { rate }) => dropout(ctx, expectTensor(input), rate),
});
