import type { IndexedSlices } from '../tf/grad/indexed_slices.js';
import type { Operation, Output, Variable, Variables } from '../tf/index.js';

/** A variable and the gradient of the loss with respect to it. */
export interface VariableGradient {
  readonly variable: Variable;
  readonly gradient: Output | IndexedSlices;
}

/** What every optimizer is given besides gradients. */
export interface UpdateContext {
  /** Where the optimizer keeps its own state (slots); none of it is trainable. */
  readonly variables: Variables;
  /** The rate of this step, a scalar float32. */
  readonly learningRate: Output;
}

/** A rule that moves variables against their gradients. */
export interface Optimizer {
  /**
   * Adds the nodes of one step.
   *
   * @returns operations that, once run, have updated every variable.
   */
  apply(context: UpdateContext, gradients: readonly VariableGradient[]): readonly Operation[];
}
