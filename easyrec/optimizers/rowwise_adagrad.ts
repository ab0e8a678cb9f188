import { IndexedSlices } from '../tf/grad/indexed_slices.js';
import type { Operation, Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { RowRule, SlotSpec } from './row_rule.js';
import { createSlots } from './slots.js';
import { mergeRows } from './sparse_gradient.js';
import type { UpdateContext, VariableGradient } from './types.js';

const EPSILON = 1e-8;

/** Row-wise Adagrad for kernels of rows. */
export function rowwiseAdagradRule(initialAccumulator: number): RowRule {
  return { kind: 'rowwise_adagrad', slots: slotsOf(initialAccumulator), epsilon: EPSILON };
}

/**
 * Adagrad with one accumulator a row, as FBGEMM's exact row-wise Adagrad: `a = a + mean(g^2)` over the row,
 * `w = w - lr g / (sqrt(a) + 1e-8)`. State: `<table>/Adagrad`, `[rows, 1]`.
 */
export function updateRowwise(
  { variables, learningRate }: UpdateContext,
  { variable, gradient }: VariableGradient,
  initialAccumulator: number,
): readonly Operation[] {
  const [accumulator] = createSlots(variables, variable, slotsOf(initialAccumulator));
  const move = (g: Output, a: Output): Output =>
    ops.div(ops.mul(learningRate, g), ops.add(ops.sqrt(a), EPSILON));
  if (!(gradient instanceof IndexedSlices)) {
    const sums = ops.add(accumulator.read(), meanSquare(gradient)); // [rows, 1]
    return [ops.assign(accumulator.handle, sums), ops.assignSub(variable.handle, move(gradient, sums))];
  }
  const { rows, values } = mergeRows(gradient);
  const sums = ops.add(accumulator.gather(rows), meanSquare(values)); // [U, 1]
  return [
    ops.resourceScatterUpdate(accumulator.handle, rows, sums),
    ops.resourceScatterSub(variable.handle, rows, move(values, sums)),
  ];
}

function slotsOf(initial: number): readonly [SlotSpec] {
  return [{ suffix: 'Adagrad', initial, perRow: true }];
}

/** `[n, D] -> [n, 1]` */
function meanSquare(g: Output): Output {
  return ops.reduceMean(ops.square(g), { axes: [1], keepDims: true });
}
