// Runs a model in this process, without any protocol: what a server of it can reach at most. Prints a line of JSON.
import minimist from 'minimist';
import { SILENT_LOG } from '../../easyrec/log.js';
import { adaptivelyBatched } from '../../easyrec/serving/batching/index.js';
import { loadModel } from '../../easyrec/serving/load_model.js';
import { newestVersion } from '../../easyrec/serving/model_versions.js';
import { DEFAULT_SIGNATURE } from '../../easyrec/serving/servable.js';
import { Latencies } from './latencies.js';
import { readRows, tensorsOf } from './requests.js';

const args = minimist<{ model: string; rows: string; callers: number; seconds: number; batched: boolean }>(
  process.argv.slice(2),
  { boolean: ['batched'] },
);
const loaded = await loadModel(newestVersion(args.model), { loadOpLibraries: false }, SILENT_LOG);
const model = args.batched ? adaptivelyBatched(loaded) : loaded;
const requests = readRows(args.rows, 256).map(tensorsOf);

async function callUntil(untilMs: number, first: number, latencies: Latencies): Promise<void> {
  for (let i = first; performance.now() < untilMs; i++) {
    const inputs = requests[i % requests.length];
    if (inputs === undefined) throw new Error('no rows');
    const begunMs = performance.now();
    await model.run({ signatureName: DEFAULT_SIGNATURE, inputs });
    latencies.add(performance.now() - begunMs);
  }
}

async function run(seconds: number): Promise<Latencies> {
  const latencies = new Latencies();
  const untilMs = performance.now() + 1000 * seconds;
  await Promise.all(Array.from({ length: args.callers }, (_, i) => callUntil(untilMs, 7 * i, latencies)));
  return latencies;
}

await run(Math.min(2, args.seconds));
const begunMs = performance.now();
const latencies = await run(args.seconds);
process.stdout.write(`${JSON.stringify(latencies.answers((performance.now() - begunMs) / 1000))}\n`);
await model.close();
