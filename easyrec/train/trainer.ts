import { locationOf } from '../config/message.js';
import { printConfig } from '../config/load.js';
import { ConfigError, DataError } from '../errors.js';
import type { BatchReader } from '../input/reader.js';
import { auc } from '../metrics/index.js';
import type { StepProgress } from '../report/progress.js';
import type { Saver, Tensor } from '../tf/index.js';
import { addSaver, makeStep, scalar, Session } from '../tf/index.js';
import { BackgroundSave } from './background_save.js';
import { tableCheckpoint, type TableCheckpoint } from './embedding_store/index.js';
import { runEvaluation, readResults, type Evaluation } from './evaluator.js';
import { fineTune } from './fine_tune.js';
import { checkEvaluationFiles, inputFiles } from './input_plan.js';
import { hashWhileReading } from './hash_while_reading.js';
import { CheckpointClock } from './intervals.js';
import type { ModelPlan } from './model_plan.js';
import { ModelDirectory, type ResumePoint } from './model_directory.js';
import { type Learning, learningOf, learningRateTensor } from './optimizer_config.js';
import { type PreparedBatch, prepareBatch } from './prepared_batch.js';
import { restoreVariables } from './restore_variables.js';
import { runStep } from './run_step.js';
import { sessionConfig } from './session_config.js';
import type { StepProfiler } from './step_profiler.js';
import { closing, evaluationReader, trainReader } from './training_data.js';
import { TrainingEvents } from './training_events.js';
import { readGlobalStep } from './global_step.js';
import { buildTrainingGraph, type TrainingGraph } from './training_graph.js';

export interface TrainSettings {
  readonly plan: ModelPlan;
  /** Whether to go on from the latest checkpoint in model_dir. Default: false. */
  readonly continueTrain?: boolean;
  /** Told after each step. */
  readonly onStep?: (progress: StepProgress) => void;
  /** Told after each evaluation. */
  readonly onEvaluation?: (step: number, evaluation: Evaluation) => void;
  /** Whether checkpoints hold only those rows of embedding tables that are not at their start. Default: false. */
  readonly compactCheckpoints?: boolean;
  /** Aborting ends training after the step that runs, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** Told where each step's time goes. */
  readonly profiler?: StepProfiler;
}

/** How a training went. */
export interface TrainResult {
  /** Steps done, those of earlier runs included. */
  readonly step: number;
  readonly end: 'num_steps' | 'end of data' | 'stopped';
  /** The last evaluation; null without evaluation data. */
  readonly evaluation: Evaluation | null;
  /** Rows that did not fit their description and were left out. */
  readonly rowsSkipped: number;
  readonly firstSkipped: readonly string[];
  /** Milliseconds from the start of the process to the start of the first step; null when there was none. */
  readonly firstStepMs: number | null;
  /** The same to the end of the first step. */
  readonly firstStepEndMs: number | null;
  /** Seconds and rows of all steps but the first, whose time goes into start-up; checkpoints and evaluations not counted. */
  readonly steadySeconds: number;
  readonly steadyRows: number;
}

const MIN_EVALUATION_GAP_MS = 10_000;

/** Trains a model as its config says: steps, checkpoints, evaluations, event files. */
export async function train(options: TrainSettings): Promise<TrainResult> {
  const plan = hashWhileReading(options.plan);
  const settings = { ...options, plan };
  const trainConfig = plan.config.train_config;
  if (trainConfig === null) {
    throw new ConfigError('expected a train_config, received none', { at: locationOf(plan.config) });
  }
  if (trainConfig.num_steps === 0 && plan.input.dataConfig.num_epochs === 0) {
    throw new ConfigError(
      'expected train_config.num_steps or data_config.num_epochs above 0: training has no end',
      {
        at: locationOf(trainConfig),
      },
    );
  }
  const learning = learningOf(trainConfig, plan.log);
  const directory = new ModelDirectory(modelDir(plan), plan.log);
  const resume = await directory.open(settings.continueTrain ?? false);
  checkEvaluationFiles(plan.config);
  // Reading begins while the graph is built.
  await using reader = closing(trainReader(plan, resume));
  const run = new TrainingRun({ settings, learning, directory, resume, reader: reader.value });
  return await run.run();
}

/** The folder that a config trains into. */
export function modelDir({ config }: ModelPlan): string {
  if (config.model_dir !== '') return config.model_dir;
  throw new ConfigError('expected a model_dir, received none; give --model_dir', { at: locationOf(config) });
}

interface RunParts {
  readonly settings: TrainSettings;
  readonly learning: Learning;
  readonly directory: ModelDirectory;
  readonly resume: ResumePoint | undefined;
  readonly reader: BatchReader;
}

/** A step that is done, of which nobody knows yet. */
interface UntoldStep extends Omit<StepProgress, 'auc' | 'losses' | 'fraction'> {
  readonly labels: Float32Array;
  readonly results: readonly Tensor[];
}

