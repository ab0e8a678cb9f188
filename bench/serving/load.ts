// Sends requests of one row to a server from many connections at once. Prints a line of JSON.
import minimist from 'minimist';
import { grpcFrame, loadGrpc } from './grpc_load.js';
import { httpRequest, loadHttp } from './http_load.js';
import { Latencies } from './latencies.js';
import { predictRequests, readRows, restBody } from './requests.js';

const args = minimist<{
  protocol: 'rest' | 'grpc';
  port: number;
  model: string;
  rows: string;
  connections: number;
  seconds: number;
}>(process.argv.slice(2));
const rows = readRows(args.rows, 256);
const isRest = args.protocol === 'rest';
const encode = predictRequests(args.model);
const requests = rows.map((row) =>
  isRest ? httpRequest(`/v1/models/${args.model}:predict`, restBody(row)) : grpcFrame(encode(row)),
);

async function run(seconds: number): Promise<Latencies> {
  const latencies = new Latencies();
  const untilMs = performance.now() + 1000 * seconds;
  const load = isRest ? loadHttp : loadGrpc;
  await Promise.all(
    Array.from({ length: args.connections }, (_, i) =>
      load(args.port, requests, { first: 7 * i, untilMs }, latencies),
    ),
  );
  return latencies;
}

await run(Math.min(3, args.seconds));
const begunMs = performance.now();
const latencies = await run(args.seconds);
process.stdout.write(`${JSON.stringify(latencies.answers((performance.now() - begunMs) / 1000))}\n`);
