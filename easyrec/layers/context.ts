import type { Graph, Operation, Output, Variables } from '../tf/index.js';
import type { DenseKernels } from './dense_kernels.js';

/** What a model is built for: dropout and batch statistics belong to training alone. */
export type Mode = 'train' | 'infer';

/**
 * What every layer needs to add itself to a graph. One context builds one tower; a second tower over the same
 * `variables` (evaluation beside training) shares all weights.
 */
export interface BuildContext {
  readonly graph: Graph;
  readonly variables: Variables;
  readonly mode: Mode;
  /** Run after each training step: moving averages of batch normalization. */
  readonly updates: Operation[];
  /** Scalar terms that training adds to the loss; evaluation leaves them out. */
  readonly regularization: Output[];
  /** What computes the parts for which there are native ops. */
  readonly kernels: DenseKernels;
  /** A fresh seed `[2]` int64 for random ops, another one at each call and at each step. */
  readonly randomSeed: () => Output;
}
