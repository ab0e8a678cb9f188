import { rowsName, idsName } from '../compact_table.js';
import type { EmbeddingStore } from './embedding_store.js';
import { keyedTensors, mostRows } from './keyed_tensors.js';
import { type PlacedTensor, ROW_NUMBERS } from './store_files.js';

/** A tensor of a checkpoint in a file that a store writes. */
export interface LaidOutTensor extends PlacedTensor {
  readonly name: string;
  readonly dtype: 'float32' | 'int64';
  /** Elements of a row. */
  readonly width: number;
  /** Whether it has one dimension alone. */
  readonly isVector: boolean;
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
  const numbered = store.tables.filter(({ keys }) => keys === undefined);
  const tensors = numbered.flatMap((table): LaidOutTensor[] => {
    const rows = compact ? store.statsOf(table).rows : table.rows;
    const ids = (): LaidOutTensor => {
      const name = idsName(table.name);
      const offset = place(8 * rows);
      return { name, dtype: 'int64', table, component: ROW_NUMBERS, width: 1, isVector: true, offset };
    };
    const components = store.tensorsOf(table).map(({ name, shape: [, width], component }): LaidOutTensor => ({
      name: compact ? rowsName(name) : name,
      dtype: 'float32',
      table,
      component,
      width,
      isVector: false,
      offset: place(4 * rows * width),
    }));
    return compact ? [ids(), ...components] : components;
  });
  const keyed = keyedTensors(store).map((tensor): LaidOutTensor => {
    const { name, dtype, table, component, width } = tensor;
    const bytes = (dtype === 'int64' ? 8 : 4) * (width ?? 1) * mostRows(store, tensor);
    return {
      ...{ name, dtype, table, component, width: width ?? 1 },
      isVector: width === null,
      offset: place(bytes),
    };
  });
  return { tensors: [...tensors, ...keyed], end };
}

/** The shape of a tensor of which so many rows were written. */
export function shapeOf({ isVector, width }: LaidOutTensor, rows: number): readonly number[] {
  return isVector ? [rows] : [rows, width];
}
