import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import grpc from '@grpc/grpc-js';
import { SILENT_LOG } from '../../../easyrec/log.js';
import {
  type GrpcServer,
  type GrpcServerOptions,
  startGrpcServer,
} from '../../../easyrec/serving/grpc/grpc_server.js';
import { unaryHandler, type UnaryMethod } from '../../../easyrec/serving/grpc/unary.js';
import { invalidArgument } from '../../../easyrec/serving/status.js';

const PATH = '/test.Service/Method';
const MESSAGE = Buffer.from('request');
const asIs = (bytes: Buffer): Buffer => bytes;

function serve(method: UnaryMethod, options: Partial<GrpcServerOptions> = {}): Promise<GrpcServer> {
  const codec = {
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
  const Method = { path: PATH, requestStream: false, responseStream: false, ...codec };
  const implementation = { Method: unaryHandler(method, SILENT_LOG) };
  const services = [{ definition: { Method }, implementation }];
  return startGrpcServer({ services, host: '127.0.0.1', port: 0, maxMessageBytes: 1000, ...options });
}

test('a call is aborted when its client goes away, and not when it was answered', async () => {
  const signals: AbortSignal[] = [];
  let calling: grpc.ClientUnaryCall | undefined;
  const server = await serve(async (request, { signal }) => {
    signals.push(signal);
    if (signals.length === 2) throw invalidArgument('wrong');
    if (signals.length === 3) {
      calling?.cancel();
      await once(signal, 'abort');
    }
    return request;
  });
  const client = new grpc.Client(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
  const call = (): Promise<grpc.status> =>
    new Promise((resolve) => {
      calling = client.makeUnaryRequest(PATH, asIs, asIs, MESSAGE, (error) => {
        resolve(error?.code ?? grpc.status.OK);
      });
    });
  try {
    assert.equal(await call(), grpc.status.OK);
    assert.equal(await call(), grpc.status.INVALID_ARGUMENT);
    assert.equal(await call(), grpc.status.CANCELLED);
  } finally {
    client.close();
    // Waits for the end of every call's stream.
    await server.close();
  }
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [false, false, true],
  );
});

// The library has ways to keep such a call for a minute, until the connection is found to be dead.
const LIMIT = { timeout: 30_000 };

test(
  'a call that does not end is cancelled when a server that is closed has waited for it',
  LIMIT,
  async () => {
    let begun: () => void = () => undefined;
    const isBegun = new Promise<void>((resolve) => (begun = resolve));
    const server = await serve(
      (request, { signal }) => {
        begun();
        return once(signal, 'abort').then(() => request);
      },
      { drainMs: 100 },
    );
    const client = new grpc.Client(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
    try {
      const code = new Promise<grpc.status | undefined>((resolve) => {
        client.makeUnaryRequest(PATH, asIs, asIs, MESSAGE, (error) => resolve(error?.code));
      });
      await isBegun;
      await server.close();
      // UNAVAILABLE where the end of the connection is there first.
      assert.match(grpc.status[(await code) ?? grpc.status.OK], /^(CANCELLED|UNAVAILABLE)$/);
    } finally {
      client.close();
    }
  },
);
