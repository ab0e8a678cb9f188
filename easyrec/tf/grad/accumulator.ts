import type { Output } from '../graph.js';
import { addN } from '../ops/math.js';
import { IndexedSlices } from './indexed_slices.js';
import type { Gradient } from './rule.js';

/** Adds up what the consumers of each output contribute to its gradient. */
export class Accumulator {
  readonly #parts = new Map<Output, (Output | IndexedSlices)[]>();

  add(output: Output, gradient: Output | IndexedSlices): void {
    const parts = this.#parts.get(output);
    if (parts === undefined) this.#parts.set(output, [gradient]);
    else parts.push(gradient);
  }

  /** The sum: rows as long as all contributions are rows, null when there is none. */
  total(output: Output): Gradient {
    const parts = this.#parts.get(output);
    const [first] = parts ?? [];
    if (parts === undefined || first === undefined) return null;
    if (parts.length === 1) return first;
    const slices = parts.filter((part) => part instanceof IndexedSlices);
    const sum =
      slices.length === parts.length
        ? IndexedSlices.sum(slices)
        : addN(parts.map((part) => (part instanceof IndexedSlices ? part.toDense() : part)));
    this.#parts.set(output, [sum]);
    return sum;
  }
}
