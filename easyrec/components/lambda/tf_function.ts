import type { Output } from '../../tf/index.js';
import type { CallArguments } from './arguments.js';
import type { LambdaValue } from './value.js';

/** A function of TensorFlow that expressions may call. */
export interface TfFunction {
  /** Names of its parameters in Python, in their order, without `name`. */
  readonly parameters: readonly string[];
  readonly run: (args: CallArguments) => LambdaValue;
}

export type TfFunctions = Readonly<Record<string, TfFunction>>;

/** A function of one tensor. */
export function unary(run: (x: Output) => Output, parameter = 'x'): TfFunction {
  return { parameters: [parameter], run: (args) => run(args.tensor(parameter)) };
}
