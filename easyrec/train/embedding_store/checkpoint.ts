import { open, stat, writeFile } from 'node:fs/promises';
import { UserError } from '../../errors.js';
import { keysName, valuesName } from '../../layers/keyed_table.js';
import type { CheckpointEntry, CheckpointPart, WholeEntry } from '../../tf/index.js';
import {
  checkFits,
  encodeBundleIndex,
  encodeStrings,
  isAlike,
  readBundleIndex,
  shardFile,
} from '../../tf/index.js';
import { type CheckpointContents, readCheckpoint } from '../checkpoint_contents.js';
import { type CompactTable, descriptionName, printCompactTable } from '../compact_table.js';
import type { EmbeddingStore, StoreTable, StoreTensor } from './embedding_store.js';
import { keyedShape, type KeyedTensor, keyedTensors } from './keyed_tensors.js';
import { restoreKeyedTable } from './restore_keyed_table.js';
import { restoreTable } from './restore_table.js';
import { type EarlierSave, saveTables, type Written } from './store_files.js';
import { layOut, shapeOf, type TableLayout } from './table_layout.js';
import { completeTouchedRows, readTouchedRows, touchedFile, type TouchedTable } from './touched_rows.js';

/** A tensor of a table, of either kind. */
export type TableTensor = StoreTensor | KeyedTensor;

export interface TableCheckpointOptions {
  /** Whether checkpoints hold only rows that are not at their start. Default: false. */
  readonly compact?: boolean;
}

/** The tables of a store in checkpoints, as if they were variables, or compact. */
export class TableCheckpoint implements CheckpointPart {
  readonly #store: EmbeddingStore;
  readonly #compact: boolean;
  #earlier: EarlierSave | null = null;

  constructor(store: EmbeddingStore, { compact = false }: TableCheckpointOptions = {}) {
    this.#store = store;
    this.#compact = compact;
  }

