import type { Log } from '../../log.js';
import { UserError } from '../../errors.js';
import { type OpLibraryOptions, opLibraryTrust } from '../../trust/op_library_trust.js';
import { startGrpcServer } from '../grpc/grpc_server.js';
import { reflectionServices } from '../grpc/reflection.js';
import { loadClassOperator } from './class_operator.js';
import { DEFAULT_ENDPOINT, portOf } from './endpoint.js';
import { loadModelOperator } from './model_operator.js';
import { type Operator, operatorProto, type OperatorProperties } from './operator.js';
import { readOperatorFile } from './operator_file.js';
import { operatorService } from './operator_service.js';
import { fileReader } from './read_files.js';

/** What to serve, and how. */
export interface OperatorServerOptions extends OpLibraryOptions {
  /** An operator.yaml, or the TypeScript file of an operator's class. */
  readonly file: string;
  /** `HOST:PORT`, told to who asks for the identity; it listens on the port. Default `127.0.0.1:80`. */
  readonly endpoint?: string | undefined;
  /** Address to listen on; default all of this machine's. */
  readonly host?: string | undefined;
  /** A call that takes longer is answered DEADLINE_EXCEEDED; default 60,000. */
  readonly timeoutMs?: number | undefined;
  /** Limit for what a URL names; default 20 MiB. */
  readonly maxUrlBytes?: number | undefined;
  /** Limit for fetching what a URL names; default 10,000. */
  readonly urlTimeoutMs?: number | undefined;
  /** Whether URLs may lead to this machine and to local networks; default no. */
  readonly allowPrivateAddresses?: boolean | undefined;
  readonly log: Log;
}

/** An operator that answers. */
export interface RunningOperator {
  readonly port: number;
  /** What Identity says. */
  readonly endpoint: string;
  readonly properties: OperatorProperties;
  /** Takes no more calls, lets those in progress end, then frees the model; calling it again does nothing. */
  close(): Promise<void>;
}

/** As the original's; the server that calls sends as much. */
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_MAX_URL_BYTES = 20 * 1024 * 1024;
const DEFAULT_URL_TIMEOUT_MS = 10_000;

/**
 * Loads an operator and serves it to Phantoscope over gRPC, with reflection.
 * @throws UserError when it cannot be loaded or the port cannot be had.
 */
export async function startOperatorServer(options: OperatorServerOptions): Promise<RunningOperator> {
  const { log, timeoutMs = DEFAULT_TIMEOUT_MS, endpoint = DEFAULT_ENDPOINT } = options;
  checkLimits(options);
  const wantedPort = portOf(endpoint);
  const operator = await loadOperator(options, timeoutMs);
  const proto = operatorProto();
  let advertised = endpoint;
  try {
    const service = operatorService(proto, operator, { endpoint: () => advertised, timeoutMs, log });
    const server = await startGrpcServer({
      services: [service, ...reflectionServices([proto])],
      host: options.host,
      port: wantedPort,
      maxMessageBytes: MAX_MESSAGE_BYTES,
    });
    // Who asks for any free port wants to hear which.
    if (wantedPort === 0) advertised = `${endpoint.slice(0, endpoint.lastIndexOf(':'))}:${server.port}`;
    const { name, type } = operator.properties;
    log.info(`serving ${type} ${name} on port ${server.port} as ${advertised}`);
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => (closing ??= server.close().then(() => operator.close()));
    return { port: server.port, endpoint: advertised, properties: operator.properties, close };
  } catch (error) {
    await operator.close();
    throw error;
  }
}

async function loadOperator(options: OperatorServerOptions, timeoutMs: number): Promise<Operator> {
  const { file, log } = options;
  const readFiles = fileReader(
    {
      maxBytes: options.maxUrlBytes ?? DEFAULT_MAX_URL_BYTES,
      timeoutMs: options.urlTimeoutMs ?? DEFAULT_URL_TIMEOUT_MS,
      allowPrivate: options.allowPrivateAddresses ?? false,
    },
    log,
  );
  const trust = { ...opLibraryTrust(options), fromPackage: true };
  const spec = await readOperatorFile(file);
  return spec.kind === 'class'
    ? loadClassOperator(spec.path, readFiles, log)
    : loadModelOperator(spec, { readFiles, trust, timeoutMs, log });
}

function checkLimits({ timeoutMs, maxUrlBytes, urlTimeoutMs }: OperatorServerOptions): void {
  const limits = { timeout_ms: timeoutMs, max_url_bytes: maxUrlBytes, url_timeout_ms: urlTimeoutMs };
  for (const [flag, value] of Object.entries(limits)) {
    if (value !== undefined && (!Number.isInteger(value) || value < 1 || value > 2 ** 31 - 1)) {
      throw new UserError(`${flag}: expected an integer from 1 to 2147483647, received ${value}`);
    }
  }
}
