import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** What Node tells of bytes that are no HTTP request. */
export interface MalformedHttp extends Error {
  readonly code?: string;
}

/** The status and words for what is wrong, by Node's code; all else is 400. */
const ANSWERS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request was not received in time'],
  HPE_HEADER_OVERFLOW: [431, 'The path and headers of the request are too long'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The chunk extensions of the request are too long'],
};

/**
 * Answers bytes that are no HTTP request in TensorFlow Serving's form, and ends the connection: where the next request
 * would begin on it cannot be known. The answer says so, since a client would else send its next one there.
 */
export function answerMalformedHttp(error: MalformedHttp, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] = ANSWERS[error.code ?? ''] ?? [400, `Malformed HTTP request: ${error.message}`];
  const body = `{\n    "error": ${JSON.stringify(message)}\n}`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
