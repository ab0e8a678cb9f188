import { GraphError } from '../../errors.js';
import { isFloating } from '../dtype.js';
import type { Operation, Output } from '../graph.js';

/** All nodes that `ys` depend on, inputs before their consumers. */
export function ancestors(ys: readonly Output[]): readonly Operation[] {
  const order: Operation[] = [];
  const seen = new Set<Operation>();
  // A stack of our own: a graph can be deeper than JavaScript's.
  const stack: { readonly op: Operation; next: number }[] = [];
  const enter = (op: Operation): void => {
    if (seen.has(op)) return;
    seen.add(op);
    stack.push({ op, next: 0 });
  };
  for (const y of ys) {
    enter(y.op);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const input = top.op.inputs[top.next++];
      if (input !== undefined) {
        enter(input.op);
        continue;
      }
      order.push(top.op);
      stack.pop();
    }
  }
  return order;
}

/**
 * Whether a gradient can flow through an output: floats, variables' handles and, so that they are not passed over in
 * silence, the types that would need rules we do not have.
 */
export function carriesGradient(output: Output): boolean {
  const { dtype } = output;
  if (dtype === 'complex64' || dtype === 'complex128') {
    throw new GraphError(
      `gradients: expected real numbers on the way from y to x, received ${dtype} from ${output.op.type} "${output.name}"`,
    );
  }
  return isFloating(dtype) || dtype === 'resource' || dtype === 'variant';
}

/** The outputs that depend on `xs` by differentiable types, `xs` included. */
export function dependents(operations: readonly Operation[], xs: readonly Output[]): ReadonlySet<Output> {
  const reached = new Set(xs);
  for (const op of operations) {
    if (!op.inputs.some((input) => reached.has(input))) continue;
    for (const output of op.outputs) {
      if (carriesGradient(output)) reached.add(output);
    }
  }
  return reached;
}
