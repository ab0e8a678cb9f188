import { keysName, valuesName } from '../../layers/keyed_table.js';
import type { EmbeddingStore, StoreTable } from './embedding_store.js';
import { ROW_NUMBERS } from './store_files.js';

/** Components of a table with a row for each key, as ops/embedding_store/checkpoint.h numbers them. */
const COUNTS = -2;
const STEPS = -3;
const COUNTED_KEYS = -4;
const COUNTED_COUNTS = -5;
const COUNTED_STEPS = -6;

/**
 * A tensor of a checkpoint with what is known of a table that has a row for each key: how many there are depends on what
 * was seen.
 */
export interface KeyedTensor {
  readonly name: string;
  readonly dtype: 'float32' | 'int64';
  readonly table: StoreTable;
  readonly component: number;
  /** Elements of a row; null where the tensor has one dimension alone. */
  readonly width: number | null;
  /** The tensor of keys that it belongs to: of keys that have a row, or of keys that were seen too seldom. */
  readonly keys: string;
}

/** All of a store, named as DeepRec names them. */
export function keyedTensors(store: EmbeddingStore): readonly KeyedTensor[] {
  return store.tables.filter(({ keys }) => keys !== undefined).flatMap((table) => tensorsOf(store, table));
}

function tensorsOf(store: EmbeddingStore, table: StoreTable): readonly KeyedTensor[] {
  const keys = keysName(table.name);
  const counted = `${keys}_filtered`;
  const numbers = (suffix: string, component: number, of: string): KeyedTensor => ({
    name: `${table.name}-${suffix}`,
    dtype: 'int64',
    table,
    component,
    width: null,
    keys: of,
  });
  const values = store.tensorsOf(table).map(({ name, shape: [, width], component }): KeyedTensor => ({
    name: valuesName(name),
    dtype: 'float32',
    table,
    component,
    width,
    keys,
  }));
  return [
    numbers('keys', ROW_NUMBERS, keys),
    ...values,
    numbers('freqs', COUNTS, keys),
    numbers('versions', STEPS, keys),
    numbers('keys_filtered', COUNTED_KEYS, counted),
    numbers('freqs_filtered', COUNTED_COUNTS, counted),
    numbers('versions_filtered', COUNTED_STEPS, counted),
  ];
}

/** How many rows a store has for a tensor, at most: keys that have outlived their time are not written. */
export function mostRows(store: EmbeddingStore, { table, component }: KeyedTensor): number {
  const { rows, counted } = store.statsOf(table);
  // With the row of keys that are not there.
  return component <= COUNTED_KEYS ? counted : rows + 1;
}

/** The shape of such a tensor with so many rows. */
export function keyedShape({ width }: KeyedTensor, rows: number): readonly number[] {
  return width === null ? [rows] : [rows, width];
}
