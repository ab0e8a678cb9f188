import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Log } from '../../../easyrec/log.js';
import {
  type CreateFunctionRequest,
  type FunctionStatus,
  GatewayClient,
  type GatewayServerOptions,
  startGatewayServer,
  type UploadHeader,
  type UploadResult,
} from '../../../easyrec/serving/function/index.js';
import { withTempFolder } from '../../support/temp_folder.js';

/** Files of a function's folder by their path. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** What a test of the gateway works with. */
export interface TestGateway {
  readonly client: GatewayClient;
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly stateDirectory: string;
  /** What was logged. */
  readonly lines: readonly string[];
}

/** Settings of a test's gateway that differ from the usual ones. */
export type TestGatewayOptions = Partial<Omit<GatewayServerOptions, 'log' | 'port'>>;

/** Runs a gateway with a state folder of its own while `use` runs. */
export async function withGateway(
  use: (gateway: TestGateway) => Promise<void>,
  options: TestGatewayOptions = {},
): Promise<void> {
  await withTempFolder(async (folder) => {
    const stateDirectory = options.stateDirectory ?? join(folder, 'state');
    const lines: string[] = [];
    const add = (line: string): void => void lines.push(line);
    const log: Log = { info: add, warn: add, debug: () => undefined };
    const server = await startGatewayServer({ drainMs: 5_000, ...options, stateDirectory, port: 0, log });
    const client = new GatewayClient(`127.0.0.1:${server.port}`, { timeoutMs: 60_000 });
    try {
      const url = `http://127.0.0.1:${server.port}`;
      await use({ client, port: server.port, url, stateDirectory, lines });
    } finally {
      client.close();
      await server.close();
    }
  });
}

/** A .tar.gz of some files. */
export function archiveOf(files: Files): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'easyrec-test-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return execFileSync('tar', ['-czf', '-', '-C', folder, '.'], { maxBuffer: 1 << 28 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Uploads a python3 handler under an image name. */
export function uploadPython(
  client: GatewayClient,
  image: string,
  handler: string,
  header: Partial<UploadHeader> = {},
): Promise<UploadResult> {
  return client.upload({ image, runtime: 'python3', ...header }, archiveOf({ 'handler.py': handler }));
}

/** Uploads a python3 handler, deploys it under the image's name and waits until it takes calls. */
export async function deployPython(
  client: GatewayClient,
  name: string,
  handler: string,
  options: {
    readonly header?: Partial<UploadHeader>;
    readonly request?: Partial<CreateFunctionRequest>;
  } = {},
): Promise<void> {
  await uploadPython(client, name, handler, options.header);
  await client.deploy({ Service: name, Image: name, ...options.request });
  await waitFor(client, name, ({ state }) => state === 'ready');
}

const WAIT_MS = 30_000;

/** Waits until a function's status is as wanted, and returns it. */
export async function waitFor(
  client: GatewayClient,
  name: string,
  isWanted: (status: FunctionStatus) => boolean,
): Promise<FunctionStatus> {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const status = await client.status(name);
    if (isWanted(status)) return status;
    if (Date.now() > end)
      throw new Error(`not in ${WAIT_MS} ms: ${JSON.stringify(status)}\n${await client.getLog(name)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
