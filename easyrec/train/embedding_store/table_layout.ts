import { rowsName, idsName } from '../compact_table.js';
import type { EmbeddingStore } from './embedding_store.js';
import { type PlacedTensor, ROW_NUMBERS } from './store_files.js';

/** A tensor of a checkpoint in a file that a store writes. */
export interface LaidOutTensor extends PlacedTensor {
  readonly name: string;
  readonly dtype: 'float32' | 'int64';
  /** Elements of a row; a tensor of row numbers has one dimension alone. */
  readonly width: number;
}

/** What is where in a file. */
export interface TableLayout {
  readonly tensors: readonly LaidOutTensor[];
  /** Where there is room behind them, in bytes. */
  readonly end: number;
}

/** Tensors begin at pages, so that those which are 0 take no room on the disk. */
const PAGE_BYTES = 4096;

/**
 * Lays out all tensors of a store as variables have them, or as many rows of them as are in memory.
 *
 * @param begin what is in the file already, in bytes
 */
export function layOut(store: EmbeddingStore, begin: number, compact: boolean): TableLayout {
  let end = begin;
  const place = (bytes: number): number => {
    const offset = Math.ceil(end / PAGE_BYTES) * PAGE_BYTES;
    end = offset + bytes;
    return offset;
  };
  const tensors = store.tables.flatMap((table): LaidOutTensor[] => {
    const rows = compact ? store.statsOf(table).rows : table.rows;
    const ids = (): LaidOutTensor => {
      const name = idsName(table.name);
      return { name, dtype: 'int64', table, component: ROW_NUMBERS, width: 1, offset: place(8 * rows) };
    };
    const components = store.tensorsOf(table).map(({ name, shape: [, width], component }): LaidOutTensor => ({
      name: compact ? rowsName(name) : name,
      dtype: 'float32',
      table,
      component,
      width,
      offset: place(4 * rows * width),
    }));
    return compact ? [ids(), ...components] : components;
  });
  return { tensors, end };
}

/** The shape of a tensor of which so many rows were written. */
export function shapeOf({ component, width }: LaidOutTensor, rows: number): readonly number[] {
  return component === ROW_NUMBERS ? [rows] : [rows, width];
}
