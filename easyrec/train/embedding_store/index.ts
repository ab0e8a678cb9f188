import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { RowRule } from '../../optimizers/index.js';
import type { Graph } from '../../tf/index.js';
import type { ModelPlan } from '../model_plan.js';
import { EmbeddingStore, RuleError } from './embedding_store.js';
import { storeLibraryFile } from './library.js';
import { StoreEmbeddings } from './store_embeddings.js';

export { tableCheckpoint, type TableCheckpoint } from './checkpoint.js';
export type { EmbeddingStore, StoreTable, StoreTensor } from './embedding_store.js';
export type { StoreEmbeddings } from './store_embeddings.js';

/**
 * Embedding tables in a native store; null where training is to use standard ops: because the plan says so, the library
 * is not built, or the optimizer's rule has no native form.
 *
 * @throws NativeError when the library does not load.
 */
export function storeEmbeddings(
  plan: Pick<ModelPlan, 'plain' | 'config' | 'log'>,
  graph: Graph,
  rule: RowRule | null,
): StoreEmbeddings | null {
  if (plan.plain) return null;
  const standard = (why: string): null => {
    plan.log.info(`${why}: embeddings are trained with standard ops`);
    return null;
  };
  if (rule === null) return standard('the optimizer has no rule for single rows');
  if (!existsSync(storeLibraryFile())) return standard(`${storeLibraryFile()} is not built (easyrec setup)`);
  const configured = plan.config.train_config?.intra_op_parallelism_threads ?? 0;
  const threads = configured > 0 ? configured : availableParallelism();
  try {
    return new StoreEmbeddings(graph, new EmbeddingStore({ rule, threads }));
  } catch (error) {
    if (error instanceof RuleError) return standard(error.message);
    throw error;
  }
}
