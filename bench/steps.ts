// Times training steps without checkpoints: on batches that are ready, or read as training reads them.
import { type CommandHelp, type Flags, parseArguments } from '../easyrec/cli/args.js';
import { PIPELINE_FLAGS, planFromFlags } from '../easyrec/cli/pipeline.js';
import type { BatchReader } from '../easyrec/input/reader.js';
import { SILENT_LOG } from '../easyrec/log.js';
import { makeStep, scalar, Session } from '../easyrec/tf/index.js';
import { hashWhileReading } from '../easyrec/train/hash_while_reading.js';
import { openReader } from '../easyrec/train/input_plan.js';
import { learningOf } from '../easyrec/train/optimizer_config.js';
import { type PreparedBatch, prepareBatch } from '../easyrec/train/prepared_batch.js';
import { sessionConfig } from '../easyrec/train/session_config.js';
import { buildTrainingGraph, type TrainStep } from '../easyrec/train/training_graph.js';
import { runBench } from './program.js';

const HELP = {
  name: 'node dist/bench/steps.js',
  summary: 'Times training steps without checkpoints; prints one line of JSON.',
  edits: true,
  flags: {
    ...PIPELINE_FLAGS,
    train_input_path: { type: 'list', value: 'FILE', help: 'training data, instead of the config' },
    eval_input_path: { type: 'list', value: 'FILE', help: 'not read' },
    read: { type: 'boolean', help: 'read all rows while training, instead of preparing batches' },
    steps: { type: 'number', help: 'how many to time on prepared batches; default: 100' },
    batches: { type: 'number', help: 'how many to prepare, each a step of warm-up first; default: 48' },
    plain: { type: 'boolean', help: 'standard TensorFlow ops alone' },
  },
} as const satisfies CommandHelp<Flags>;

/** Rows and seconds of the steps that count. */
interface Timing {
  readonly rows: number;
  readonly seconds: number;
  readonly steps: number;
}

type RunStep = (batch: PreparedBatch, number: number) => Promise<void>;

/** The first steps fill caches; of a few hundred they would show. */
const WARM_STEPS = 10;

async function timeReading(reader: BatchReader, step: TrainStep, runStep: RunStep): Promise<Timing> {
  let [rows, number, begunMs] = [0, 0, performance.now()];
  let next = await prepareBatch(reader, step);
  while (next !== null) {
    const batch: PreparedBatch = next;
    [, next] = await Promise.all([runStep(batch, number), prepareBatch(reader, step)]);
    for (const tensor of batch.feeds) tensor.dispose();
    number++;
    if (number <= WARM_STEPS) begunMs = performance.now();
    else rows += batch.rows;
  }
  return { rows, seconds: (performance.now() - begunMs) / 1000, steps: number - WARM_STEPS };
}

async function timePrepared(
  batches: readonly PreparedBatch[],
  steps: number,
  runStep: RunStep,
): Promise<Timing> {
  const warm = Math.min(batches.length, steps);
  let [rows, begunMs] = [0, performance.now()];
  for (let number = 0; number < warm + steps; number++) {
    if (number === warm) begunMs = performance.now();
    const batch = batches[number % batches.length];
    if (batch === undefined) throw new Error('expected at least one whole batch of data, received none');
    await runStep(batch, number);
    if (number >= warm) rows += batch.rows;
  }
  return { rows, seconds: (performance.now() - begunMs) / 1000, steps };
}

async function takeBatches(
  reader: BatchReader,
  step: TrainStep,
  { count, size }: { readonly count: number; readonly size: number },
): Promise<PreparedBatch[]> {
  const batches: PreparedBatch[] = [];
  while (batches.length < count) {
    const batch = await prepareBatch(reader, step);
    if (batch === null || batch.rows < size) break;
    batches.push(batch);
  }
  return batches;
}

async function run(argv: readonly string[]): Promise<void> {
  const { flags, edits } = parseArguments(argv, HELP);
  const { train_input_path: trainInputPath, plain, steps = 100 } = flags;
  const plan = hashWhileReading(
    await planFromFlags(flags, { log: SILENT_LOG, edits, trainInputPath, plain }),
  );
  const { train_config: config, train_input_path: files } = plan.config;
  if (config === null) throw new Error('expected a train_config, received none');
  const reader = openReader(plan.input, { files, training: true, seed: plan.seed });
  const { optimizer, learningRate } = learningOf(config);
  const graph = buildTrainingGraph(plan, optimizer);
  const session = Session.create(graph.graph, { config: sessionConfig(config) });
  await session.run(makeStep({ targets: graph.initialize }));
  const runStep: RunStep = async (batch, number) => {
    const rest = [scalar('float32', learningRate(number)), scalar('int64', number)];
    const results = await session.run(graph.train.step, [...batch.feeds, ...rest]);
    for (const tensor of [...results, ...rest]) tensor.dispose();
  };
  const wanted = { count: flags.batches ?? 48, size: plan.input.dataConfig.batch_size };
  const timing =
    flags.read === true
      ? await timeReading(reader, graph.train, runStep)
      : await timePrepared(await takeBatches(reader, graph.train, wanted), steps, runStep);
  await reader.close();
  process.stdout.write(
    `${JSON.stringify({ rows_per_second: timing.rows / timing.seconds, steps: timing.steps })}\n`,
  );
  await session.close();
  graph.store?.dispose();
}

await runBench(run);
