import { UserError } from '../../errors.js';
import {
  addFunction,
  checkFunctionName,
  gatewayAddress,
  isRuntime,
  runtimeHint,
  type RuntimeName,
} from '../../serving/function/project/index.js';
import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { JSON_FLAG, printJson } from './gateway_call.js';
import { functionName } from './words.js';

const HELP = {
  name: 'dcf function init',
  summary: "Makes the folder of a new function that works as it is, and the function's entry in config.yaml.",
  positional: 'NAME',
  flags: {
    runtime: { type: 'string', short: 'r', value: 'RUNTIME', help: 'python3 or node (required)' },
    config: { type: 'string', short: 'f', value: 'FILE', help: 'gets the entry; default: config.yaml' },
    dir: { type: 'string', short: 'd', value: 'DIR', help: 'the new folder; default: NAME' },
    gateway: { type: 'string', short: 'g', value: 'HOST:PORT', help: 'written into config.yaml' },
    ...JSON_FLAG,
  },
} as const satisfies CommandHelp<Flags>;

/** `dcf function init --runtime RUNTIME NAME`. */
export const initFunction: Command = async (argv, context) => {
  const { flags, words } = parseArguments(argv, HELP);
  const name = functionName(HELP.name, words);
  checkFunctionName(name);
  const { config: configFile = 'config.yaml', dir: folder = name } = flags;
  const problem = (message: string): UserError => new UserError(`--gateway: ${message}`);
  const gateway = flags.gateway === undefined ? undefined : gatewayAddress(flags.gateway, problem);
  await addFunction({ name, runtime: runtimeOf(flags.runtime, folder), folder, configFile, gateway });
  if (flags.json === true) printJson(context, { name, folder, config: configFile });
  else {
    context.stdout.write(
      [
        `Folder: ${folder} created.`,
        `Function handler created in folder: ${folder}`,
        `Rewrite the function handler code in ${folder} folder`,
        `Config file written: ${configFile}\n`,
      ].join('\n'),
    );
  }
  return 0;
};

function runtimeOf(name: string | undefined, folder: string): RuntimeName {
  if (name === undefined) throw new UserError('required flag(s) "runtime" not set');
  if (isRuntime(name)) return name;
  throw new UserError(`folder: could not create ${folder}\n Not found runtime:${name}${runtimeHint(name)}`);
}
