import type { Operation, Output } from '../graph.js';
import type { IndexedSlices } from './indexed_slices.js';

/** A gradient: a tensor, rows of one (for lookups), or null where nothing depends on anything. */
export type Gradient = Output | IndexedSlices | null;

/** A gradient, or how to build it: a function is called only when the gradient is wanted. */
export type LazyGradient = Gradient | (() => Gradient);

/**
 * The gradients of an op's outputs, in their order. The first is always there (zeros when that output is unused); of
 * the others, null stands for an unused or non-floating output.
 */
export type OutputGradients = readonly [Output, ...(Output | null)[]];

/** From the gradients of an op's outputs to those of its inputs, lists flattened; null for no gradient. */
export type RuleFunction = (op: Operation, dys: OutputGradients) => readonly LazyGradient[];

/** The rule of an op that broadcasts its inputs: it returns gradients of the broadcast shape. */
export interface BroadcastingRule {
  readonly kind: 'broadcasting';
  readonly gradient: RuleFunction;
  /** How many dimensions at the end do not take part in broadcasting: 2 for a matrix product, 0 for arithmetic. */
  readonly trailing: number;
  /** The output that has the broadcast shape. */
  readonly output: number;
}

/** The rule of an op whose only gradient is that of its output, dense or rows as it came. */
export interface PassThroughRule {
  readonly kind: 'pass-through';
}

export type GradientRule = RuleFunction | BroadcastingRule | PassThroughRule;

/** Rules by op type; null for an op that is not differentiable. */
export type GradientRules = Readonly<Record<string, GradientRule | null>>;

/** Marks a rule whose gradients have the broadcast shape; the walker sums them to the shapes of the inputs. */
export function broadcasting(
  gradient: RuleFunction,
  { trailing = 0, output = 0 }: Partial<Pick<BroadcastingRule, 'trailing' | 'output'>> = {},
): BroadcastingRule {
  return { kind: 'broadcasting', gradient, trailing, output };
}

/** `dx = dy`. */
export const passThrough: PassThroughRule = { kind: 'pass-through' };
