import type { Graph, Output, Variable, Variables } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { SlotSpec } from './row_rule.js';

/** Creates an optimizer's slots beside a variable: not trainable, of its shape or one number a row. */
export function createSlots<const S extends readonly SlotSpec[]>(
  variables: Variables,
  { name, shape }: Variable,
  slots: S,
): { readonly [K in keyof S]: Variable } {
  const made = slots.map(({ suffix, initial, perRow = false }) =>
    variables.create(`${name}/${suffix}`, {
      shape: perRow ? shape.map((size, axis) => (axis === 0 ? size : 1)) : shape,
      initializer: constantly(initial),
      trainable: false,
    }),
  );
  return made as { readonly [K in keyof S]: Variable };
}

/** An initial value of which all elements are the same. */
export function constantly(value: number): (graph: Graph, shape: readonly number[]) => Output {
  return (graph, shape) => ops.fill(ops.ints(graph, shape), ops.constant(graph, 'float32', value));
}
