// node bench/steps.mjs CONFIG [--steps=30] [--batches=8] [--ways=plain,native] [--train_config.X=Y ...]
// Time of a training step alone, without reading: the same batches by standard ops and by the native embedding ops, in
// one process, block by block in turn; medians of elapsed and of processor time (which other
// processes disturb less), and the ratios of the two. Run npm run build first.
import { loadPipelineConfig } from '../dist/easyrec/config/load.js';
import { parseDottedEdits } from '../dist/easyrec/config/edit.js';
import { makeStep, scalar, Session } from '../dist/easyrec/tf/index.js';
import { batchTensors } from '../dist/easyrec/train/feeds.js';
import { openReader } from '../dist/easyrec/train/input_plan.js';
import { planModel } from '../dist/easyrec/train/model_plan.js';
import { learningOf } from '../dist/easyrec/train/optimizer_config.js';
import { sessionConfig } from '../dist/easyrec/train/session_config.js';
import { buildTrainingGraph } from '../dist/easyrec/train/training_graph.js';

const BLOCK = 5;
const log = { info: console.error, warn: console.error, debug: () => undefined };
const { edits, rest: words } = parseDottedEdits(process.argv.slice(2));
const option = (name, otherwise) =>
  words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise;
const [path] = words.filter((word) => !word.startsWith('--'));
if (path === undefined) {
  console.error('usage: node bench/steps.mjs CONFIG [--steps=30] [--batches=8] [--ways=plain,native]');
  process.exit(2);
}
const steps = Number(option('steps', '30'));
const ways = option('ways', 'plain,native').split(',');
const config = loadPipelineConfig(path, { log, edits });

const plans = ways.map((way) => planModel(config, { log, plain: way === 'plain' }));
const [plan] = plans;
const reader = openReader(plan.input, {
  files: config.train_input_path,
  training: true,
  seed: plan.seed,
});
const batches = [];
while (batches.length < Number(option('batches', '8'))) {
  const batch = await reader.next();
  if (batch === null) break;
  batches.push(batch);
}
await reader.close();

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
const runs = [];
for (const each of plans) {
  const built = buildTrainingGraph(each, learningOf(config.train_config).optimizer);
  const session = Session.create(built.graph, { config: sessionConfig(config.train_config) });
  const startMs = performance.now();
  await session.run(makeStep({ targets: built.initialize }));
  await built.rows?.begin(session);
  const feeds = batches.map((batch) => batchTensors(batch, built.train.columns));
  runs.push({
    built,
    session,
    feeds,
    step: 0,
    times: [],
    cpu: [],
    losses: [],
    initMs: performance.now() - startMs,
  });
}
for (let done = -BLOCK; done < steps; done += BLOCK) {
  for (const run of runs) {
    const before = process.cpuUsage();
    for (let i = 0; i < BLOCK; i++, run.step++) {
      const feeds = [
        ...run.feeds[run.step % run.feeds.length],
        scalar('float32', 1e-3),
        scalar('int64', run.step),
      ];
      const startMs = performance.now();
      const results = await run.session.run(run.built.train.step, feeds);
      if (done >= 0) run.times.push(performance.now() - startMs);
      run.losses.push(results[run.built.train.lossKeys.length - 1].data('float32')[0]);
      for (const result of results) result.dispose();
      await run.built.rows?.stepped(run.session);
    }
    const { user, system } = process.cpuUsage(before);
    if (done >= 0) run.cpu.push((user + system) / 1000 / BLOCK);
  }
}
const rows = batches[0].rows;
runs.forEach((run, i) => {
  const ms = median(run.times);
  console.log(
    `${ways[i]}: ${ms.toFixed(2)} ms a step of ${rows} rows, ${Math.round((rows / ms) * 1000)} rows/s, ` +
      `${median(run.cpu).toFixed(2)} ms of processor time, initial values ${Math.round(run.initMs)} ms, loss ${run.losses.at(-1).toFixed(6)}`,
  );
});
if (runs.length === 2) {
  const ratio = (of) => (median(of(runs[0])) / median(of(runs[1]))).toFixed(2);
  console.log(
    `${ways[0]} / ${ways[1]}: ${ratio(({ times }) => times)} by time, ${ratio(({ cpu }) => cpu)} by processor time`,
  );
}
process.exit(0);
