import { ConfigError } from '../errors.js';
import type { Output } from '../tf/index.js';
import type { ComponentContext } from './context.js';
import type { BlockScope } from './types.js';
import type { BlockValue } from './value.js';
import { describeValue, elementsOf, expectTensors } from './value.js';

/**
 * The two texts that a component compares: the first two of its inputs, each `[B]` string.
 *
 * @throws ConfigError when there are fewer, or they are no strings.
 */
export function expectTextPair(
  ctx: ComponentContext,
  block: BlockScope,
  input: BlockValue,
): readonly [Output, Output] {
  const inputs = expectTensors(elementsOf(input) ?? []);
  const [first, second] = inputs;
  if (first === undefined || second === undefined) {
    throw new ConfigError('input: expected two texts, received one');
  }
  if (inputs.length > 2) {
    ctx.log.warn(`block "${block.name}": compares the first two of its ${inputs.length} inputs`);
  }
  const wrong = [first, second].find(({ dtype }) => dtype !== 'string');
  if (wrong !== undefined) {
    throw new ConfigError(
      `input: expected two texts, received ${describeValue(wrong)}; a raw_input block hands out columns as they are`,
    );
  }
  return [first, second];
}