  /**
   * Takes all rows as they are, up to date, and begins to add them to a checkpoint that holds the other variables; one
   * at a time. Training may go on meanwhile: a row that is about to change is copied first.
   */
  async begin(prefix: string, target: string): Promise<() => Promise<void>> {
    const { shards } = readBundleIndex(prefix);
    const shard = shards - 1;
    const file = shardFile(prefix, shard, shards);
    const { size } = await stat(file);
    const [compact, earlier] = [this.#compact, this.#earlier];
    const layout = layOut(this.#store, size, compact);
    const isListed = !compact && this.#store.tables.some(({ keys }) => keys === undefined);
    const lists = isListed ? touchedFile(prefix) : null;
    const saved = await saveTables(this.#store, { file, tensors: layout.tensors, compact, earlier, lists });
    return async () => {
      const written = await saved();
      await this.#merge(prefix, layout, written);
      if (lists !== null) await completeTouchedRows(prefix, this.#touched(layout, written));
      if (!compact) this.#earlier = this.#saved(shardFile(target, shard, shards), layout, written);
    };
  }

  /** All that a checkpoint of this store holds. */
  get tensors(): readonly TableTensor[] {
    return [...this.#store.tensors, ...keyedTensors(this.#store)];
  }

  /** Those that a checkpoint has under the same name, shape and dtype. */
  fitting(prefix: string): readonly TableTensor[] {
    const entries = new Map(readCheckpoint(prefix).entries.map((entry) => [entry.name, entry]));
    const fits = (tensor: TableTensor): boolean => {
      const entry = entries.get(tensor.name);
      return entry !== undefined && isAlike(entryOf(tensor, entries), entry);
    };
    const fitting = new Set(this.tensors.filter(fits));
    const names = new Set([...fitting].map(({ name }) => name));
    // Rows are of use with their keys and weights alone.
    return [...fitting].filter(
      (tensor) =>
        !('keys' in tensor) ||
        (names.has(tensor.keys) &&
          (tensor.keys !== keysName(tensor.table.name) || names.has(valuesName(tensor.table.name)))),
    );
  }

  /**
   * Sets all tables to what a checkpoint holds, ordinary or compact.
   *
   * @param tensors what to take over, the others are at their start then; default: all
   * @throws DataError when it is damaged, lacks one or has it in another shape or dtype; each such tensor is named
   */
  async restore(prefix: string, tensors = this.tensors): Promise<void> {
    const contents = readCheckpoint(prefix);
    const known = await readTouchedRows(prefix);
    const entries = new Map(contents.entries.map((entry) => [entry.name, entry]));
    const expected = tensors.map((tensor) => entryOf(tensor, entries));
    checkFits(prefix, expected, contents.entries);
    this.#store.reset();
    this.#earlier = null;
    for (const table of this.#store.tables) {
      const ofTable = tensors.filter((tensor) => tensor.table.name === table.name);
      const wanted = ofTable.flatMap((tensor) => ('keys' in tensor ? [] : [tensor]));
      const keyed = ofTable.flatMap((tensor) => ('keys' in tensor ? [tensor] : []));
      const touched = known?.[table.name] ?? null;
      if (wanted.length > 0) await restoreTable(this.#store, table, { contents, wanted, touched });
      if (keyed.length > 0) await restoreKeyedTable(this.#store, table, { contents, wanted: keyed });
    }
    this.#earlier = weightsIn(contents, this.#store.tables, new Set(tensors.map(({ name }) => name)));
  }

  /** Puts what was written into the index of the checkpoint. */
  async #merge(prefix: string, layout: TableLayout, written: Written): Promise<void> {
    const { shards, entries } = readBundleIndex(prefix);
    const shard = shards - 1;
    const variables = [...entries.values()].flatMap(({ name, dtype, shape, slices }) =>
      slices.map(({ span }): WholeEntry => ({ name, dtype, shape, ...span })),
    );
    const tables = layout.tensors.map((tensor, i): WholeEntry => {
      const { crc = 0, rows = 0 } = written.tensors[i] ?? {};
      const { name, dtype, offset, width } = tensor;
      const size = rows * width * (dtype === 'int64' ? 8 : 4);
      return { name, dtype, shape: shapeOf(tensor, rows), shard, offset, size, crc };
    });
    const file = shardFile(prefix, shard, shards);
    const described = this.#compact ? await this.#describe(file, layout.end) : [];
    const descriptions = described.map((entry): WholeEntry => ({ ...entry, shard }));
    const index = encodeBundleIndex(shards, [...variables, ...tables, ...descriptions]);
    await writeFile(`${prefix}.index`, index);
  }

  /** Appends what each table is to a file. */
  async #describe(file: string, end: number): Promise<readonly Omit<WholeEntry, 'shard'>[]> {
    const handle = await open(file, 'r+');
    try {
      let offset = end;
      const entries: Omit<WholeEntry, 'shard'>[] = [];
      for (const table of this.#store.tables) {
        if (table.keys !== undefined) continue;
        const { bytes, crc } = encodeStrings([printCompactTable(this.#description(table))]);
        await handle.write(bytes, 0, bytes.length, offset);
        const name = descriptionName(table.name);
        entries.push({ name, dtype: 'string', shape: [], offset, size: bytes.length, crc });
        offset += bytes.length;
      }
      return entries;
    } finally {
      await handle.close();
    }
  }

  #description(table: StoreTable): CompactTable {
    const { rows, dim, initial, seed } = table;
    const slots = this.#store.tensorsOf(table).length > 1 ? this.#store.slots : [];
    return { rows, dim, initial, seed, slots };
  }

  /** Which rows of tables a save has found not to be at their start. */
  #touched({ tensors }: TableLayout, written: Written): Record<string, TouchedTable> {
    const tables = this.#store.tables.flatMap((table): [string, TouchedTable][] => {
      const list = written.lists.get(table.name);
      if (list === undefined) return [];
      const crcs = tensors.flatMap((tensor, i): [string, number][] =>
        tensor.table === table ? [[tensor.name, written.tensors[i]?.listedCrc ?? 0]] : [],
      );
      const description = this.#description(table);
      return [[table.name, { description, list, crcs: Object.fromEntries(crcs) }]];
    });
    return Object.fromEntries(tables);
  }

  #saved(file: string, layout: TableLayout, written: Written): EarlierSave {
    const weights = this.#store.tables.map((table) => {
      const i = layout.tensors.findIndex((tensor) => tensor.table === table && tensor.component === 0);
      const [place, result] = [layout.tensors[i], written.tensors[i]];
      return place && result && table.keys === undefined ? { offset: place.offset, crc: result.crc } : null;
    });
    return { file, weights };
  }
}

/**
 * What takes the tables of a store to checkpoints; null where there is no store.
 *
 * @param compact whether checkpoints hold only rows that are not at their start
 * @throws UserError when they are to be compact without a store
 */
export function tableCheckpoint(store: EmbeddingStore | null, compact: boolean): TableCheckpoint | null {
  if (store !== null) return new TableCheckpoint(store, { compact });
  if (!compact) return null;
  throw new UserError(
    '--compact_checkpoints: expected embedding tables in the native store, but they are trained with standard ops; ' +
      'leave it out',
  );
}

/** Where a checkpoint has the weights of tables that were restored from it: rows not in memory are as they are there. */
function weightsIn(
  { index, prefix, compact }: CheckpointContents,
  tables: readonly StoreTable[],
  restored: ReadonlySet<string>,
): EarlierSave | null {
  const spans = tables.map(({ name, keys }) => {
    const [slice, ...others] = index.entries.get(name)?.slices ?? [];
    const isThere = keys === undefined && restored.has(name) && !compact.has(name) && others.length === 0;
    return isThere && slice !== undefined ? slice.span : null;
  });
  const shard = spans.find((span) => span !== null)?.shard;
  if (shard === undefined) return null;
  return {
    file: shardFile(prefix, shard, index.shards),
    weights: spans.map((span) => (span?.shard === shard ? span : null)),
  };
}

/** What a checkpoint is to have; of a table with a row for each key, as many rows as it has keys. */
function entryOf(tensor: TableTensor, entries: ReadonlyMap<string, CheckpointEntry>): CheckpointEntry {
  const { name } = tensor;
  if (!('keys' in tensor)) return { name, dtype: 'float32', shape: tensor.shape };
  const rows = entries.get(tensor.keys)?.shape[0] ?? 1;
  return { name, dtype: tensor.dtype, shape: keyedShape(tensor, rows) };
}
