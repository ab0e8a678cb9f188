import { once } from 'node:events';
import { startOperatorServer } from '../../serving/operator/index.js';
import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { OP_LIBRARY_FLAGS, opLibraryOptions } from '../op_library_flags.js';
import { oneWord } from './words.js';

const HELP = {
  name: 'easyrec operator serve',
  summary:
    'Serves an operator to Phantoscope over gRPC. FILE: operator.yaml, the default, or a TypeScript class.',
  positional: '[FILE]',
  flags: {
    endpoint: {
      type: 'string',
      value: 'HOST:PORT',
      help: 'what the operator says where it is; it listens on PORT; default: $OP_ENDPOINT, else 127.0.0.1:80',
    },
    host: { type: 'string', value: 'ADDRESS', help: 'address to listen on; default: all' },
    timeout_ms: { type: 'number', value: 'MS', help: 'limit for one call; default: 60000' },
    allow_private_addresses: {
      type: 'boolean',
      help: 'fetch image URLs that lead to this machine or a local network too',
    },
    max_url_bytes: { type: 'number', value: 'BYTES', help: 'limit for what a URL names; default: 20971520' },
    url_timeout_ms: { type: 'number', value: 'MS', help: 'limit for fetching it; default: 10000' },
    ...OP_LIBRARY_FLAGS,
  },
} as const satisfies CommandHelp<Flags>;

/** `easyrec operator serve`: serves until a signal asks it to stop, then lets calls in progress end. */
export const serveOperator: Command = async (argv, { log, signal }) => {
  const { flags, words } = parseArguments(argv, HELP);
  const server = await startOperatorServer({
    log,
    file: oneWord(HELP.name, 'one file', words, 'operator.yaml'),
    // The name of the variable is the original's: scripts that start operators set it.
    endpoint: flags.endpoint ?? (process.env['OP_ENDPOINT'] || undefined),
    host: flags.host,
    timeoutMs: flags.timeout_ms,
    maxUrlBytes: flags.max_url_bytes,
    urlTimeoutMs: flags.url_timeout_ms,
    allowPrivateAddresses: flags.allow_private_addresses,
    ...opLibraryOptions(flags),
  });
  if (!signal.aborted) await once(signal, 'abort');
  log.info('stopping: calls in progress are answered first');
  await server.close();
  return 0;
};
