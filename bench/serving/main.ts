import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommandHelp, type Flags, parseArguments } from '../../easyrec/cli/args.js';
import { CRITEO_TEST_FILE, CRITEO_TRAIN_FILE } from '../../easyrec/data/criteo_columns.js';
import { generateCriteoLike } from '../../easyrec/data/criteo_like.js';
import { packageFile } from '../../easyrec/package_files.js';
import { cacheDirectory } from '../../easyrec/setup/cache.js';
import { describeMachine } from '../machine.js';
import { type Command, commandText, measure, resultOf } from '../measure.js';
import { renderSection, type Section, writeSection } from '../performance_page.js';
import { log, runBench, shownCall, shownCommand } from '../program.js';
import type { Answers } from './latencies.js';
import { ServerProcess } from './server.js';
import { type Serving, servingMarkdown, type ServingPoint } from './table.js';

const HELP = {
  name: 'bench/serve',
  summary:
    'Serves a DeepFM of 39 fields and sends it requests of one row from many connections, over REST and gRPC; beside ' +
    'that, calls the same model without a server.',
  flags: {
    seconds: { type: 'number', help: 'of each measurement; default: 60' },
    connections: { type: 'number', help: 'default: 64' },
    runs: { type: 'number', help: 'turns; default: 3' },
    cache: { type: 'string', value: 'DIR', help: "for the model; default: bench in easyrec's cache" },
    out: {
      type: 'string',
      value: 'DIR',
      help: 'receives serving.json and serving.md; default: experiments/bench',
    },
    docs: { type: 'boolean', help: 'write docs/serving.json and docs/performance.md instead' },
    render: { type: 'boolean', help: 'run nothing: write docs/performance.md anew from docs/serving.json' },
  },
} as const satisfies CommandHelp<Flags>;

const CONFIG = 'configs/deepfm_backbone_on_criteo.config';
const NAME = 'deepfm';
const [TABLE_ROWS, TRAIN_ROWS, SEED] = [100_000, 100_000, 2024];
const SECTION: Section<Serving> = { name: 'serving', file: 'serving', markdown: servingMarkdown };

interface Model {
  /** Folder of versions. */
  readonly path: string;
  /** Rows to ask for. */
  readonly rows: string;
}

/** Trained and exported once; tables of 100,000 rows. */
async function modelIn(cache: string): Promise<Model> {
  const directory = join(cache, 'data', `criteo_${TRAIN_ROWS}_1000_${SEED}`);
  const [rows, path] = [join(directory, CRITEO_TEST_FILE), join(directory, 'serving_model')];
  if (existsSync(path)) return { path, rows };
  log('training a model');
  generateCriteoLike({ directory, trainRows: TRAIN_ROWS, testRows: 1000, seed: SEED });
  const config = join(directory, 'serving.config');
  const text = readFileSync(packageFile(CONFIG), 'utf8');
  writeFileSync(config, text.replaceAll('hash_bucket_size: 1000000 ', `hash_bucket_size: ${TABLE_ROWS} `));
  const model = join(directory, 'trained');
  const easyrec = packageFile('dist/easyrec/cli/main.js');
  const shared = [`--pipeline_config_path=${config}`, `--model_dir=${model}`];
  const data = [`--train_input_path=${join(directory, CRITEO_TRAIN_FILE)}`, `--eval_input_path=${rows}`];
  const train = [easyrec, 'train', ...shared, ...data, '--export_config.exporter_type=none'];
  await measure({ file: process.execPath, args: train });
  const written = [easyrec, 'export', ...shared, `--export_dir=${path}`];
  await measure({ file: process.execPath, args: written });
  return { path, rows };
}

function program(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

interface Way {
  readonly name: string;
  readonly shown: Command;
  measure(run: number): Promise<ServingPoint>;
}

/** The model in the process of the caller. */
function inProcess(name: string, args: readonly string[]): Way {
  const command = { file: process.execPath, args: [program('limit.js'), ...args] };
  return {
    name,
    shown: command,
    async measure(run) {
      const finished = await measure(command);
      const answers = resultOf(finished) as unknown as Answers;
      const cpuMicros = (1e6 * finished.cpuSeconds) / answers.requests;
      return { way: name, run, answers, cpuMicros, rssMb: finished.peakRssMb };
    },
  };
}

interface ServedOptions {
  readonly protocol: 'rest' | 'grpc';
  readonly model: Model;
  readonly connections: number;
  readonly seconds: number;
  /** Of the server, besides those that name the model. */
  readonly flags: readonly string[];
}

function served(name: string, { protocol, model, connections, seconds, flags }: ServedOptions): Way {
  const args = ServerProcess.command(model.path, NAME, flags);
  return {
    name,
    shown: { file: process.execPath, args },
    async measure(run) {
      const server = await ServerProcess.start(args);
      try {
        const port = protocol === 'rest' ? server.restPort : server.grpcPort;
        const before = server.usage().cpuSeconds;
        const load = [program('load.js'), `--protocol=${protocol}`, `--port=${port}`, `--model=${NAME}`];
        const more = [`--rows=${model.rows}`, `--connections=${connections}`, `--seconds=${seconds}`];
        const finished = await measure({ file: process.execPath, args: [...load, ...more] });
        const answers = resultOf(finished) as unknown as Answers;
        const { cpuSeconds, rssMb } = server.usage();
        // The seconds of warm-up count in both.
        const requests = answers.requests * ((answers.seconds + Math.min(3, seconds)) / answers.seconds);
        return { way: name, run, answers, cpuMicros: (1e6 * (cpuSeconds - before)) / requests, rssMb };
      } finally {
        await server.stop();
      }
    },
  };
}

async function run(argv: readonly string[]): Promise<void> {
  const { flags } = parseArguments(argv, HELP);
  if (flags.render === true) {
    await renderSection(SECTION);
    return;
  }
  const { seconds = 60, connections = 64, runs = 3 } = flags;
  const cache = resolve(flags.cache ?? join(cacheDirectory(), 'bench'));
  const model = await modelIn(cache);
  const calls = [`--model=${model.path}`, `--rows=${model.rows}`, `--seconds=${seconds}`];
  const inOneProcess = [...calls, `--callers=${connections}`];
  const shared = { model, connections, seconds };
  const ways = [
    inProcess('the session alone, a row a run', inOneProcess),
    inProcess('the session alone, batched', [...inOneProcess, '--batched']),
    served('REST', { ...shared, protocol: 'rest', flags: [] }),
    served('gRPC', { ...shared, protocol: 'grpc', flags: [] }),
  ];
  const points: ServingPoint[] = [];
  for (let turn = 1; turn <= runs; turn++) {
    for (const way of ways) {
      const point = await way.measure(turn);
      points.push(point);
      const { rate, p50, p99, errors } = point.answers;
      log(
        `run ${turn}: ${way.name}: ${rate.toFixed(0)}/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${errors} errors`,
      );
    }
  }
  const serving: Serving = {
    date: new Date().toISOString().slice(0, 10),
    command: shownCall('bench/serve', argv),
    cpu: describeMachine().cpu,
    connections,
    seconds,
    points,
    commands: ways.map(({ shown }) => shownCommand(commandText(shown), { [cache]: 'CACHE' })),
  };
  await writeSection(SECTION, serving, flags);
}

await runBench(run);
