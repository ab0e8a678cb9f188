import { kerasActivationNamed } from '../../layers/activations.js';
import { param } from '../params/param.js';
import { defineComponent } from '../types.js';
import { expectTensor } from '../value.js';

/** Keras' `Activation`: one of Keras' activations by name. */
export const kerasActivation = defineComponent({
  name: 'Activation',
  params: { activation: param.string() },
  build: (_ctx, _block, input, { activation }) => kerasActivationNamed(activation)(expectTensor(input)),
});
