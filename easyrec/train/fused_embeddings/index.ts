import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { RowRule } from '../../optimizers/index.js';
import { packageFile } from '../../package_files.js';
import { loadOpLibrary, type Variables } from '../../tf/index.js';
import type { ModelPlan } from '../model_plan.js';
import { FusedEmbeddings } from './fused_embeddings.js';
import { canCatchUp } from './can_catch_up.js';

export type { FusedEmbeddings } from './fused_embeddings.js';
export type { RowUpkeep } from './row_upkeep.js';

const LIBRARY = 'ops/lib/libfused_embedding.so';

/**
 * Embedding tables on the native ops; null where training is to use standard ops: because the plan says so, the op
 * library is not built, or the optimizer's rule has no native form.
 *
 * @throws NativeError when the library does not load.
 */
export function fusedEmbeddings(
  plan: Pick<ModelPlan, 'plain' | 'config' | 'log'>,
  variables: Variables,
  rule: RowRule,
): FusedEmbeddings | null {
  if (plan.plain) return null;
  const library = join(packageFile('.'), LIBRARY);
  if (!existsSync(library)) {
    plan.log.info(`${library} is not built (scripts/setup): embeddings are trained with standard ops`);
    return null;
  }
  if (rule.kind === 'adam' && rule.everyStep && !canCatchUp(rule)) {
    plan.log.info('beta1 and beta2 let momentum last for too long: embeddings are trained with standard ops');
    return null;
  }
  loadOpLibrary(library);
  const configured = plan.config.train_config?.intra_op_parallelism_threads ?? 0;
  return new FusedEmbeddings(variables, rule, configured > 0 ? configured : availableParallelism());
}
