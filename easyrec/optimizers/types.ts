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
  /**
   * Adds the nodes that move the tables which are updated by rows, by the optimizer's `rowRule`, at the rate given (a
   * scalar float32; of Adam the corrected one). Default: there are no such tables.
   */
  readonly rowUpdates?: (rate: Output) => readonly Operation[];
}

/** A slot of an optimizer: state beside each variable. */
export interface SlotSpec {
  /** Its name is `<variable>/<suffix>`. */
  readonly suffix: string;
  /** What all its elements start from. */
  readonly initial: number;
  /** Whether it holds one number a row, `[rows, 1]`, rather than the shape of its table. Default: no. */
  readonly perRow?: boolean;
}

/**
 * What an optimizer does to a looked-up row of an embedding table, for engines with kernels of their own. All
 * parameters are float32 numbers of the formulas in the optimizer's file.
 */
export type RowRule = { readonly slots: readonly SlotSpec[] } & (
  | {
      readonly kind: 'adam';
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      /** Whether rows move at every step, by their momentum where no lookup touched them. */
      readonly everyStep: boolean;
    }
  | { readonly kind: 'adagrad' }
);

/** A rule that moves variables against their gradients. */
export interface Optimizer {
  /** The same rule for single rows; null where it has no such form. */
  readonly rowRule: RowRule | null;
  /**
   * Adds the nodes of one step.
   *
   * @returns operations that, once run, have updated every variable.
   */
  apply(context: UpdateContext, gradients: readonly VariableGradient[]): readonly Operation[];
}
