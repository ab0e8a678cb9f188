import type { Optimizer } from './types.js';

/** An optimizer that leaves alone the variables whose name, followed by `:0`, fits one of the patterns. */
export function withFrozen(optimizer: Optimizer, patterns: readonly RegExp[]): Optimizer {
  return {
    ...optimizer,
    // Kernels of rows would have to be told which tables stay.
    rowRule: null,
    apply: (context, gradients) =>
      optimizer.apply(
        context,
        gradients.filter(({ variable }) => !patterns.some((pattern) => pattern.test(`${variable.name}:0`))),
      ),
  };
}