/** One run of training: its graph, session and state. */
class TrainingRun {
  readonly #parts: RunParts;
  readonly #plan: ModelPlan;
  readonly #config: NonNullable<ModelPlan['config']['train_config']>;
  readonly #graph: TrainingGraph;
  readonly #saver: Saver;
  readonly #tables: TableCheckpoint | null;
  readonly #saving: BackgroundSave;
  readonly #session: Session;
  readonly #events: TrainingEvents;
  readonly #trainAuc = auc({ numThresholds: 200 });
  #step = 0;
  #position = 0;
  #untold: UntoldStep | null = null;
  #evaluation: Evaluation | null = null;
  #lastEvaluationMs = -Infinity;
  #firstStepMs: number | null = null;
  #firstStepEndMs: number | null = null;
  #steady = { ms: 0, rows: 0 };

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#plan = parts.settings.plan;
    const config = this.#plan.config.train_config;
    if (config === null) throw new Error('no train_config');
    this.#config = config;
    this.#graph = buildTrainingGraph(this.#plan, parts.learning.optimizer);
    this.#saver = addSaver(this.#graph.graph, this.#graph.variables.all);
    this.#tables = tableCheckpoint(this.#graph.store, parts.settings.compactCheckpoints ?? false);
    this.#session = Session.create(this.#graph.graph, { config: sessionConfig(config) });
    this.#saving = new BackgroundSave({
      session: this.#session,
      saver: this.#saver,
      tables: this.#tables,
      directory: parts.directory,
      keep: config.keep_checkpoint_max,
      log: this.#plan.log,
    });
    this.#events = new TrainingEvents(parts.directory.path);
  }

  async run(): Promise<TrainResult> {
    try {
      // Nothing is written before there is data to train on.
      const first = await this.#prepare();
      await this.#start();
      const end = await this.#loop(first);
      this.#tell();
      await this.#finish(end);
      await this.#saving.end();
      const { rowsSkipped, firstSkipped } = this.#parts.reader.stats;
      return {
        step: this.#step,
        end,
        evaluation: this.#evaluation,
        rowsSkipped,
        firstSkipped,
        firstStepMs: this.#firstStepMs,
        firstStepEndMs: this.#firstStepEndMs,
        steadySeconds: this.#steady.ms / 1000,
        steadyRows: this.#steady.rows,
      };
    } finally {
      await this.#saving.close();
      await this.#session.close();
      this.#graph.graph.dispose();
      this.#graph.store?.dispose();
      this.#events.close();
    }
  }

  async #start(): Promise<void> {
    const { directory, resume } = this.#parts;
    if (resume === undefined) {
      await this.#session.run(makeStep({ targets: this.#graph.initialize }));
      await fineTune(this.#session, { graph: this.#graph, tables: this.#tables, plan: this.#plan });
    } else {
      await restoreVariables(this.#session, this.#saver, resume.checkpoint.prefix);
      this.#step = await readGlobalStep(this.#session, this.#graph.variables);
      this.#graph.store?.setStep(this.#step);
      await this.#tables?.restore(resume.checkpoint.prefix);
      this.#saving.step = this.#step;
      this.#position = resume.input.finished ? 0 : resume.input.position;
      this.#plan.log.info(`going on from ${resume.checkpoint.prefix}, step ${this.#step}`);
    }
    directory.create();
    if (resume === undefined) await directory.writeConfig(printConfig(this.#plan.config));
    if (this.#config.write_graph) this.#events.graph(this.#graph.graph.toGraphDefBytes());
  }

  async #loop(first: PreparedBatch | null): Promise<TrainResult['end']> {
    const numSteps = this.#config.num_steps > 0 ? this.#config.num_steps : Infinity;
    const { save_checkpoints_steps: everySteps, save_checkpoints_secs: everySeconds } = this.#config;
    const clock = new CheckpointClock(everySteps, everySeconds, {
      step: this.#step,
      nowMs: performance.now(),
    });
    const { signal, profiler } = this.#parts.settings;
    if (this.#step >= numSteps) return 'num_steps';
    let next = first;
    if (this.#saving.step < 0 && next !== null) await this.#save(false);
    while (next !== null) {
      this.#saving.check();
      const current: PreparedBatch = next;
      const startMs = performance.now();
      this.#firstStepMs ??= startMs;
      profiler?.begin(this.#step + 1);
      // The next batch is read and copied while this one computes.
      const [, following] = await Promise.all([this.#train(current), this.#prepare()]);
      next = following;
      profiler?.part('waiting for data');
      profiler?.end();
      if (startMs !== this.#firstStepMs) {
        this.#steady.ms += performance.now() - startMs;
        this.#steady.rows += current.rows;
      }
      if (signal?.aborted === true) return 'stopped';
      if (this.#step >= numSteps) return 'num_steps';
      if (next !== null && clock.isDue(this.#step, performance.now())) {
        this.#tell();
        await this.#save(false);
        clock.saved(this.#step, performance.now());
        await this.#evaluate(false);
      }
    }
    return 'end of data';
  }

  #prepare(): Promise<PreparedBatch | null> {
    const { reader, settings } = this.#parts;
    return prepareBatch(reader, this.#graph.train, settings.profiler);
  }

  /** Runs a step; while it computes, what the one before came to is told. */
  async #train({ feeds, rows, labels }: PreparedBatch): Promise<void> {
    const { learning } = this.#parts;
    const learningRate = learning.learningRate(this.#step);
    const tensors = [...feeds, learningRateTensor(learning, this.#step), scalar('int64', this.#step)];
    const where = `training step ${this.#step + 1}`;
    const { profiler } = this.#parts.settings;
    const runSettings = profiler?.runSettings() ?? {};
    const running = runStep(this.#session, this.#graph.train.step, tensors, where, runSettings);
    let results: Tensor[];
    try {
      this.#tell();
    } finally {
      // Also where telling fails: nothing may be freed that the step still reads.
      results = await running.finally(() => tensors.forEach((tensor) => tensor.dispose()));
    }
    this.#firstStepEndMs ??= performance.now();
    profiler?.part('running');
    this.#step++;
    this.#position += rows;
    this.#untold = { step: this.#step, samples: rows, learningRate, labels, results };
  }

  /** Counts and reports what the last step came to, if that has not been done: before anything is saved or ends. */
  #tell(): void {
    const untold = this.#untold;
    this.#untold = null;
    if (untold === null) return;
    const startMs = performance.now();
    const { labels, results, ...progress } = untold;
    const { lossKeys } = this.#graph.train;
    const { losses, probs } = readResults(results, lossKeys.length);
    this.#trainAuc.update({ labels, probs });
    for (const tensor of results) tensor.dispose();
    const named = Object.fromEntries(lossKeys.map((key, i) => [key, losses[i] ?? NaN]));
    this.#checkLoss(named['total_loss'] ?? NaN, progress.step);
    this.#report({ ...progress, losses: named });
    this.#parts.settings.profiler?.beside('metrics and reporting', startMs);
  }

  #checkLoss(total: number, step: number): void {
    if (Number.isFinite(total)) return;
    throw new DataError(
      `the loss is ${total} at step ${step}: training cannot go on; try a smaller learning rate, and look for ` +
        `extreme values in the data (the last checkpoint is of step ${Math.max(this.#saving.step, 0)})`,
    );
  }

  #report(progress: Omit<StepProgress, 'auc'>): void {
    const { step, learningRate, losses } = progress;
    const { fraction } = this.#parts.reader.stats;
    const auc = this.#trainAuc.result();
    this.#parts.settings.onStep?.({ ...progress, auc, ...(fraction !== null && { fraction }) });
    if (step % Math.max(this.#config.log_step_count_steps, 1) === 0) this.#trainAuc.reset();
    const every = this.#config.save_summary_steps;
    if (step !== 1 && (every === 0 || step % every !== 0)) return;
    const named = Object.entries(losses).map(([key, value]): [string, number] => [`loss/loss/${key}`, value]);
    this.#events.train({ ...Object.fromEntries(named), learning_rate: learningRate }, step);
  }

  async #save(finished: boolean): Promise<void> {
    await this.#saving.save(this.#step, { position: this.#position, finished });
  }

  /** @param always Also when the last evaluation is a few seconds old. */
  async #evaluate(always: boolean): Promise<void> {
    const { config, input } = this.#plan;
    if (inputFiles(config, 'eval').files === '') return;
    if (!always && performance.now() - this.#lastEvaluationMs < MIN_EVALUATION_GAP_MS) return;
    const reader = evaluationReader(this.#plan);
    const { num_examples: limit = 0 } = config.eval_config ?? {};
    const { signal, onEvaluation } = this.#parts.settings;
    this.#evaluation = await runEvaluation({
      session: this.#session,
      evaluate: this.#graph.evaluate,
      reader,
      metrics: this.#plan.createMetrics(),
      ...(limit > 0 && { maxBatches: Math.ceil(limit / input.dataConfig.batch_size) }),
      ...(signal !== undefined && !signal.aborted && { signal }),
    });
    this.#lastEvaluationMs = performance.now();
    this.#events.evaluation(this.#evaluation.values, this.#step);
    onEvaluation?.(this.#step, this.#evaluation);
  }

  async #finish(end: TrainResult['end']): Promise<void> {
    const finished = end === 'end of data';
    if (this.#step !== this.#saving.step || finished) await this.#save(finished);
    if (end === 'stopped') return;
    await this.#evaluate(true);
    await this.#saving.end();
    await this.#parts.directory.writeDone();
  }
}
