import { IndexedSlices } from '../tf/grad/indexed_slices.js';
import type { Graph, Operation, Output, Variable } from '../tf/index.js';
import { ops } from '../tf/index.js';
import { mergeRows } from './sparse_gradient.js';
import type { VariableGradient } from './types.js';

/** What Adam adds to the root of the second moment; EasyRec has no field for it. */
export const ADAM_EPSILON = 1e-8;

/** How fast Adam's moments decay. */
export interface AdamBetas {
  /** Of the first moment. */
  readonly beta1: number;
  /** Of the second moment. */
  readonly beta2: number;
}

/** beta1^t and beta2^t of the step t that is next. */
export interface BetaPowers {
  readonly beta1: Variable;
  readonly beta2: Variable;
}

/** The scalars of one step. */
export interface AdamScalars {
  readonly beta1: Output;
  readonly beta2: Output;
  readonly epsilon: Output;
  readonly beta1Power: Output;
  readonly beta2Power: Output;
  readonly learningRate: Output;
  /** lr sqrt(1 - beta2^t) / (1 - beta1^t). */
  readonly corrected: Output;
  /** 1 - beta1 and 1 - beta2. */
  readonly rest1: Output;
  readonly rest2: Output;
}

/** The scalars of one step, which all variables share that share powers. */
export function adamScalars(learningRate: Output, powers: BetaPowers, betas: AdamBetas): AdamScalars {
  const number = (value: number): Output => ops.constant(learningRate.graph, 'float32', value);
  const beta1Power = powers.beta1.read();
  const beta2Power = powers.beta2.read();
  const correction = ops.div(ops.sqrt(ops.sub(1, beta2Power)), ops.sub(1, beta1Power));
  const [beta1, beta2] = [number(betas.beta1), number(betas.beta2)];
  return {
    beta1,
    beta2,
    epsilon: number(ADAM_EPSILON),
    beta1Power,
    beta2Power,
    learningRate,
    corrected: ops.mul(learningRate, correction),
    // Computed in float32, as TensorFlow's kernels do: 1 - 0.999 differs there from 0.001 in the eighth digit.
    rest1: ops.sub(1, beta1),
    rest2: ops.sub(1, beta2),
  };
}

/** Moves a variable and its moments; of a gradient of rows, those rows alone. */
export function adamStep(
  { variable, gradient }: VariableGradient,
  [m, v]: readonly [Variable, Variable],
  s: AdamScalars,
): readonly Operation[] {
  if (!(gradient instanceof IndexedSlices)) {
    const inputs = [variable.handle, m.handle, v.handle, s.beta1Power, s.beta2Power, s.learningRate];
    return [variable.graph.op('ResourceApplyAdam', [...inputs, s.beta1, s.beta2, s.epsilon, gradient])];
  }
  const { rows, values } = mergeRows(gradient);
  const mRows = ops.add(ops.mul(m.gather(rows), s.beta1), ops.mul(values, s.rest1));
  const vRows = ops.add(ops.mul(v.gather(rows), s.beta2), ops.mul(ops.square(values), s.rest2));
  const step = ops.div(ops.mul(s.corrected, mRows), ops.add(ops.sqrt(vRows), s.epsilon));
  return [
    ops.resourceScatterUpdate(m.handle, rows, mRows),
    ops.resourceScatterUpdate(v.handle, rows, vRows),
    ops.resourceScatterSub(variable.handle, rows, step),
  ];
}

/** beta^(t+1) for the next step. */
export function advancePowers(powers: BetaPowers, { beta1, beta2 }: AdamBetas): readonly Operation[] {
  return [
    ops.assign(powers.beta1.handle, ops.mul(powers.beta1.read(), beta1)),
    ops.assign(powers.beta2.handle, ops.mul(powers.beta2.read(), beta2)),
  ];
}

/** beta^1, as it is before the first step. */
export function initialPower(beta: number): (graph: Graph) => Output {
  return (graph) => ops.constant(graph, 'float32', beta);
}
