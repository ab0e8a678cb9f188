import { once } from 'node:events';
import { UserError } from '../errors.js';
import { startServer } from '../serving/server.js';
import { parseArguments, type CommandHelp, type Flags } from './args.js';
import type { Command } from './command.js';
import { portOf, serverOptions } from './serve/server_options.js';
import { SERVING_FLAGS } from './serve/serving_flags.js';
import { TARGET_FLAGS, writeTarget } from './serve/target.js';

const HELP = {
  name: 'easyrec serve',
  summary: "Serves SavedModels over TensorFlow Serving's protocols, REST and gRPC.",
  flags: {
    ...SERVING_FLAGS,
    ...TARGET_FLAGS,
    port: {
      type: 'string',
      value: 'PORT',
      help: 'of gRPC; default: 8500, without gRPC where that is taken; 0: any free port; off: no gRPC',
    },
    rest_api_port: {
      type: 'string',
      value: 'PORT',
      help: 'of REST; default: 8501; 0: any free port; off: no REST',
    },
  },
} as const satisfies CommandHelp<Flags>;

const DEFAULT_GRPC_PORT = 8500;

/** `easyrec serve`: serves until a signal asks it to stop, then lets requests in progress end. */
export const serve: Command = async (argv, { log, signal, stdout }) => {
  const { flags } = parseArguments(argv, HELP);
  if (flags.target !== undefined) {
    stdout.write(await writeTarget(flags));
    return 0;
  }
  if (flags.model_base_path === undefined && flags.model_config_file === undefined) {
    throw new UserError('easyrec serve: expected --model_base_path DIR or --model_config_file FILE');
  }
  const grpcPort = portOf('port', flags.port, 0);
  const ports = {
    restApiPort: portOf('rest_api_port', flags.rest_api_port, 0),
    grpcPort: grpcPort ?? DEFAULT_GRPC_PORT,
    grpcPortIsOptional: grpcPort === undefined,
  };
  const server = await startServer({ ...serverOptions(flags, ports, log), signal });
  if (!signal.aborted) await once(signal, 'abort');
  log.info('stopping: requests in progress are answered first');
  await server.close();
  return 0;
};
