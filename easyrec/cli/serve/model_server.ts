import { once } from 'node:events';
import { UserError } from '../../errors.js';
import { startModelServer } from '../../serving/model_server.js';
import type { ServerOptions } from '../../serving/server_options.js';
import { invalidArgument, ServingError } from '../../serving/status.js';
import { loadLibtensorflow } from '../../tf/index.js';
import { type CommandHelp, type Flags, type Given, helpText, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { packageVersion } from '../../package_files.js';
import { sortArguments } from './model_server_arguments.js';
import { portOf, serverOptions } from './server_options.js';
import { SERVING_FLAGS } from './serving_flags.js';

const HELP = {
  name: 'tensorflow_model_server',
  summary: "Serves SavedModels over TensorFlow Serving's protocols.",
  flags: {
    ...SERVING_FLAGS,
    port: { type: 'string', value: 'PORT', help: 'of gRPC; default: 8500; 0: none' },
    rest_api_port: { type: 'string', value: 'PORT', help: 'of REST; default: 0, none' },
    version: { type: 'boolean', help: 'show the version' },
  },
} as const satisfies CommandHelp<Flags>;

const DEFAULT_GRPC_PORT = 8500;
/** As the original's -1. */
const FAILURE = 255;

/** `tensorflow_model_server`: takes TensorFlow Serving's command line and behaves as it does. */
export const modelServer: Command = async (argv, context) => {
  const { stdout, log, signal } = context;
  const { known, unknown } = sortArguments(argv, { ...HELP.flags, help: { type: 'boolean', help: '' } });
  let flags: Given<typeof HELP.flags>;
  try {
    ({ flags } = parseArguments(known, HELP));
    if (flags.version === true) {
      const library = loadLibtensorflow().version;
      stdout.write(`TensorFlow ModelServer: ${packageVersion()}\nTensorFlow Library: ${library}\n`);
      return 0;
    }
    const [first] = unknown;
    if (first !== undefined) stdout.write(`unknown argument: ${first}\n${helpText(HELP)}\n`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    stdout.write(`${error.message}\n${helpText(HELP)}\n`);
    return FAILURE;
  }
  try {
    const options = serverOptions(flags, ports(flags.port, flags.rest_api_port), log);
    const server = await startModelServer({ ...checked(options), signal });
    if (!signal.aborted) await once(signal, 'abort');
    log.info('stopping: requests in progress are answered first');
    await server.close();
    return 0;
  } catch (error) {
    if (signal.aborted) throw error;
    stdout.write(`Failed to start server. Error: ${statusText(error)}\n`);
    // Scripts that start the original look for this among its messages.
    if (error instanceof UserError) log.warn(error.message);
    return FAILURE;
  }
};

function ports(
  grpc: string | undefined,
  rest: string | undefined,
): Pick<ServerOptions, 'grpcPort' | 'restApiPort'> {
  return {
    grpcPort: portOf('port', grpc, 'off') ?? DEFAULT_GRPC_PORT,
    restApiPort: portOf('rest_api_port', rest, 'off') ?? 'off',
  };
}

/** @throws ServingError for ports that cannot be, in TensorFlow Serving's words. */
function checked(options: ServerOptions): ServerOptions {
  const { grpcPort, grpcSocketPath, restApiPort, log } = options;
  if (grpcPort === 'off' && grpcSocketPath === undefined) {
    throw invalidArgument(
      'At least one of server_options.grpc_port or server_options.grpc_socket_path must be set.',
    );
  }
  if (grpcPort === 'off' || grpcPort !== restApiPort) return options;
  log.warn(
    'server_options.http_port cannot be same as grpc_port. Please use a different port for HTTP/REST API. ' +
      'Skipped exporting HTTP/REST API.',
  );
  return { ...options, restApiPort: 'off' };
}

function statusText(error: unknown): string {
  if (error instanceof ServingError) return error.toString();
  const message = error instanceof Error ? error.message : String(error);
  return `${error instanceof UserError ? 'INVALID_ARGUMENT' : 'UNKNOWN'}: ${message}`;
}
