import { IndexedSlices } from '../tf/grad/indexed_slices.js';
import type { Operation } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { VariableGradient } from './types.js';

/**
 * `w = w - decay w` (decoupled weight decay, arXiv:1711.05101), of looked-up rows only where the gradient is one of
 * rows; not scaled by the learning rate, as tf.contrib.opt's optimizers.
 *
 * @param decay 0 to 1
 */
export function decayWeights({ variable, gradient }: VariableGradient, decay: number): Operation {
  const { graph, handle } = variable;
  const whole = !(gradient instanceof IndexedSlices);
  // After the gradient: nothing else keeps the loss from reading weights that have decayed already.
  return graph.withControl([whole ? gradient.op : gradient.values.op], () => {
    if (whole) return ops.assignSub(handle, ops.mul(variable.read(), decay));
    const { values: rows } = ops.unique(gradient.indices);
    return ops.resourceScatterSub(handle, rows, ops.mul(variable.gather(rows), decay));
  });
}
