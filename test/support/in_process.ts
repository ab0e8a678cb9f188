import { join } from 'node:path';
import { loadPipelineConfig } from '../../easyrec/config/load.js';
import type { Log } from '../../easyrec/log.js';
import type { Evaluation } from '../../easyrec/train/evaluator.js';
import { type ModelPlan, planModel } from '../../easyrec/train/model_plan.js';
import { train } from '../../easyrec/train/trainer.js';

export interface TrainingOptions {
  /** Below the folder. */
  readonly model: string;
  /** Default: no. */
  readonly plain?: boolean;
  /** Config values by path: `train_config.num_steps`. */
  readonly values?: Readonly<Record<string, string | number>>;
  /** Default: no. */
  readonly continueTrain?: boolean;
  /** Whether checkpoints are compact. Default: no. */
  readonly compact?: boolean;
}

/** What a training said of itself, in full precision. */
export interface TrainingCourse {
  /** The total loss of each step. */
  readonly losses: readonly number[];
  readonly evaluations: ReadonlyMap<number, Evaluation>;
  readonly messages: readonly string[];
}

/** The plan of a folder's pipeline.config, its data files taken from there. */
export function planIn(folder: string, options: TrainingOptions, log: Log): ModelPlan {
  const paths = { train_input_path: join(folder, 'train.csv'), eval_input_path: join(folder, 'eval.csv') };
  const config = loadPipelineConfig(join(folder, 'pipeline.config'), {
    edits: Object.entries(options.values ?? {}).map(([path, value]) => ({
      path,
      value: String(value),
      at: { file: 'the test' },
    })),
    trainInputPath: [paths.train_input_path],
    evalInputPath: [paths.eval_input_path],
    modelDir: join(folder, options.model),
  });
  return planModel(config, { log, plain: options.plain ?? false });
}

/** Trains in this process. */
export async function trainIn(folder: string, options: TrainingOptions): Promise<TrainingCourse> {
  const messages: string[] = [];
  const note = (message: string): void => void messages.push(message);
  const losses: number[] = [];
  const evaluations = new Map<number, Evaluation>();
  await train({
    plan: planIn(folder, options, { info: note, warn: note, debug: () => undefined }),
    continueTrain: options.continueTrain ?? false,
    compactCheckpoints: options.compact ?? false,
    onStep: (progress) => void losses.push(progress.losses['total_loss'] ?? NaN),
    onEvaluation: (step, evaluation) => void evaluations.set(step, evaluation),
  });
  return { losses, evaluations, messages };
}
