import { ConfigError } from '../../errors.js';
import { ops, Output } from '../../tf/index.js';
import type { BlockValue } from '../value.js';
import { describeValue, isList } from '../value.js';

/**
 * What several inputs make together: one passes through; where any is a list, one list of all in their order; else the
 * tensors side by side along `axis`. Tuples count as neither (EasyRec's layers/backbone.py, merge_inputs).
 *
 * @throws ConfigError for a tuple among several inputs, and for tensors that cannot be joined.
 */
export function mergeInputs(inputs: readonly BlockValue[], axis = -1): BlockValue {
  const [first] = inputs;
  if (first === undefined) throw new ConfigError('inputs: expected at least one that is not ignored');
  if (inputs.length === 1) return first;
  if (inputs.some(isList)) return inputs.flatMap((input) => (isList(input) ? input : [input]));
  const tensors = inputs.filter((input) => input instanceof Output);
  if (tensors.length < inputs.length) {
    const at = inputs.findIndex((input) => !(input instanceof Output));
    const received = describeValue(inputs[at] ?? first);
    throw new ConfigError(
      `input ${at}: expected a tensor or a list, received ${received}; take one of its items with input_slice`,
    );
  }
  return ops.concat(tensors, axis);
}
