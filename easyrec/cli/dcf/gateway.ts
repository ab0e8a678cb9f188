import { once } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { DEFAULT_GATEWAY_PORT, startGatewayServer } from '../../serving/function/index.js';
import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { checkInteger } from './check_integer.js';

const HELP = {
  name: 'dcf gateway',
  summary: 'Runs functions on this machine, called over gRPC and HTTP on one port.',
  flags: {
    host: {
      type: 'string',
      value: 'ADDRESS',
      help: 'address to listen on; default: 127.0.0.1, since whoever reaches the port may run programs here',
    },
    port: { type: 'number', value: 'PORT', help: `default: ${DEFAULT_GATEWAY_PORT}; 0 takes any free one` },
    state_dir: {
      type: 'string',
      value: 'FOLDER',
      help: 'where functions, their environments and their logs are kept; default: ~/.dcf',
    },
    invoke_timeout_s: {
      type: 'number',
      value: 'SECONDS',
      help: 'limit for a call where the function names none; default: $INVOKE_TIMEOUT, else 553',
    },
    start_timeout_s: {
      type: 'number',
      value: 'SECONDS',
      help: 'a handler that is not loaded by then is given up; default: 300',
    },
    drain_timeout_s: {
      type: 'number',
      value: 'SECONDS',
      help: 'how long calls in progress may take when it is stopped; default: 25',
    },
    python: {
      type: 'string',
      value: 'PROGRAM',
      help: 'the Python that makes the environments of python3 functions; default: python3',
    },
  },
} as const satisfies CommandHelp<Flags>;

/** `dcf gateway`: runs functions until a signal asks it to stop, then lets calls in progress end. */
export const gatewayCommand: Command = async (argv, { log, signal }) => {
  const { flags } = parseArguments(argv, HELP);
  const server = await startGatewayServer({
    log,
    host: flags.host,
    port: checkInteger(`${HELP.name}: --port`, flags.port, 0, 65_535),
    stateDirectory: flags.state_dir ?? join(homedir(), '.dcf'),
    invokeTimeoutMs: milliseconds('invoke_timeout_s', flags.invoke_timeout_s) ?? inheritedTimeoutMs(),
    startTimeoutMs: milliseconds('start_timeout_s', flags.start_timeout_s),
    drainMs: milliseconds('drain_timeout_s', flags.drain_timeout_s),
    python: flags.python,
  });
  if (!signal.aborted) await once(signal, 'abort');
  log.info('stopping: calls in progress are answered first');
  await server.close();
  return 0;
};

/** Timers take no more. */
const MAX_SECONDS = 2_000_000;

function milliseconds(flag: string, seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : toMilliseconds(`${HELP.name}: --${flag}`, String(seconds));
}

/** From the variable that the original reads. */
function inheritedTimeoutMs(): number | undefined {
  const text = process.env['INVOKE_TIMEOUT'] ?? '';
  return text === '' ? undefined : toMilliseconds('INVOKE_TIMEOUT', text);
}

function toMilliseconds(what: string, text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= MAX_SECONDS) return Math.ceil(seconds * 1000);
  throw new UserError(`${what}: expected seconds above 0, at most ${MAX_SECONDS}, received "${text}"`);
}
