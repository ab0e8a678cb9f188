import { homedir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { startGatewayServer } from '../../serving/function/index.js';
import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import type { Command } from '../command.js';

const HELP = {
  name: 'dcf gateway',
  summary: 'Runs functions as processes on this machine, and takes calls over gRPC and HTTP on one port.',
  flags: {
    host: {
      type: 'string',
      value: 'ADDRESS',
      help: 'to listen on; default: 127.0.0.1, since whoever reaches the port may run programs here',
    },
    port: { type: 'number', value: 'PORT', help: 'default: 32222; 0 takes any free one' },
    state_dir: { type: 'string', value: 'DIR', help: 'keeps functions, counters and logs; default: ~/.dcf' },
    invoke_timeout_ms: {
      type: 'number',
      value: 'MS',
      help: 'limit for calls of functions that name none; default: 553000',
    },
    start_timeout_ms: { type: 'number', value: 'MS', help: 'limit for loading a handler; default: 300000' },
    drain_ms: {
      type: 'number',
      value: 'MS',
      help: 'how long calls may take to end at a stop; default: 25000',
    },
    python: { type: 'string', value: 'FILE', help: 'the interpreter of python3 functions; default: python3' },
  },
} as const satisfies CommandHelp<Flags>;

/** `dcf gateway`: until Ctrl-C or SIGTERM. */
export const gatewayCommand: Command = async (argv, { log, signal }) => {
  const { flags } = parseArguments(argv, HELP);
  const { port } = flags;
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new UserError(`${HELP.name}: --port: expected a port, received ${port}`);
  }
  const server = await startGatewayServer({
    ...{ host: flags.host, port, python: flags.python, drainMs: flags.drain_ms, log },
    stateDirectory: flags.state_dir ?? join(homedir(), '.dcf'),
    invokeTimeoutMs: flags.invoke_timeout_ms,
    startTimeoutMs: flags.start_timeout_ms,
  });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  log.info('the function gateway stops when the calls in progress have ended');
  await server.close();
  return 0;
};
