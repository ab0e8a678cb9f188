import type { Operation, Output, Shape } from '../graph.js';
import { DIMENSION_RULES } from './dimension_rules.js';

/**
 * What is known about dimensions that have no static size: which of them are equal whenever the graph can be computed
 * at all. The batch size is unknown beforehand, but it is the same all the way from the placeholder to the loss.
 */
export class DimensionFacts {
  readonly #shapes = new Map<Output, Shape>();
  readonly #classes = new Map<Output, readonly number[]>();
  readonly #parent: number[] = [];

  /** @param operations Inputs before their consumers. */
  constructor(operations: readonly Operation[]) {
    // Twice: what a later op shows (all parts of a concatenation have as many rows) helps with earlier ones.
    for (let pass = 0; pass < 2; pass++) {
      for (const operation of operations) DIMENSION_RULES[operation.type]?.(this, operation);
    }
  }

  /** The static shape, asked for once. */
  shape(output: Output): Shape {
    let shape = this.#shapes.get(output);
    if (shape === undefined) {
      shape = output.shape;
      this.#shapes.set(output, shape);
    }
    return shape;
  }

  /** Whether dimension `i` of `a` and `j` of `b` are known to be equal. */
  same(a: Output, i: number, b: Output, j: number): boolean {
    const size = this.shape(a)?.[i];
    if (size !== undefined && size >= 0) return size === this.shape(b)?.[j];
    const left = this.#find(a, i);
    return left !== undefined && left === this.#find(b, j);
  }

  /** Records that two dimensions are equal; one that does not exist is ignored. */
  equate(a: Output, i: number, b: Output, j: number): void {
    const left = this.#find(a, i);
    const right = this.#find(b, j);
    if (left !== undefined && right !== undefined) this.#parent[left] = right;
  }

  /** Records that two tensors have one shape. */
  equateAll(a: Output, b: Output): void {
    const rank = this.shape(a)?.length ?? 0;
    for (let axis = 0; axis < rank; axis++) this.equate(a, axis, b, axis);
  }

  #find(output: Output, axis: number): number | undefined {
    let classes = this.#classes.get(output);
    if (classes === undefined) {
      const start = this.#parent.length;
      classes = (this.shape(output) ?? []).map((_, i) => start + i);
      this.#parent.push(...classes);
      this.#classes.set(output, classes);
    }
    let current = classes[axis];
    while (current !== undefined && this.#parent[current] !== current) current = this.#parent[current];
    return current;
  }
}
