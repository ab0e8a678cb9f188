import { GraphError } from '../../errors.js';
import type { Operation, Shape } from '../graph.js';
import { IndexedSlices } from './indexed_slices.js';
import type { Gradient, GradientRule, GradientRules } from './rule.js';

function place(op: Operation): string {
  return `${op.type} (node "${op.name}")`;
}

/**
 * The rule of a node's type; null when it is marked as not differentiable.
 *
 * @throws GraphError when there is neither rule nor null.
 */
export function ruleOf(op: Operation, rules: GradientRules): GradientRule | null {
  const rule = Object.hasOwn(rules, op.type) ? rules[op.type] : undefined;
  if (rule === undefined) {
    throw new GraphError(
      `gradients: no rule for op ${place(op)}, through which y depends on x: expected a row for "${op.type}"; ` +
        `give one in the option \`rules\` (a plugin: in \`gradients\`): ` +
        `{ ${op.type}: (op, [dy]) => [one gradient per input] }, or null if it is not differentiable`,
    );
  }
  return rule;
}

/** @throws GraphError when a rule returned another number of gradients than the node has inputs. */
export function checkArity(op: Operation, gradients: readonly unknown[]): void {
  if (gradients.length === op.inputs.length) return;
  throw new GraphError(
    `gradient of ${place(op)}: expected ${op.inputs.length} gradients, one per input, received ${gradients.length}`,
  );
}

/**
 * Holds a rule's result against the input that it is the gradient of.
 *
 * @throws GraphError when the dtype or the static shape is another.
 */
export function checkGradient(op: Operation, index: number, gradient: Gradient): void {
  const input = op.input(index);
  if (gradient === null) return;
  const values = gradient instanceof IndexedSlices ? gradient.values : gradient;
  const where = `gradient of ${place(op)} for input ${index} ("${input.name}")`;
  if (input.dtype === 'resource') return;
  if (values.dtype !== input.dtype) {
    throw new GraphError(`${where}: expected dtype ${input.dtype}, received ${values.dtype}`);
  }
  // Of rows only the part after the first dimension is the input's.
  const from = gradient instanceof IndexedSlices ? 1 : 0;
  const expected = input.shape?.slice(from) ?? null;
  const received = values.shape?.slice(from) ?? null;
  if (!compatible(expected, received)) {
    throw new GraphError(`${where}: expected shape ${show(expected)}, received ${show(received)}`);
  }
}

function compatible(a: Shape, b: Shape): boolean {
  if (a === null || b === null) return true;
  return a.length === b.length && a.every((size, i) => size < 0 || (b[i] ?? -1) < 0 || size === b[i]);
}

function show(shape: Shape): string {
  return shape === null ? 'of unknown rank' : `[${shape.join(', ')}]`;
}
