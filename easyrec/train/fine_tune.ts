import { addSaver, isAlike, type Session, type Variable } from '../tf/index.js';
import { readCheckpoint } from './checkpoint_contents.js';
import { resolveCheckpoint } from './checkpoint_files.js';
import type { TableCheckpoint } from './embedding_store/index.js';
import type { ModelPlan } from './model_plan.js';
import { restoreVariables } from './restore_variables.js';
import { GLOBAL_STEP } from './global_step.js';
import type { TrainingGraph } from './training_graph.js';

export interface FineTuneParts {
  readonly graph: TrainingGraph;
  /** Of the tables that are no variables; null where there are none. */
  readonly tables: TableCheckpoint | null;
  readonly plan: ModelPlan;
}

/**
 * Starts from the variables of another checkpoint, where `fine_tune_checkpoint` names one: those that it has under the
 * same name, shape and dtype; the number of steps is not among them.
 *
 * @throws DataError when there is no such checkpoint or it is damaged.
 */
export async function fineTune(session: Session, { graph, tables, plan }: FineTuneParts): Promise<void> {
  const path = plan.config.train_config?.fine_tune_checkpoint ?? '';
  if (path === '') return;
  const prefix = resolveCheckpoint(path);
  const { all } = graph.variables;
  const fitting = matching(prefix, all);
  const ofTables = tables?.fitting(prefix) ?? [];
  const taken = fitting.length + ofTables.length;
  const skipped = all.length + (tables?.tensors.length ?? 0) - taken;
  plan.log.info(`fine-tuning from ${prefix}: ${taken} variables taken over, ${skipped} start anew`);
  if (ofTables.length > 0) await tables?.restore(prefix, ofTables);
  if (fitting.length === 0) return;
  await restoreVariables(session, addSaver(graph.graph, fitting, 'fine_tune'), prefix);
}

function matching(prefix: string, variables: readonly Variable[]): readonly Variable[] {
  const entries = new Map(readCheckpoint(prefix).entries.map((entry) => [entry.name, entry]));
  return variables.filter((variable) => {
    const entry = entries.get(variable.name);
    return variable.name !== GLOBAL_STEP && entry !== undefined && isAlike(variable, entry);
  });
}
