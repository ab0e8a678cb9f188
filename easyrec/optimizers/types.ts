import type { IndexedSlices } from '../tf/grad/indexed_slices.js';
import type { Operation, Output, Variable, Variables } from '../tf/index.js';
import type { RowRule } from './row_rule.js';

/** A variable and the gradient of the loss with respect to it. */
export interface VariableGradient {
  readonly variable: Variable;
  readonly gradient: Output | IndexedSlices;
}

/** What every optimizer is given besides gradients. */
export interface UpdateContext {
  /** Where the optimizer keeps its own state (slots); none of it is trainable. */
  readonly variables: Variables;
  /** The rate of this step, a scalar float32; a vector where the optimizer takes several. */
  readonly learningRate: Output;
  /**
   * Adds the nodes that move the tables which are updated by rows, by the optimizer's `rowRule`, at the rate given (a
   * scalar float32; of Adam the corrected one), their gradients times `scale` (a number or a scalar float32; default: 1).
   * Default: there are no such tables.
   */
  readonly rowUpdates?: (rate: Output, scale?: Output | number) => readonly Operation[];
  /**
   * Adds the nodes that sum up the squares of those tables' gradients, each lookup of a table for itself, its repeated
   * rows summed up before: scalars to be added. Default: there are no such tables.
   */
  readonly rowSquares?: () => readonly Output[];
  /** The names of those tables, for state that belongs to a table as a whole. Default: none. */
  readonly rowTables?: readonly string[];
}

/** A rule that moves variables against their gradients. */
export interface Optimizer {
  /** The same rule for single rows; null where it has no such form. */
  readonly rowRule: RowRule | null;
  /** Whether it leaves a variable or table of that name alone. Default: none. */
  readonly isFrozen?: (name: string) => boolean;
  /** How many learning rates it takes, as a vector. Default: one, a scalar. */
  readonly learningRates?: number;
  /**
   * Adds the nodes of one step.
   *
   * @returns operations that, once run, have updated every variable.
   */
  apply(context: UpdateContext, gradients: readonly VariableGradient[]): readonly Operation[];
}
