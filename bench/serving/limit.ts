// Runs a model in this process, without any protocol: what a server of it can reach at most. Prints a line of JSON.
import { type CommandHelp, type Flags, parseArguments } from '../../easyrec/cli/args.js';
import { adaptivelyBatched } from '../../easyrec/serving/batching/index.js';
import { newestVersion } from '../../easyrec/serving/model_versions.js';
import { SavedModelServable } from '../../easyrec/serving/saved_model_servable.js';
import { DEFAULT_SIGNATURE } from '../../easyrec/serving/servable.js';
import { loadSavedModel } from '../../easyrec/tf/index.js';
import { runBench } from '../program.js';
import { Latencies } from './latencies.js';
import { readRows, tensorsOf } from './requests.js';

const HELP = {
  name: 'node dist/bench/serving/limit.js',
  summary: 'Calls a model that has the fields of Criteo, without a server; prints one line of JSON.',
  flags: {
    model: { type: 'string', value: 'DIR', help: 'folder of versions', required: true },
    rows: { type: 'string', value: 'FILE', help: 'what to ask for', required: true },
    callers: { type: 'number', help: 'calls under way at a time; default: 64' },
    seconds: { type: 'number', help: 'default: 60' },
    batched: { type: 'boolean', help: 'join calls as the server does' },
  },
} as const satisfies CommandHelp<Flags>;

async function run(argv: readonly string[]): Promise<void> {
  const { flags } = parseArguments(argv, HELP);
  const { callers = 64, seconds = 60 } = flags;
  const { directory } = await newestVersion(flags.model);
  const loaded = new SavedModelServable(await loadSavedModel(directory));
  const model = flags.batched === true ? adaptivelyBatched(loaded) : loaded;
  const requests = readRows(flags.rows, 256).map(tensorsOf);

  async function callUntil(untilMs: number, first: number, latencies: Latencies): Promise<void> {
    for (let i = first; performance.now() < untilMs; i++) {
      const inputs = requests[i % requests.length];
      if (inputs === undefined) throw new Error('no rows');
      const begunMs = performance.now();
      await model.run({ signatureName: DEFAULT_SIGNATURE, inputs });
      latencies.add(performance.now() - begunMs);
    }
  }

  async function callFor(most: number): Promise<Latencies> {
    const latencies = new Latencies();
    const untilMs = performance.now() + 1000 * most;
    await Promise.all(Array.from({ length: callers }, (_, i) => callUntil(untilMs, 7 * i, latencies)));
    return latencies;
  }

  await callFor(Math.min(2, seconds));
  const begunMs = performance.now();
  const latencies = await callFor(seconds);
  const answers = latencies.answers((performance.now() - begunMs) / 1000);
  process.stdout.write(`${JSON.stringify(answers)}\n`);
  await model.close();
}

await runBench(run);
