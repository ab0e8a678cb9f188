import { featureType } from '../../easyrec/features/index.js';
import type { EmbeddingSpec, FeatureSpec } from '../../easyrec/features/spec.js';
import type { DType, Output, TensorValues } from '../../easyrec/tf/index.js';
import { Graph, makeStep, ops, Session, tensor } from '../../easyrec/tf/index.js';

/** A column to feed: its values, and its shape where that is not `[B]`. */
export interface TestColumn {
  readonly dtype: DType;
  readonly values: TensorValues;
  readonly shape?: readonly number[];
}

export function strings(...values: string[]): TestColumn {
  return { dtype: 'string', values };
}

export const EMBEDDING: EmbeddingSpec = { dim: 4, combiner: 'sum', initializer: null, sharedName: null };

/** What one row has: its ids, with their weights where there are any. */
export type RowIds = number[];

export interface ParsedIds {
  readonly ids: RowIds[];
  readonly weights: number[][] | null;
  readonly isSingle: boolean;
}

type Build<Fetch extends string> = (columns: readonly Output[]) => Readonly<Record<Fetch, Output>>;

/** Feeds columns to what `build` makes of them and runs it. */
export function runOn<Fetch extends string>(
  columns: readonly TestColumn[],
  build: Build<Fetch>,
): Record<Fetch, number[]> {
  using graph = new Graph();
  const inputs = columns.map(({ dtype, shape }, i) =>
    ops.placeholder(graph, dtype, shape?.map(() => -1) ?? [-1], `column_${i}`),
  );
  const fetches = build(inputs);
  const names = Object.keys(fetches) as Fetch[];
  const step = makeStep({ feeds: inputs, fetches: names.map((name) => fetches[name]) });
  const feeds = columns.map(({ dtype, values, shape }) => tensor(dtype, shape ?? [values.length], values));
  const session = Session.create(graph);
  try {
    const results = session.runSync(step, feeds);
    const numbers = results.map((result) => numbersOf(result));
    return Object.fromEntries(names.map((name, i) => [name, numbers[i] ?? []])) as Record<Fetch, number[]>;
  } finally {
    void session.close();
  }
}

function numbersOf(result: ReturnType<typeof tensor>): number[] {
  using owned = result;
  if (owned.dtype === 'int64') return Array.from(owned.data('int64'), Number);
  return owned.dtype === 'int32' ? [...owned.data('int32')] : [...owned.data('float32')];
}

/** Parses columns as a feature that has ids. */
export function parseIds(spec: FeatureSpec, ...columns: readonly TestColumn[]): ParsedIds {
  const seen = { isSingle: false, isWeighted: false };
  const result = runOn(columns, (inputs) => {
    const value = featureType(spec).parse(inputs, spec);
    if (value.kind !== 'sparse') throw new Error(`expected ids, received ${value.kind}`);
    const { ids, rows, weights, batchSize } = value;
    seen.isSingle = value.single === true;
    seen.isWeighted = weights !== null;
    return { ids, rows, weights: weights ?? ops.cast(ids, 'float32'), batchSize };
  });
  const perRow = (values: readonly number[]): number[][] =>
    Array.from({ length: result.batchSize[0] ?? 0 }, (_, row) =>
      values.filter((_value, i) => result.rows[i] === row),
    );
  return {
    ids: perRow(result.ids),
    weights: seen.isWeighted ? perRow(result.weights) : null,
    isSingle: seen.isSingle,
  };
}

/** Parses columns as a feature that is numbers: B rows of them, side by side. */
export function parseNumbers(spec: FeatureSpec, ...columns: readonly TestColumn[]): number[] {
  return runOn(columns, (inputs) => {
    const value = featureType(spec).parse(inputs, spec);
    if (value.kind !== 'dense') throw new Error(`expected numbers, received ${value.kind}`);
    return { values: value.values };
  }).values;
}
