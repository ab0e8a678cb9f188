import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { FeatureType } from './feature_type.js';
import { inputAt } from './feature_type.js';
import { batchSizeOf, oneIdPerRow, rowsOf, textOf } from './ids.js';
import type { ComboFeatureSpec } from './spec.js';
import type { SparseIds } from './types.js';

/** Where the chain of fingerprints begins: TensorFlow's own constant. */
const HASH_KEY = 0xdecafcaffen;

/** Separates crossed texts where inputs are split, whatever combo_join_sep says. */
const CROSS_SEPARATOR = '_X_';

/** Inputs of a cross: split ones come first whatever their order, as TensorFlow takes them. */
interface CrossInputs {
  readonly split: readonly ops.SparseStrings[];
  /** Each `[B, 1]`. */
  readonly whole: readonly Output[];
}

function crossInputs(
  inputs: readonly Output[],
  separators: readonly string[],
  wholeOf: (column: Output) => Output,
): CrossInputs {
  const isSplit = (index: number): boolean => (separators[index] ?? '') !== '';
  return {
    split: inputs.filter((_, i) => isSplit(i)).map((x, i) => ops.stringSplit(x, splitting(separators, i))),
    whole: inputs.filter((_, i) => !isSplit(i)).map((x) => ops.reshape(wholeOf(x), [-1, 1])),
  };
}

/** The `index`-th of the separators that split anything. */
function splitting(separators: readonly string[], index: number): string {
  return separators.filter((separator) => separator !== '')[index] ?? '';
}

function crossArguments({ split, whole }: CrossInputs): (readonly Output[])[] {
  return [
    split.map(({ indices }) => indices),
    split.map(({ values }) => values),
    split.map(({ denseShape }) => denseShape),
    whole,
  ];
}

/** Every combination of one part of each input, by chained fingerprints. */
function hashedCross(inputs: readonly Output[], spec: ComboFeatureSpec): SparseIds {
  const column = inputAt(inputs, 0);
  const cross = crossInputs(inputs, spec.inputSeparators, (x) => textOf(x, spec.precision));
  const op = column.graph.op('SparseCross', crossArguments(cross), {
    hashed_output: true,
    num_buckets: spec.buckets,
    hash_key: HASH_KEY,
    out_type: 'int64',
    internal_type: 'string',
  });
  const ids = op.output(1).setShape([-1]);
  if (cross.split.length === 0) return oneIdPerRow(ids);
  return { kind: 'sparse', ids, rows: rowsOf(op.output(0)), weights: null, batchSize: batchSizeOf(column) };
}

/** As `hashedCross`, but the combinations are texts that are hashed as one. */
function textCross(inputs: readonly Output[], spec: ComboFeatureSpec): SparseIds {
  const column = inputAt(inputs, 0);
  const { graph } = column;
  const numbersAreInt64 = (x: Output): Output => (x.dtype === 'string' ? x : ops.cast(x, 'int64'));
  const cross = crossInputs(inputs, spec.inputSeparators, numbersAreInt64);
  const separator = ops.constant(graph, 'string', CROSS_SEPARATOR);
  const op = graph.op('SparseCrossV2', [...crossArguments(cross), separator]);
  const ids = ops.stringToHashBucketFast(op.output(1), spec.buckets);
  return { kind: 'sparse', ids, rows: rowsOf(op.output(0)), weights: null, batchSize: batchSizeOf(column) };
}

function joined(inputs: readonly Output[], spec: ComboFeatureSpec): Output {
  const texts = inputs.map((x) => textOf(x, spec.precision));
  return ops.stringJoin(texts, spec.joinSeparator ?? '');
}

function parse(inputs: readonly Output[], spec: ComboFeatureSpec): SparseIds {
  if (spec.joinSeparator === null) return hashedCross(inputs, spec);
  if (spec.inputSeparators.length > 0) return textCross(inputs, spec);
  // The separator alone makes every joined text non-empty, so that no row is without an id.
  return oneIdPerRow(ops.stringToHashBucketFast(joined(inputs, spec), spec.buckets));
}

function raw(inputs: readonly Output[], spec: ComboFeatureSpec): ReadonlyMap<string, Output> {
  const { name, inputSeparators, joinSeparator, precision } = spec;
  if (joinSeparator !== null) {
    return inputSeparators.length > 0 ? new Map() : new Map([[name, joined(inputs, spec)]]);
  }
  const whole = inputs.map((x, i) => [i === 0 ? name : `${name}_${i}`, x, inputSeparators[i] ?? ''] as const);
  const dense = whole.filter(([, , separator]) => separator === '');
  return new Map(dense.map(([key, x]) => [key, textOf(x, precision)]));
}

/** Two or more inputs as one: crossed or joined, then hashed. */
export const comboFeature: FeatureType<ComboFeatureSpec> = {
  parse,
  raw,
  columnName: ({ name }) => name,
  tableRows: ({ buckets }) => Number(buckets),
};
