import assert from 'node:assert/strict';
import { test } from 'node:test';
import grpc from '@grpc/grpc-js';
import { startGrpcServer } from '../../../easyrec/serving/grpc/grpc_server.js';
import { healthProto, healthService } from '../../../easyrec/serving/grpc/health.js';
import { serviceDefinition } from '../../../easyrec/serving/grpc/service_definition.js';

interface Health extends grpc.Client {
  Watch(request: { readonly service: string }): AsyncIterable<{ readonly status: number }>;
}

test('those who watch the health of a server are told of its end, and do not hold it up', async () => {
  const server = await startGrpcServer({
    services: [healthService(['m'])],
    host: '127.0.0.1',
    port: 0,
    maxMessageBytes: 1000,
  });
  const Client = grpc.makeGenericClientConstructor(
    serviceDefinition(healthProto(), 'grpc.health.v1.Health'),
    'Health',
  );
  const client = new Client(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
  try {
    const told: number[] = [];
    let closed: Promise<void> | undefined;
    for await (const { status } of (client as grpc.Client as Health).Watch({ service: 'm' })) {
      told.push(status);
      closed ??= server.close();
    }
    await closed;
    assert.deepEqual(told, [1, 2], 'SERVING, NOT_SERVING, and an end that is no error');
  } finally {
    client.close();
    await server.close();
  }
});
