// Sends requests of one row to a server from many connections at once. Prints a line of JSON.
import { type CommandHelp, type Flags, parseArguments } from '../../easyrec/cli/args.js';
import { UserError } from '../../easyrec/errors.js';
import { runBench } from '../program.js';
import { grpcFrame, loadGrpc } from './grpc_load.js';
import { httpRequest, loadHttp } from './http_load.js';
import { Latencies } from './latencies.js';
import { predictRequests, readRows, restBody } from './requests.js';

const HELP = {
  name: 'node dist/bench/serving/load.js',
  summary: 'Sends requests to a served model that has the fields of Criteo; prints one line of JSON.',
  flags: {
    protocol: { type: 'string', value: 'rest|grpc', help: 'which the port speaks', required: true },
    port: { type: 'number', help: 'of this machine', required: true },
    model: { type: 'string', help: 'its name', required: true },
    rows: { type: 'string', value: 'FILE', help: 'what to ask for', required: true },
    connections: { type: 'number', help: 'default: 64' },
    seconds: { type: 'number', help: 'after three of warm-up; default: 60' },
  },
} as const satisfies CommandHelp<Flags>;

async function run(argv: readonly string[]): Promise<void> {
  const { flags } = parseArguments(argv, HELP);
  const { protocol, port, connections = 64, seconds = 60 } = flags;
  if (protocol !== 'rest' && protocol !== 'grpc') {
    throw new UserError(`--protocol: expected rest or grpc, received ${protocol}`);
  }
  const encode = predictRequests(flags.model);
  const requests = readRows(flags.rows, 256).map((row) =>
    protocol === 'rest'
      ? httpRequest(`/v1/models/${flags.model}:predict`, restBody(row))
      : grpcFrame(encode(row)),
  );
  const load = protocol === 'rest' ? loadHttp : loadGrpc;

  async function loadFor(most: number): Promise<Latencies> {
    const latencies = new Latencies();
    const untilMs = performance.now() + 1000 * most;
    const connection = (_: unknown, i: number): Promise<void> =>
      load(port, requests, { first: 7 * i, untilMs }, latencies);
    await Promise.all(Array.from({ length: connections }, connection));
    return latencies;
  }

  await loadFor(Math.min(3, seconds));
  const begunMs = performance.now();
  const latencies = await loadFor(seconds);
  process.stdout.write(`${JSON.stringify(latencies.answers((performance.now() - begunMs) / 1000))}\n`);
}

await runBench(run);
