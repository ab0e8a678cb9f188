import { didYouMean, UserError } from '../../errors.js';
import type { Log } from '../../log.js';
import type { FunctionConfig } from '../../serving/function/project/index.js';
import { type CommandHelp, type Flags, type Given, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { type Created, deployFunction, type DeployOptions } from './deploy.js';
import {
  CONFIG_FLAG,
  type GatewayCall,
  GATEWAY_FLAGS,
  JSON_FLAG,
  printJson,
  withGateway,
} from './gateway_call.js';
import { writeTarget } from './target.js';
import { WAIT_FLAGS, waitOptions } from './wait.js';

const HELP = {
  name: 'dcf function create',
  summary: 'Builds and deploys the functions of a config.yaml: all of them, or those named.',
  positional: '[NAME...]',
  flags: {
    ...CONFIG_FLAG,
    ...GATEWAY_FLAGS,
    update: { type: 'boolean', help: 'change functions that are there already, without a gap' },
    replace: { type: 'boolean', help: 'delete functions that are there already first' },
    nocache: { type: 'boolean', help: 'install anew what a function requires, even if nothing has changed' },
    ...WAIT_FLAGS,
    target: {
      type: 'string',
      value: 'TARGET',
      help: 'knative or openfaas: write manifests and Dockerfiles instead of deploying',
    },
    out: { type: 'string', value: 'DIR', help: 'with --target: where to; default: TARGET' },
    ...JSON_FLAG,
  },
} as const satisfies CommandHelp<Flags>;

type CreateFlags = Given<typeof HELP.flags>;

/** Flags that mean nothing where nothing is deployed. */
const DEPLOYING = ['gateway', 'replace', 'nocache', 'wait', 'wait_timeout_ms'] as const;

/** `dcf function create -f config.yaml [NAME...]`. */
export const createFunctions: Command = async (argv, context) => {
  const { flags, words } = parseArguments(argv, HELP);
  if (flags.update === true && flags.replace === true) {
    throw new UserError('one of "--update" flag or "--replace" flag must be false');
  }
  if (flags.config === undefined) {
    throw new UserError("please provide a '-f' flag for function creation");
  }
  if (flags.target === undefined && flags.out !== undefined) {
    throw new UserError(`${HELP.name}: --out needs --target`);
  }
  const idle = DEPLOYING.find((name) => flags[name] !== undefined);
  if (flags.target !== undefined && idle !== undefined) {
    throw new UserError(
      `${HELP.name}: --${idle} does not go with --target, which writes files and deploys nothing`,
    );
  }
  return withGateway(flags, 'failed deploying', context, async (call) => {
    const functions = chosen(call, words);
    if (flags.target !== undefined) return writeTarget(flags.target, functions, flags, context);
    const say = (text: string): void =>
      void (flags.json === true ? context.stderr : context.stdout).write(`${text}\n`);
    const created = await deployAll(call, functions, flags, {
      say,
      log: context.log,
      signal: context.signal,
    });
    if (flags.json === true) printJson(context, created);
    return 0;
  });
};

function chosen({ config }: GatewayCall, words: readonly string[]): readonly FunctionConfig[] {
  const all = config?.functions ?? [];
  if (all.length === 0) throw new UserError(`${config?.file ?? ''}: expected functions, there are none`);
  const names = all.map(({ name }) => name);
  const unknown = words.find((word) => !names.includes(word));
  if (unknown !== undefined) {
    throw new UserError(
      `${HELP.name}: expected ${names.join(', ')}, received "${unknown}"${didYouMean(unknown, names)}`,
    );
  }
  return words.length === 0 ? all : all.filter(({ name }) => words.includes(name));
}

async function deployAll(
  { client, gateway }: GatewayCall,
  functions: readonly FunctionConfig[],
  flags: CreateFlags,
  output: { readonly say: (text: string) => void; readonly log: Log; readonly signal: AbortSignal },
): Promise<readonly Created[]> {
  const created: Created[] = [];
  const mode: DeployOptions['mode'] =
    flags.update === true ? 'update' : flags.replace === true ? 'replace' : 'create';
  for (const config of functions) {
    const options = { mode, noCache: flags.nocache === true, wait: waitOptions(HELP.name, flags), ...output };
    const url = `http://${gateway}/function/${config.name}`;
    created.push({ ...(await deployFunction(client, config, options)), url });
    // With the blank that the original prints behind it.
    output.say(`http trigger url: ${url} `);
  }
  return created;
}
