import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import grpcJs from '@grpc/grpc-js';
import { servicesFile, servingProtos } from '../../easyrec/serving/tfserving/protos.js';
import { AttackedServer } from '../serving/fuzz/attacked_server.js';
import { BytesClient } from '../serving/fuzz/grpc_client.js';
import { ask } from '../serving/fuzz/http_client.js';
import { writeScale } from '../serving/versions/support.js';
import { temporaryFolder } from '../support/temporary.js';
import { growth } from './growth.js';
import { repetitions } from './share.js';

/** A served model of one factor: version n says n times x. */
interface Served {
  readonly server: AttackedServer;
  /** What it makes of a number, over REST and over gRPC. */
  readonly asks: readonly ((x: number) => Promise<number>)[];
}

async function serve(t: TestContext, root: string): Promise<Served> {
  const server = await AttackedServer.start('serve', {
    modelBasePath: root,
    modelName: 'm',
    fileSystemPollSeconds: 0.1,
  });
  const agent = new Agent({ keepAlive: true });
  const client = new BytesClient(server.grpcPort);
  t.after(async () => {
    client.close();
    agent.destroy();
    await server.close();
  });
  const target = { port: server.port, agent };
  const rest = async (x: number): Promise<number> => {
    const answer = await ask({
      ...target,
      method: 'POST',
      path: '/v1/models/m:predict',
      body: `{"instances": [${x}]}`,
    });
    if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body.toString()}`);
    return (JSON.parse(answer.body.toString()) as { predictions: number[] }).predictions[0] ?? NaN;
  };
  const { root: types } = servicesFile(servingProtos());
  const request = types.lookupType('tensorflow.serving.PredictRequest');
  const response = types.lookupType('tensorflow.serving.PredictResponse');
  const grpc = async (x: number): Promise<number> => {
    const tensor = { dtype: 1, tensor_shape: { dim: [{ size: 1 }] }, float_val: [x] };
    const message = request.encode({ model_spec: { name: 'm' }, inputs: { x: tensor } }).finish();
    const answer = await client.ask({ path: '/tensorflow.serving.PredictionService/Predict', message });
    if (answer.code !== grpcJs.status.OK) throw new Error(`${answer.code}: ${answer.details}`);
    const { outputs } = response.toObject(response.decode(answer.message)) as {
      readonly outputs: { readonly y: { readonly float_val: readonly number[] } };
    };
    return outputs.y.float_val[0] ?? NaN;
  };
  return { server, asks: [rest, grpc] };
}

const SAMPLES = 50;
const WARM_UP_SAMPLES = 15;

test('memory stays as it is over 1,000,000 requests', async (t) => {
  const requests = repetitions(1_000_000);
  const root = temporaryFolder(t);
  await writeScale(join(root, '1'), 3);
  const { server, asks } = await serve(t, root);
  const memory: number[] = [];
  const files: number[] = [];
  const started = performance.now();
  for (let sample = 0; sample < SAMPLES; sample++) {
    let left = Math.ceil(requests / SAMPLES);
    const client = async (number: number): Promise<void> => {
      const one = asks[number % asks.length];
      while (left > 0) {
        const x = left--;
        assert.equal(await one?.(x), 3 * x);
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, number) => client(number)));
    const { rssMiB, openFiles } = await server.holdings();
    memory.push(rssMiB);
    files.push(openFiles);
  }
  const grown = growth(memory.slice(WARM_UP_SAMPLES));
  const rate = Math.round(requests / ((performance.now() - started) / 1000));
  t.diagnostic(`${requests} requests, ${rate} a second; MiB ${memory.map(Math.round).join(' ')}`);
  assert.ok(grown < 20, `memory grew by ${grown.toFixed(1)} MiB: ${memory.map(Math.round).join(' ')}`);
  assert.ok(growth(files.slice(WARM_UP_SAMPLES)) < 3, files.join(' '));
});
