import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';
import type { Latencies } from './latencies.js';

const PREDICT = '/tensorflow.serving.PredictionService/Predict';

/** A message as gRPC frames it: not compressed, then its length. */
export function grpcFrame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Whether a call ended with OK. HTTP/2 without a gRPC library, whose own work would take from the server's. */
function call(session: ClientHttp2Session, frame: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: PREDICT,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      [constants.HTTP2_HEADER_TE]: 'trailers',
    });
    let ok = false;
    stream.on('trailers', (trailers: IncomingHttpHeaders) => (ok = trailers['grpc-status'] === '0'));
    stream.on('error', () => resolve(false));
    stream.on('close', () => resolve(ok));
    stream.resume();
    stream.end(frame);
  });
}

/** Makes calls on a connection of its own until `untilMs`, of `performance.now()`. */
export async function loadGrpc(
  port: number,
  frames: readonly Buffer[],
  { first, untilMs }: { readonly first: number; readonly untilMs: number },
  latencies: Latencies,
): Promise<void> {
  const session = connect(`http://127.0.0.1:${port}`);
  for (let i = first; performance.now() < untilMs; i++) {
    const frame = frames[i % frames.length];
    if (frame === undefined) break;
    const begunMs = performance.now();
    const ok = await call(session, frame);
    latencies.add(performance.now() - begunMs, !ok);
    if (!ok) break;
  }
  session.close();
}
