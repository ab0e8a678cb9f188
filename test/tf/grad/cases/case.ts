import type { Output } from '../../../../easyrec/tf/index.js';
import { ops } from '../../../../easyrec/tf/index.js';
import type { CheckedInput, GradientCheck } from '../../../support/gradient_check.js';

/** A point at which a rule is checked. */
export interface GradientCase extends Pick<GradientCheck, 'inputs' | 'build' | 'dtype' | 'delta'> {
  /** The row of the table that it checks. */
  readonly op: string;
  readonly title: string;
  /** Why `TF_AddGradients` is not asked. Default: it is. */
  readonly withoutOracle?: string;
  /** The minor version of TensorFlow 2 from which its C++ rule is right. Default: 12. */
  readonly oracleSince?: number;
  /** Default: 1e-7. */
  readonly tolerance?: number;
}

export const NO_RULE = 'TensorFlow has no C++ rule for it';

/** An input with the given values. */
export function at(shape: readonly number[], values: readonly number[]): CheckedInput {
  return { shape, values };
}

/**
 * An input with different values between -2.4 and 2.4, none near 0 or a whole number and no two equal.
 *
 * @param start Where in the sequence to begin, so that two inputs differ.
 */
export function spread(shape: readonly number[], start = 0): CheckedInput {
  const size = shape.reduce((a, b) => a * b, 1);
  return at(
    shape,
    Array.from({ length: size }, (_, i) => {
      const golden = ((i + start + 1) * 0.6180339887) % 1;
      const value = 0.15 + 0.7 * golden + ((i + start) % 3 === 0 ? 1 : 0);
      return (i + start) % 2 === 0 ? value : -value;
    }),
  );
}

/** As `spread`, all values positive. */
export function positive(shape: readonly number[], start = 0): CheckedInput {
  const { values } = spread(shape, start);
  return at(shape, values.map(Math.abs));
}

/** The input at an index. */
export function pick(inputs: readonly Output[], index: number): Output {
  const input = inputs[index];
  if (input === undefined) throw new Error(`case: no input ${index}`);
  return input;
}

/** One op on all inputs. */
export function apply(type: string, attrs: Parameters<Output['graph']['op']>[2] = {}) {
  return (inputs: readonly Output[]): Output => pick(inputs, 0).graph.op(type, inputs, attrs).output();
}

/** A constant of integers. */
export function integers(
  like: Output,
  values: readonly number[],
  shape: readonly number[] = [values.length],
  dtype: 'int32' | 'int64' = 'int32',
): Output {
  return ops.constant(like.graph, dtype, values, shape);
}
