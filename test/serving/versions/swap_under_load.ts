import { mkdirSync, renameSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import grpc from '@grpc/grpc-js';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { serviceDefinition } from '../../../easyrec/serving/grpc/service_definition.js';
import { startServer } from '../../../easyrec/serving/server.js';
import { servicesFile, servingProtos } from '../../../easyrec/serving/tfserving/protos.js';
import { until, writeScale } from './support.js';

/** What is done at once. */
export interface SwapLoad {
  /** Gets the versions. */
  readonly root: string;
  readonly swaps: number;
  /** Half of them over REST, half over gRPC, each with one request at a time. */
  readonly clients: number;
  /** Between a client's answer and its next request. Default: none. */
  readonly pauseMs?: number;
  /** Between two swaps. Default: none. */
  readonly steadyMs?: number;
}

/** What became of it. */
export interface SwapReport {
  readonly answers: number;
  readonly failures: readonly string[];
  /** How many different versions have answered. */
  readonly versionsSeen: number;
  /** Of requests that began while a new version was being found and loaded, and of all others. */
  readonly swapLatenciesMs: readonly number[];
  readonly steadyLatenciesMs: readonly number[];
}

/** Asks the model what it makes of 1; version n says n. */
type Ask = () => Promise<number>;

/** Serves a model and swaps its versions while clients ask without end. */
export async function swapUnderLoad(load: SwapLoad): Promise<SwapReport> {
  const { root, swaps, clients, pauseMs = 0, steadyMs = 0 } = load;
  const base = join(root, 'm');
  mkdirSync(base);
  // What writes a version shares the process with what is measured, so it is done before.
  const staged = (version: number): string => join(root, 'staged', String(version));
  for (let version = 1; version <= swaps + 1; version++) await writeScale(staged(version), version);
  const publish = (version: number): void => renameSync(staged(version), join(base, String(version)));
  publish(1);
  const server = await startServer({
    modelBasePath: base,
    modelName: 'm',
    host: '127.0.0.1',
    restApiPort: 0,
    grpcPort: 0,
    fileSystemPollSeconds: 0.05,
    patience: { quietMs: 20, incompleteMs: 10_000 },
    log: SILENT_LOG,
  });
  const channel = grpcAsk(server.grpcPort);
  const asks = Array.from({ length: clients }, (_, i) => (i % 2 === 0 ? restAsk(server.port) : channel.ask));
  const failures: string[] = [];
  const seen = new Set<number>();
  const swapLatenciesMs: number[] = [];
  const steadyLatenciesMs: number[] = [];
  let isSwapping = false;
  let isOver = false;
  const client = async (ask: Ask): Promise<void> => {
    while (!isOver) {
      const latencies = isSwapping ? swapLatenciesMs : steadyLatenciesMs;
      const started = performance.now();
      try {
        seen.add(await ask());
        latencies.push(performance.now() - started);
      } catch (error) {
        failures.push(String(error));
      }
      if (pauseMs > 0) await delay(pauseMs);
    }
  };
  try {
    const running = Promise.all(asks.map(client));
    await delay(steadyMs);
    for (let version = 2; version <= swaps + 1; version++) {
      isSwapping = true;
      publish(version);
      await until(() => server.catalog.find({ name: 'm' }).version === BigInt(version));
      // Until the old one is gone.
      await until(
        () => server.catalog.status({ name: 'm' }).filter(({ state }) => state !== 'END').length === 1,
      );
      isSwapping = false;
      await delay(steadyMs);
    }
    isOver = true;
    await running;
  } finally {
    isOver = true;
    channel.close();
    await server.close();
  }
  const answers = swapLatenciesMs.length + steadyLatenciesMs.length;
  return { answers, failures, versionsSeen: seen.size, swapLatenciesMs, steadyLatenciesMs };
}

function restAsk(port: number): Ask {
  const url = `http://127.0.0.1:${port}/v1/models/m:predict`;
  return async () => {
    const response = await fetch(url, { method: 'POST', body: '{"instances": [1.0]}' });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`REST ${response.status}: ${text}`);
    const { predictions } = JSON.parse(text) as { predictions: number[] };
    return predictions[0] ?? NaN;
  };
}

interface PredictResponse {
  readonly outputs: { readonly y: { readonly float_val: readonly number[] } };
}

function grpcAsk(port: number): { readonly ask: Ask; readonly close: () => void } {
  const definition = serviceDefinition(servicesFile(servingProtos()), 'tensorflow.serving.PredictionService');
  const method = definition['Predict'] as grpc.MethodDefinition<object, PredictResponse>;
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const x = { dtype: 1, tensor_shape: { dim: [{ size: 1 }] }, float_val: [1] };
  const request = { model_spec: { name: 'm' }, inputs: { x } };
  const ask: Ask = () =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        (error, response) => {
          if (error !== null) reject(new Error(`gRPC ${error.code}: ${error.details}`));
          else resolve(response?.outputs.y.float_val[0] ?? NaN);
        },
      );
    });
  return { ask, close: () => client.close() };
}
