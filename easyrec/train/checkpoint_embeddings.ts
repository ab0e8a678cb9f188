import { type EmbeddingEngine, plainEmbeddings } from '../layers/embedding_engine.js';
import { keysName } from '../layers/keyed_table.js';
import { bundleEntry, readBundleIndex } from '../tf/index.js';

/**
 * Embedding tables by standard ops, as a checkpoint has them: of tables with a row for each key, it says how many there
 * are.
 *
 * @throws DataError (when a table is made) when there is no such checkpoint or it lacks the table
 */
export function checkpointEmbeddings(prefix: string): EmbeddingEngine {
  return plainEmbeddings(
    (table) => bundleEntry(readBundleIndex(prefix), keysName(table), prefix).shape[0] ?? 0,
  );
}
