import { ConfigError } from '../../errors.js';
import { ops } from '../../tf/index.js';
import { defineComponent } from '../types.js';
import { expectTensors } from '../value.js';

/** Keras' `Add`: the sum of two tensors or more, which broadcast. */
export const kerasAdd = defineComponent({
  name: 'Add',
  params: {},
  build(_ctx, _block, input) {
    const [first, ...others] = expectTensors(input);
    if (first === undefined || others.length === 0) {
      throw new ConfigError('input: expected a list of two tensors or more, received a list of 1');
    }
    return others.reduce((sum, x) => ops.add(sum, x), first);
  },
});
