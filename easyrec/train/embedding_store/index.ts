import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { RowRule } from '../../optimizers/index.js';
import type { Graph } from '../../tf/index.js';
import type { ModelPlan } from '../model_plan.js';
import { canCatchUp } from './can_catch_up.js';
import { EmbeddingStore } from './embedding_store.js';
import { storeLibraryFile } from './library.js';
import { StoreEmbeddings } from './store_embeddings.js';

export { TableCheckpoint } from './checkpoint.js';
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
  const problem = rule === null ? 'the optimizer has no form for single rows' : obstacle(rule);
  if (rule === null || problem !== null) {
    plan.log.info(`${problem ?? ''}: embeddings are trained with standard ops`);
    return null;
  }
  const configured = plan.config.train_config?.intra_op_parallelism_threads ?? 0;
  const threads = configured > 0 ? configured : availableParallelism();
  return new StoreEmbeddings(graph, new EmbeddingStore({ rule, threads }));
}

function obstacle(rule: RowRule): string | null {
  if (!existsSync(storeLibraryFile())) return `${storeLibraryFile()} is not built (easyrec setup)`;
  if (rule.kind === 'adam' && rule.everyStep && !canCatchUp(rule)) {
    return 'beta1 and beta2 let momentum last for too long';
  }
  return null;
}
