import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { HANDLER_NAME, isRuntime, runtimeHint, RUNTIMES } from '../../serving/function/project/index.js';
import {
  prepareSingleFunction,
  serveSingleFunction,
  type SingleFunctionOptions,
} from '../../serving/function/project/single_function.js';
import { type CommandHelp, type Flags, type Given, parseArguments } from '../args.js';
import type { Command, CommandContext } from '../command.js';
import { checkInteger, MAX_MS } from './check_integer.js';

/** Of one worker, as in config.yaml. */
const MAX_CONCURRENCY = 1000;

const HELP = {
  name: 'dcf function serve',
  summary: 'Serves one folder as a function over HTTP, at every path, as containers do. There is no gateway.',
  flags: {
    runtime: { type: 'string', short: 'r', value: 'RUNTIME', required: true, help: 'python3 or node' },
    dir: { type: 'string', short: 'd', value: 'DIR', help: "the function's folder; default: ." },
    handler_file: { type: 'string', value: 'FILE', help: 'in the folder; default: handler.py or handler.ts' },
    handler_name: { type: 'string', value: 'NAME', help: 'the class or function; default: Handler' },
    host: { type: 'string', value: 'ADDRESS', help: 'to listen on; default: 0.0.0.0' },
    port: { type: 'number', value: 'PORT', help: 'default: what the variable PORT says, else 8080' },
    state_dir: {
      type: 'string',
      value: 'DIR',
      help: 'keeps what is installed; default: what DCF_STATE_DIR says, else a folder that is removed',
    },
    prepare: { type: 'boolean', help: 'install what it requires into the state folder, and end' },
    timeout_ms: { type: 'number', value: 'MS', help: 'limit for each call; default: 553000' },
    concurrency: { type: 'number', value: 'N', help: 'calls at once; default: 10' },
    python: { type: 'string', value: 'FILE', help: 'the interpreter of python3; default: python3' },
  },
} as const satisfies CommandHelp<Flags>;

/** `dcf function serve --runtime RUNTIME`. */
export const serveFunction: Command = async (argv, context) => {
  const { flags } = parseArguments(argv, HELP);
  const kept = flags.state_dir ?? process.env['DCF_STATE_DIR'] ?? '';
  if (kept !== '') return run(flags, kept, context);
  if (flags.prepare === true) throw new UserError(`${HELP.name}: --prepare needs --state_dir`);
  const folder = await mkdtemp(join(tmpdir(), 'dcf-function-'));
  try {
    return await run(flags, folder, context);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

async function run(
  flags: Given<typeof HELP.flags>,
  stateDirectory: string,
  { log, signal }: CommandContext,
): Promise<number> {
  const options = { ...optionsOf(flags), stateDirectory, log };
  if (flags.prepare === true) {
    await prepareSingleFunction(options, signal);
    return 0;
  }
  const served = await serveSingleFunction(options, signal);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await served.close();
  return 0;
}

function optionsOf(flags: Given<typeof HELP.flags>): Omit<SingleFunctionOptions, 'stateDirectory' | 'log'> {
  const { runtime } = flags;
  if (!isRuntime(runtime)) {
    const known = Object.keys(RUNTIMES).join(' or ');
    throw new UserError(
      `${HELP.name}: --runtime: expected ${known}, received "${runtime}"${runtimeHint(runtime)}`,
    );
  }
  return {
    runtime,
    folder: flags.dir ?? '.',
    handlerFile: flags.handler_file ?? RUNTIMES[runtime].handlerFile,
    handlerName: flags.handler_name ?? HANDLER_NAME,
    host: flags.host ?? '0.0.0.0',
    port: checkInteger(`${HELP.name}: --port`, flags.port, 0, 65_535) ?? inheritedPort(),
    timeoutMs: checkInteger(`${HELP.name}: --timeout_ms`, flags.timeout_ms, 1, MAX_MS) ?? 0,
    concurrency: checkInteger(`${HELP.name}: --concurrency`, flags.concurrency, 1, MAX_CONCURRENCY) ?? 0,
    python: flags.python,
  };
}

/** The port that a container is told to listen on. */
function inheritedPort(): number {
  const text = process.env['PORT'] ?? '';
  if (text === '') return 8080;
  if (/^\d+$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UserError(`PORT: expected an integer from 0 to 65535, received "${text}"`);
}
