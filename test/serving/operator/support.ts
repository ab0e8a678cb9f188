import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Log } from '../../../easyrec/log.js';
import { type OperatorServerOptions, startOperatorServer } from '../../../easyrec/serving/operator/index.js';
import { OperatorClient } from '../../../easyrec/serving/operator/operator_client.js';
import type { Graph } from '../../../easyrec/tf/index.js';
import { type PlainSignature, writePlainModel } from '../../support/plain_model.js';

/** A picture of `width` x `height` pixels, uncompressed; `colour` gives red, green and blue. */
export function bmp(
  width: number,
  height: number,
  colour: (x: number, y: number) => readonly [number, number, number],
): Buffer {
  const stride = Math.ceil((width * 3) / 4) * 4;
  const file = Buffer.alloc(54 + stride * height);
  file.write('BM', 0, 'latin1');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [red, green, blue] = colour(x, y);
      // Rows go from the bottom up, and a pixel's bytes from blue to red.
      file.set([blue, green, red], 54 + (height - 1 - y) * stride + 3 * x);
    }
  }
  return file;
}

/** A picture of one colour. */
export function plain(red: number, green: number, blue: number, side = 4): Buffer {
  return bmp(side, side, () => [red, green, blue]);
}

/** As a datum. */
export function base64(file: Uint8Array): string {
  return Buffer.from(file).toString('base64');
}

/** A log whose lines can be looked at. */
export function lineLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const add = (line: string): void => void lines.push(line);
  return { lines, log: { info: add, warn: add, debug: () => undefined } };
}

/** What a test of an operator works with. */
export interface TestOperator {
  readonly client: OperatorClient;
  readonly endpoint: string;
  /** What was logged. */
  readonly lines: readonly string[];
}

/** Serves an operator while `use` runs. */
export async function withOperator<Result>(
  options: Omit<OperatorServerOptions, 'log' | 'endpoint'>,
  use: (operator: TestOperator) => Promise<Result>,
): Promise<Result> {
  const { log, lines } = lineLog();
  const server = await startOperatorServer({ ...options, log, endpoint: '127.0.0.1:0' });
  const client = new OperatorClient(server.endpoint, 30_000);
  try {
    return await use({ client, endpoint: server.endpoint, lines });
  } finally {
    client.close();
    await server.close();
  }
}

/** Writes the file of an operator's class: `body` goes into the class, `dimension` above 0 makes it an encoder. */
export function writeClass(folder: string, dimension: number, body: string): string {
  const file = join(folder, 'custom_operator.ts');
  const [type, output, metric] = dimension > 0 ? ['encoder', 'vector', 'L2'] : ['processor', 'images', '-1'];
  writeFileSync(
    file,
    `import type { OperatorContext } from 'easyrec/operator';
export class CustomOperator {
  readonly name = 'custom'; readonly type = '${type}'; readonly input = 'image'; readonly output = '${output}';
  readonly dimension = ${dimension}; readonly metricType = '${metric}';
  constructor(private readonly context: OperatorContext) {}
  ${body}
}
`,
  );
  return file;
}

/** Writes a SavedModel without variables, and an operator.yaml beside it. */
export async function writeModel(
  folder: string,
  yaml: readonly string[],
  build: (graph: Graph) => PlainSignature,
): Promise<string> {
  await writePlainModel(join(folder, 'model/1'), build);
  const file = join(folder, 'operator.yaml');
  writeFileSync(file, [...yaml, 'model: model', ''].join('\n'));
  return file;
}

/** Answers HTTP requests on any port while `use` runs. */
export async function withHttp<Result>(
  listener: RequestListener,
  use: (url: string) => Promise<Result>,
): Promise<Result> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await use(`http://127.0.0.1:${port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
