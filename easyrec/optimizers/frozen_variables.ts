import type { Optimizer } from './types.js';

/** An optimizer that leaves alone the variables whose name, followed by `:0`, fits one of the patterns. */
export function withFrozen(optimizer: Optimizer, patterns: readonly RegExp[]): Optimizer {
  const isFrozen = (name: string): boolean => patterns.some((pattern) => pattern.test(`${name}:0`));
  return {
    ...optimizer,
    isFrozen,
    apply: (context, gradients) =>
      optimizer.apply(
        context,
        gradients.filter(({ variable }) => !isFrozen(variable.name)),
      ),
  };
}
