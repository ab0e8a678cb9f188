import { NativeError } from '../../errors.js';
import { bundleEntry, damagedCheckpoint, shardFile } from '../../tf/index.js';
import type { CheckpointContents } from '../checkpoint_contents.js';
import type { EmbeddingStore, StoreTable } from './embedding_store.js';
import type { KeyedTensor } from './keyed_tensors.js';
import { loadRows, type StoredRows } from './store_files.js';

/** What to take over from a checkpoint into a table with a row for each key; it holds all of it in the right shape. */
export interface RestoreKeyedParts {
  readonly contents: CheckpointContents;
  /** Of this table, keys among them. */
  readonly wanted: readonly KeyedTensor[];
}

/**
 * Sets a table with a row for each key to what a checkpoint holds; it must have none.
 *
 * @throws DataError when the checkpoint is damaged
 */
export async function restoreKeyedTable(
  store: EmbeddingStore,
  table: StoreTable,
  { contents, wanted }: RestoreKeyedParts,
): Promise<void> {
  try {
    for (const keys of new Set(wanted.map((tensor) => tensor.keys))) {
      const tensors = wanted.filter((tensor) => tensor.keys === keys);
      const rows = storedRows(contents, tensors);
      if (rows.rows > 0) await loadRows(store, table, rows);
    }
  } catch (error) {
    if (!(error instanceof NativeError)) throw error;
    throw damagedCheckpoint(contents.prefix, error.message, { cause: error });
  }
}

function storedRows({ index, prefix }: CheckpointContents, tensors: readonly KeyedTensor[]): StoredRows {
  const spans = tensors.map(({ name, component }) => {
    const { slices, shape } = bundleEntry(index, name, prefix);
    const [slice] = slices;
    if (slice === undefined || slices.length !== 1) throw damagedCheckpoint(prefix, `"${name}" is in slices`);
    return { component, rows: shape[0] ?? 0, ...slice.span };
  });
  const [first] = spans;
  if (first === undefined) throw new Error('expected at least one tensor');
  if (spans.some(({ shard }) => shard !== first.shard)) {
    throw damagedCheckpoint(prefix, `the tensors of "${tensors[0]?.table.name ?? ''}" are in several files`);
  }
  return { file: shardFile(prefix, first.shard, index.shards), rows: first.rows, tensors: spans };
}
