import type { Output } from '../tf/index.js';
import type { FeatureSpec } from './spec.js';
import type { FeatureValue } from './types.js';

/** One value of `feature_type`. */
export interface FeatureType<Spec extends FeatureSpec = FeatureSpec> {
  /**
   * Turns input columns into ids or numbers, with ops that every TensorFlow has.
   *
   * @param inputs the columns of `spec.inputs`, each `[B]` in the input field's dtype
   */
  parse(inputs: readonly Output[], spec: Spec): FeatureValue;
  /** What a `raw_input` block gets, by the name under which a group lists it; none where that is not dense. */
  raw(inputs: readonly Output[], spec: Spec): ReadonlyMap<string, Output>;
  /** The feature's part of a variable's name: `<column>_embedding/embedding_weights`. */
  columnName(spec: Spec): string;
  /** Rows of the embedding table, unless it has a row for each key; 0 where there is none. */
  tableRows(spec: Spec): number;
}

/** @throws RangeError when there are fewer columns. */
export function inputAt(inputs: readonly Output[], index: number): Output {
  const column = inputs[index];
  if (column === undefined)
    throw new RangeError(`expected at least ${index + 1} columns, got ${inputs.length}`);
  return column;
}
