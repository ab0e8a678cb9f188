import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { KEEPALIVE, startGrpcServer } from '../../../easyrec/serving/grpc/grpc_server.js';
import { healthService } from '../../../easyrec/serving/grpc/health.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** The head of a frame that says it has 10 MB, which HTTP/2 does not allow. */
const TOO_LARGE = Buffer.from([0x98, 0x96, 0x80, 4, 0, 0, 0, 0, 0]);

test('a connection that has broken the rules of HTTP/2 is closed when it gives no sign of life', async () => {
  // In a test, sooner than the minute after which servers ask by default.
  const keepalive = Object.fromEntries(Object.keys(KEEPALIVE).map((name) => [name, 300]));
  const server = await startGrpcServer({
    services: [healthService(['m'])],
    host: '127.0.0.1',
    port: 0,
    maxMessageBytes: 1000,
    channelArguments: keepalive,
  });
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  const limit = setTimeout(() => socket.destroy(new Error('the connection is still open')), 10_000);
  try {
    socket.resume().end(Buffer.concat([PREFACE, TOO_LARGE]));
    // Rejects when it is the limit that closes it.
    await once(socket, 'close');
    assert.ok(socket.bytesRead > 0, 'the server was there');
  } finally {
    clearTimeout(limit);
    socket.destroy();
    await server.close();
  }
});
