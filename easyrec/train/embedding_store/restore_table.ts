import { isDeepStrictEqual } from 'node:util';
import { DataError, NativeError } from '../../errors.js';
import { bundleEntry, damagedCheckpoint, shardFile, tensor } from '../../tf/index.js';
import type { CheckpointContents, CompactVariable } from '../checkpoint_contents.js';
import { type CompactTable, idsName, rowsName } from '../compact_table.js';
import { EmbeddingStore, type StoreTable, type StoreTensor } from './embedding_store.js';
import {
  type ListedRows,
  loadListedRows,
  loadRows,
  loadTable,
  ROW_NUMBERS,
  type StoredPart,
  type StoredRows,
} from './store_files.js';
import { touchedFile, type TouchedTable } from './touched_rows.js';

/** Bytes of a table that are copied at once. */
const COPIED_BYTES = 16 * 2 ** 20;

/** What to take over from a checkpoint into a table; it holds all of it in the right shape. */
export interface RestoreParts {
  readonly contents: CheckpointContents;
  /** Of this table, at least one; the others are at their start then. */
  readonly wanted: readonly StoreTensor[];
  /** Which rows of it are not at their start; null where that has to be found out. Default: null. */
  readonly touched?: TouchedTable | null;
}

/**
 * Sets a table to what a checkpoint holds; it must be at its start.
 *
 * @throws DataError when the checkpoint is damaged
 */
export async function restoreTable(
  store: EmbeddingStore,
  table: StoreTable,
  parts: RestoreParts,
): Promise<void> {
  const { contents, wanted } = parts;
  try {
    const compact = wanted.flatMap(({ name }) => contents.compact.get(name) ?? []);
    const [first] = compact;
    if (first === undefined) await loadWhole(store, table, parts);
    else if (beginsAlike(store, table, first.description))
      await loadRows(store, table, storedRows(parts, first));
    else await copyExpanded(store, table, { ...parts, compact: first });
  } catch (error) {
    if (!(error instanceof NativeError)) throw error;
    throw damagedCheckpoint(contents.prefix, error.message, { cause: error });
  }
}

async function loadWhole(store: EmbeddingStore, table: StoreTable, parts: RestoreParts): Promise<void> {
  const { touched = null } = parts;
  if (touched !== null && beginsAlike(store, table, touched.description)) {
    const listed = listedRows(parts, touched);
    if (listed !== null && (await loadListedRows(store, table, listed))) return;
  }
  await loadTable(store, table, storedParts(parts));
}

/** Null where the checkpoint has the table in slices, or in several files. */
function listedRows(
  { contents: { index, prefix }, wanted }: RestoreParts,
  { list, crcs }: TouchedTable,
): ListedRows | null {
  const tensors = wanted.flatMap(({ name, component }) => {
    const { slices } = bundleEntry(index, name, prefix);
    const [slice] = slices;
    const crc = crcs[name];
    if (slice === undefined || slices.length !== 1 || crc === undefined) return [];
    return [{ component, crc, shard: slice.span.shard, offset: slice.span.offset }];
  });
  const [first] = tensors;
  if (first === undefined || tensors.length !== wanted.length) return null;
  if (tensors.some(({ shard }) => shard !== first.shard)) return null;
  const file = shardFile(prefix, first.shard, index.shards);
  return { file, listFile: touchedFile(prefix), list, tensors };
}

function storedParts({ contents, wanted }: RestoreParts): {
  readonly files: readonly string[];
  readonly parts: readonly StoredPart[];
} {
  const { index, prefix } = contents;
  const files = Array.from({ length: index.shards }, (_, shard) => shardFile(prefix, shard, index.shards));
  const parts = wanted.flatMap(({ name, shape: [, width], component }) => {
    const slices = bundleEntry(index, name, prefix).slices.toSorted(
      (a, b) => (a.start[0] ?? 0) - (b.start[0] ?? 0),
    );
    return slices.map(({ start: [first = 0], shape: [rows = 0, columns], span }): StoredPart => {
      if (columns !== width) {
        throw new DataError(
          `checkpoint ${prefix}: "${name}": expected slices of ${width} columns, received ${columns}: a table that is ` +
            'partitioned by columns can only be read with --plain',
        );
      }
      return { component, first, rows, file: span.shard, offset: span.offset, crc: span.crc };
    });
  });
  const used = [...new Set(parts.map(({ file }) => file))];
  return {
    files: used.map((shard) => files[shard] ?? ''),
    parts: parts.map((part) => ({ ...part, file: used.indexOf(part.file) })),
  };
}

/** Whether rows that are not in the checkpoint are those that the table begins with. */
function beginsAlike(store: EmbeddingStore, table: StoreTable, description: CompactTable): boolean {
  const { rows, dim, initial, seed, slots } = description;
  return (
    isDeepStrictEqual([rows, dim, initial, seed], [table.rows, table.dim, table.initial, table.seed]) &&
    slots.every(({ initial: start }, i) => start === store.slots[i]?.initial)
  );
}

function storedRows({ contents, wanted }: RestoreParts, { table, name }: CompactVariable): StoredRows {
  const { index, prefix } = contents;
  const spanOf = (tensorName: string) => {
    const { slices, shape } = bundleEntry(index, tensorName, prefix);
    const [slice] = slices;
    if (slice === undefined || slices.length !== 1) throw damagedCheckpoint(prefix, `"${name}" is in slices`);
    return { rows: shape[0] ?? 0, ...slice.span };
  };
  const ids = spanOf(idsName(table));
  const columns = wanted.map((each) => ({ component: each.component, ...spanOf(rowsName(each.name)) }));
  if (columns.some(({ rows, shard }) => rows !== ids.rows || shard !== ids.shard)) {
    throw damagedCheckpoint(prefix, `the rows of "${table}" and their numbers differ in count`);
  }
  const file = shardFile(prefix, ids.shard, index.shards);
  return { file, rows: ids.rows, tensors: [{ component: ROW_NUMBERS, ...ids }, ...columns] };
}

/** Makes the table that the checkpoint describes, whole, and copies it. */
async function copyExpanded(
  store: EmbeddingStore,
  table: StoreTable,
  { compact, ...parts }: RestoreParts & { readonly compact: CompactVariable },
): Promise<void> {
  const { initial, seed, slots } = compact.description;
  const { rule, ...options } = store.options;
  const began = rule.slots.map((slot, i) => ({ ...slot, initial: slots[i]?.initial ?? slot.initial }));
  using source = new EmbeddingStore({ ...options, rule: { ...rule, slots: began } });
  const made = source.addTable({ ...table, initial, seed });
  await loadRows(source, made, storedRows(parts, compact));
  const width = parts.wanted.reduce((sum, { shape }) => sum + shape[1], 0);
  const chunk = Math.max(1, Math.floor(COPIED_BYTES / (4 * width)));
  for (let first = 0; first < table.rows; first += chunk) {
    const rows = Math.min(chunk, table.rows - first);
    const components = Array.from({ length: 1 + store.slots.length }, (_, i) => {
      const found = parts.wanted.find(({ component }) => component === i);
      return found === undefined
        ? null
        : tensor('float32', [rows, found.shape[1]], new Float32Array(rows * found.shape[1]));
    });
    for (const [i, target] of components.entries()) {
      const found = parts.wanted.find(({ component }) => component === i);
      if (target !== null && found !== undefined) await source.read({ ...found, table: made }, first, target);
    }
    await store.write(table, components, first);
    for (const component of components) component?.dispose();
  }
}
