import { once } from 'node:events';
import { startServer } from '../serving/server.js';
import { parseArguments, type CommandHelp, type Flags } from './args.js';
import type { Command } from './command.js';

const HELP = {
  name: 'easyrec serve',
  summary: "Serves a SavedModel over TensorFlow Serving's REST API.",
  flags: {
    model_base_path: {
      type: 'string',
      value: 'DIR',
      required: true,
      help: 'folder that holds one folder per version, such as DIR/1; the highest number is served',
    },
    model_name: { type: 'string', value: 'NAME', help: 'name in URLs; default: default' },
    rest_api_port: { type: 'number', value: 'PORT', help: 'default: 8501; 0: any free port' },
    host: { type: 'string', value: 'ADDRESS', help: 'address to listen on; default: 0.0.0.0' },
    rest_api_timeout_in_ms: {
      type: 'number',
      value: 'MS',
      help: 'limit for one run of the model; default: 30000',
    },
    max_request_bytes: {
      type: 'number',
      value: 'BYTES',
      help: 'limit for a request body; default: 67108864',
    },
    load_op_libraries: {
      type: 'boolean',
      help: "load the op libraries in the model's assets folder; this runs their native code",
    },
  },
} as const satisfies CommandHelp<Flags>;

/** `easyrec serve`: serves until a signal asks it to stop, then lets requests in progress end. */
export const serve: Command = async (argv, { log, signal }) => {
  const { flags } = parseArguments(argv, HELP);
  const server = await startServer({
    log,
    modelBasePath: flags.model_base_path,
    loadOpLibraries: flags.load_op_libraries ?? false,
    ...(flags.model_name !== undefined && { modelName: flags.model_name }),
    ...(flags.rest_api_port !== undefined && { restApiPort: flags.rest_api_port }),
    ...(flags.host !== undefined && { host: flags.host }),
    ...(flags.rest_api_timeout_in_ms !== undefined && { restApiTimeoutMs: flags.rest_api_timeout_in_ms }),
    ...(flags.max_request_bytes !== undefined && { maxBodyBytes: flags.max_request_bytes }),
  });
  if (!signal.aborted) await once(signal, 'abort');
  log.info('stopping: requests in progress are answered first');
  await server.close();
  return 0;
};
