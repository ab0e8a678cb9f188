import { GraphError } from '../../errors.js';
import type { GradientRules } from './rule.js';
import { passThrough } from './rule.js';

/** Rules of variables and of ops that steer gradients. */
export const STATE_RULES = {
  // The gradient of a variable's value is that of its handle.
  ReadVariableOp: passThrough,
  // What its author put there to say that the gradient would be wrong.
  PreventGradient: (op) => {
    const reason = Buffer.from(op.attr('message').s ?? []).toString('utf8');
    throw new GraphError(
      `gradients: no gradient passes PreventGradient "${op.name}": ${reason || 'no reason given'}`,
    );
  },
  StopGradient: null,
} satisfies GradientRules;
