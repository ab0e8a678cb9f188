import { locationOf } from '../config/message.js';
import { ConfigError } from '../errors.js';
import { addSaver, Session } from '../tf/index.js';
import { checkpointEmbeddings } from './checkpoint_embeddings.js';
import { resolveCheckpoint } from './checkpoint_files.js';
import { hashWhileReading } from './hash_while_reading.js';
import { runEvaluation } from './evaluator.js';
import { inputFiles, openReader } from './input_plan.js';
import type { ModelPlan } from './model_plan.js';
import { restoreVariables } from './restore_variables.js';
import { sessionConfig, threadsOfManySteps } from './session_config.js';
import { readGlobalStep } from './global_step.js';
import { buildEvaluationGraph } from './training_graph.js';

/** What an evaluation found, and in which checkpoint. */
export interface CheckpointEvaluation {
  /** Metrics, losses and `global_step`, by the names EasyRec gives them. */
  readonly values: Readonly<Record<string, number>>;
  /** The prefix of the checkpoint. */
  readonly checkpoint: string;
}

export interface EvaluateOptions {
  /** A prefix, or a folder whose latest checkpoint is taken. */
  readonly checkpointPath: string;
  readonly signal?: AbortSignal;
}

/**
 * Evaluates a checkpoint on the config's evaluation data.
 *
 * @throws ConfigError without evaluation data
 * @throws DataError for a checkpoint that is missing, damaged or of another model
 */
export async function evaluateCheckpoint(
  model: ModelPlan,
  { checkpointPath, signal }: EvaluateOptions,
): Promise<CheckpointEvaluation> {
  const plan = hashWhileReading(model);
  const { config } = plan;
  const input = inputFiles(config, 'eval');
  if (input.files === '') {
    throw new ConfigError('expected an eval_input_path, received none', { at: locationOf(config) });
  }
  const checkpoint = resolveCheckpoint(checkpointPath);
  const { graph, variables, evaluate } = buildEvaluationGraph(plan, checkpointEmbeddings(checkpoint));
  const saver = addSaver(graph, variables.all);
  const train = config.train_config;
  await using session = Session.create(graph, {
    config: { ...sessionConfig(train), ...threadsOfManySteps(train) },
  });
  await restoreVariables(session, saver, checkpoint);
  const reader = openReader(plan.input, { ...input, training: false });
  const limit = config.eval_config?.num_examples ?? 0;
  const evaluation = await runEvaluation({
    session,
    evaluate,
    reader,
    metrics: plan.createMetrics(),
    ...(limit > 0 && { maxBatches: Math.ceil(limit / plan.input.dataConfig.batch_size) }),
    ...(signal !== undefined && { signal }),
  });
  const step = await readGlobalStep(session, variables);
  return { values: { ...evaluation.values, global_step: step }, checkpoint };
}
