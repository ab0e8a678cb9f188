import type { Operation, Output } from '../tf/index.js';

/**
 * What is known of how a tensor depends on the rows of the inputs. An axis is the batch, or what an op that picks or
 * splits made of one, such as all words of all rows, in the order of the rows.
 */
export type RowFact =
  /** The same whatever the inputs are. */
  | { readonly kind: 'constant' }
  /** Its first dimension runs along an axis, and what stands there depends on the rows that the entry comes from alone. */
  | { readonly kind: 'values'; readonly axis: Axis }
  /** For each entry of an axis, `[K]`, the place on another axis that it comes from. */
  | { readonly kind: 'origin'; readonly axis: Axis; readonly of: Axis }
  /** As `origin`, `[K, n]`: the place is the first column. */
  | { readonly kind: 'origins'; readonly axis: Axis; readonly of: Axis }
  /** The length of an axis, `[]`. */
  | { readonly kind: 'length'; readonly axis: Axis };

/** `batch`, or the name of the op that made the axis. */
export type Axis = string;

/** What holds of each output of an op, given its inputs; undefined where nothing is known. */
export type RowRule = (
  op: Operation,
  inputs: readonly (RowFact | undefined)[],
) => RowFact | undefined | PerOutput;

/** What holds of each output, where that differs. */
export interface PerOutput {
  readonly outputs: readonly (RowFact | undefined)[];
}

/** The axis of the rows of a request. */
export const BATCH: Axis = 'batch';

/** Follows the rows of a graph's inputs through its ops. */
export class RowFacts {
  readonly #rules: (type: string) => RowRule | undefined;
  readonly #known = new Map<Operation, RowFact | undefined | PerOutput>();

  /** @param rules What is known of each op; undefined for one that may mix rows. */
  constructor(inputs: Iterable<Output>, rules: (type: string) => RowRule | undefined) {
    this.#rules = rules;
    for (const { op, shape } of inputs) {
      const isBatch = shape !== null && shape[0] === -1;
      this.#known.set(op, isBatch ? { kind: 'values', axis: BATCH } : undefined);
    }
  }

  /** Whether each row of an output depends on the same row of the inputs alone, and there is one for each. */
  isByRow(output: Output): boolean {
    const fact = this.#of(output);
    return fact?.kind === 'values' && fact.axis === BATCH;
  }

  #of(output: Output): RowFact | undefined {
    const result = this.#result(output.op);
    return result !== undefined && 'outputs' in result ? result.outputs[output.index] : result;
  }

  /** Without recursion: graphs are deeper than the stack. */
  #result(root: Operation): RowFact | undefined | PerOutput {
    const stack = [root];
    const begun = new Set<Operation>();
    for (let op = stack.at(-1); op !== undefined; op = stack.at(-1)) {
      const current = op;
      const missing = this.#known.has(op)
        ? []
        : op.inputs.map((input) => input.op).filter((input) => !this.#known.has(input));
      // An op that is met again before its inputs are known is part of a loop.
      if (missing.length > 0 && !begun.has(current)) {
        begun.add(current);
        stack.push(...missing);
        continue;
      }
      stack.pop();
      if (!this.#known.has(current))
        this.#known.set(current, missing.length > 0 ? undefined : this.#apply(current));
    }
    return this.#known.get(root);
  }

  #apply(op: Operation): RowFact | undefined | PerOutput {
    const inputs = op.inputs.map((input) => this.#of(input));
    return this.#rules(op.type)?.(op, inputs);
  }
}
