import type { Activation } from '../layers/activations.js';
import { activationNamed } from '../layers/activations.js';
import { dice } from '../layers/dice.js';
import type { ComponentContext } from './context.js';

/**
 * An activation by EasyRec's name, with weights in `scope` where it has some.
 *
 * @param scope `backbone/mlp/layer_0/act`
 * @throws ConfigError for an unknown name.
 */
export function activationOf(ctx: ComponentContext, name: string, scope: string): Activation {
  if (name !== 'dice' && name !== 'Dice') return activationNamed(name);
  return (x) => dice(ctx, x, { name: scope, batchNormName: ctx.autoNames.next('batch_normalization') });
}
