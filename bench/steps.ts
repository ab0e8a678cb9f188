// Times training steps on batches that are ready, without reading: what the model alone takes.
import { type CommandHelp, type Flags, HelpRequested, parseArguments } from '../easyrec/cli/args.js';
import { PIPELINE_FLAGS, planFromFlags } from '../easyrec/cli/pipeline.js';
import { SILENT_LOG } from '../easyrec/log.js';
import { makeStep, scalar, Session } from '../easyrec/tf/index.js';
import { hashWhileReading } from '../easyrec/train/hash_while_reading.js';
import { openReader } from '../easyrec/train/input_plan.js';
import type { ModelPlan } from '../easyrec/train/model_plan.js';
import { learningOf } from '../easyrec/train/optimizer_config.js';
import { type PreparedBatch, prepareBatch } from '../easyrec/train/prepared_batch.js';
import { sessionConfig } from '../easyrec/train/session_config.js';
import { buildTrainingGraph, type TrainStep } from '../easyrec/train/training_graph.js';

const HELP = {
  name: 'node dist/bench/steps.js',
  summary: 'Times training steps on batches that are ready, fed in turn; prints one line of JSON.',
  edits: true,
  flags: {
    ...PIPELINE_FLAGS,
    train_input_path: { type: 'list', value: 'FILE', help: 'training data, instead of the config' },
    eval_input_path: { type: 'list', value: 'FILE', help: 'not read' },
    steps: { type: 'number', help: 'how many to time; default: 100' },
    batches: { type: 'number', help: 'how many to prepare, each a step of warm-up first; default: 48' },
    plain: { type: 'boolean', help: 'standard TensorFlow ops alone' },
  },
} as const satisfies CommandHelp<Flags>;

async function prepare(plan: ModelPlan, step: TrainStep, count: number): Promise<PreparedBatch[]> {
  const { config, input, seed } = plan;
  const reader = openReader(input, { files: config.train_input_path, training: true, seed });
  const batches: PreparedBatch[] = [];
  while (batches.length < count) {
    const batch = await prepareBatch(reader, step);
    if (batch === null || batch.rows < input.dataConfig.batch_size) break;
    batches.push(batch);
  }
  await reader.close();
  return batches;
}

async function run(argv: readonly string[]): Promise<void> {
  const { flags, edits } = parseArguments(argv, HELP);
  const { train_input_path: trainInputPath, plain, steps = 100 } = flags;
  const plan = hashWhileReading(
    await planFromFlags(flags, { log: SILENT_LOG, edits, trainInputPath, plain }),
  );
  const { train_config: config } = plan.config;
  if (config === null) throw new Error('expected a train_config, received none');
  const { optimizer, learningRate } = learningOf(config);
  const graph = buildTrainingGraph(plan, optimizer);
  const session = Session.create(graph.graph, { config: sessionConfig(config) });
  await session.run(makeStep({ targets: graph.initialize }));
  const batches = await prepare(plan, graph.train, flags.batches ?? 48);
  const warm = Math.min(batches.length, steps);
  let rows = 0;
  let begunMs = 0;
  for (let number = 0; number < warm + steps; number++) {
    if (number === warm) begunMs = performance.now();
    const batch = batches[number % batches.length];
    if (batch === undefined) throw new Error('expected at least one whole batch of data, received none');
    const rest = [scalar('float32', learningRate(number)), scalar('int64', number)];
    const results = await session.run(graph.train.step, [...batch.feeds, ...rest]);
    for (const tensor of [...results, ...rest]) tensor.dispose();
    if (number >= warm) rows += batch.rows;
  }
  const seconds = (performance.now() - begunMs) / 1000;
  process.stdout.write(`${JSON.stringify({ rows_per_second: rows / seconds, steps })}\n`);
  await session.close();
  graph.store?.dispose();
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof HelpRequested)) throw error;
  process.stdout.write(`${error.message}\n`);
}
