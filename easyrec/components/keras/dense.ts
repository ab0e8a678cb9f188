import { kerasActivationNamed } from '../../layers/activations.js';
import { dense } from '../../layers/dense.js';
import { initializerNamed } from '../../layers/initializer_names.js';
import { param } from '../params/param.js';
import { defineComponent } from '../types.js';
import { expectTensor } from '../value.js';

/** Keras' `Dense`: `activation(x kernel + bias)`, `[..., in] -> [..., units]`. */
export const kerasDense = defineComponent({
  name: 'Dense',
  params: {
    units: param.integer(undefined, { min: 1 }),
    activation: param.string('linear'),
    use_bias: param.boolean(true),
    kernel_initializer: param.string('glorot_uniform'),
    bias_initializer: param.string('zeros'),
  },
  build(ctx, { scope }, input, config) {
    const product = dense(ctx, expectTensor(input), {
      name: scope,
      units: config.units,
      useBias: config.useBias,
      kernelInitializer: initializerNamed(config.kernelInitializer),
      biasInitializer: initializerNamed(config.biasInitializer),
    });
    return kerasActivationNamed(config.activation)(product);
  },
});
