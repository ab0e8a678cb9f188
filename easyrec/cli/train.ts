import { join } from 'node:path';
import { exportCheckpoint } from '../export/export_checkpoint.js';
import type { StepProfile } from '../report/profile/step_profile.js';
import { Progress } from '../report/progress.js';
import { keepFreedMemory } from '../tf/freed_memory.js';
import { type Evaluation } from '../train/evaluator.js';
import { StepProfiler } from '../train/step_profiler.js';
import { modelDir, train as runTraining, type TrainResult } from '../train/trainer.js';
import { type CommandHelp, type Flags, parseArguments } from './args.js';
import type { Command, CommandContext } from './command.js';
import { evaluationText } from './evaluation_text.js';
import { METRIC_FLAGS, PIPELINE_FLAGS, planFromFlags } from './pipeline.js';
import { reportProfile } from './train_profile.js';

const HELP = {
  name: 'easyrec train',
  summary: 'Trains the model that a pipeline.config describes, evaluating and saving at intervals.',
  edits: true,
  flags: {
    ...PIPELINE_FLAGS,
    ...METRIC_FLAGS,
    continue_train: { type: 'boolean', help: 'go on from the latest checkpoint in model_dir' },
    train_input_path: { type: 'list', value: 'FILE', help: 'training data, instead of the config' },
    eval_input_path: { type: 'list', value: 'FILE', help: 'evaluation data, instead of the config' },
    fine_tune_checkpoint: {
      type: 'string',
      value: 'PATH',
      help: 'start from the variables of another checkpoint',
    },
    seed: { type: 'number', help: 'of initial values, order of rows and dropout; default: 2020' },
    regularize_components: {
      type: 'boolean',
      help: 'let model_params.l2_regularization act on the dense kernels of components too (EasyRec does not)',
    },
    compact_checkpoints: {
      type: 'boolean',
      help: 'save only rows of embedding tables that training has changed; only this toolkit reads such checkpoints',
    },
    plain: {
      type: 'boolean',
      help: 'train with standard TensorFlow ops alone, without native ones (also: EASYREC_PLAIN=1)',
    },
    profile: {
      type: 'optional',
      value: 'DIR',
      help: 'show where the time of steps goes, and write it to profile.json and trace.json; default DIR: profile in model_dir',
    },
    json: { type: 'boolean', help: 'print the result as one line of JSON' },
  },
} as const satisfies CommandHelp<Flags>;

/** `easyrec train`. */
export const train: Command = async (argv, context) => {
  const { flags, edits } = parseArguments(argv, HELP);
  const { log, stderr, signal } = context;
  keepFreedMemory();
  const plan = await planFromFlags(flags, {
    log,
    edits,
    trainInputPath: flags.train_input_path,
    evalInputPath: flags.eval_input_path,
    fineTuneCheckpoint: flags.fine_tune_checkpoint,
    seed: flags.seed,
    regularizeComponents: flags.regularize_components,
    plain: flags.plain,
    maxF1OnProbs: flags.max_f1_on_probs,
  });
  const { train_config: config } = plan.config;
  using progress = new Progress({
    stream: stderr,
    isTTY: stderr.isTTY,
    logStepCountSteps: Math.max(config?.log_step_count_steps ?? 1, 1),
    ...((config?.num_steps ?? 0) > 0 && { totalSteps: config?.num_steps ?? 0 }),
  });
  const profiler = flags.profile === undefined ? undefined : new StepProfiler();
  const result = await runTraining({
    plan,
    ...(profiler !== undefined && { profiler }),
    continueTrain: flags.continue_train ?? false,
    compactCheckpoints: flags.compact_checkpoints ?? false,
    onStep: (step) => progress.update(step),
    onEvaluation: (step, evaluation) => progress.print(evaluationText(step, evaluation)),
    signal,
  });
  progress.close();
  const profile = profiler?.result() ?? null;
  report(result, context, { json: flags.json ?? false, directory: modelDir(plan), profile });
  if (profiler !== undefined) {
    const directory = typeof flags.profile === 'string' ? flags.profile : join(modelDir(plan), 'profile');
    await reportProfile(profiler, context, { directory, json: flags.json ?? false });
  }
  if (result.end === 'stopped') signal.throwIfAborted();
  if ((plan.config.export_config?.exporter_type ?? 'final') === 'final') {
    const directory = modelDir(plan);
    const exportDir = join(directory, 'export', 'final');
    log.info(`exported ${await exportCheckpoint(plan, { log, exportDir, checkpointPath: directory })}`);
  }
  return 0;
};

interface ReportOptions {
  readonly json: boolean;
  readonly directory: string;
  readonly profile: StepProfile | null;
}

function report(
  result: TrainResult,
  { log, stdout }: CommandContext,
  { json, directory, profile }: ReportOptions,
): void {
  const { step, end, firstStepMs, steadyRows, steadySeconds, rowsSkipped, firstSkipped } = result;
  if (rowsSkipped > 0) log.warn(`${rowsSkipped} rows were left out:\n  ${firstSkipped.join('\n  ')}`);
  const rate = steadySeconds > 0 ? steadyRows / steadySeconds : 0;
  if (json) {
    const values: Evaluation['values'] = result.evaluation?.values ?? {};
    const line = {
      global_step: step,
      end,
      first_step_ms: firstStepMs,
      first_step_end_ms: result.firstStepEndMs,
      samples_per_second: rate,
      ...values,
      ...(profile !== null && { profile }),
    };
    stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  const why = { num_steps: 'num_steps reached', 'end of data': 'end of the data', stopped: 'stopped' }[end];
  const again = end === 'stopped' ? '; go on with --continue_train' : '';
  log.info(`${why} at step ${step}, ${Math.round(rate)} samples/s; checkpoints in ${directory}${again}`);
}
