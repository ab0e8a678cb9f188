import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { CALL_FLAGS, printJson, withGateway } from './gateway_call.js';
import { functionName } from './words.js';

const HELP = {
  name: 'dcf function log',
  summary: 'Shows the end of what a function has printed.',
  positional: 'NAME',
  flags: CALL_FLAGS,
} as const satisfies CommandHelp<Flags>;

/** `dcf function log NAME`. */
export const functionLog: Command = async (argv, context) => {
  const { flags, words } = parseArguments(argv, HELP);
  const name = functionName(HELP.name, words);
  return withGateway(flags, 'did not get log', context, async ({ client }) => {
    const log = await client.getLog(name);
    if (flags.json === true) printJson(context, { name, log });
    else context.stdout.write(`---\nName: ${name}\nLog:\n${log}${log.endsWith('\n') ? '' : '\n'}`);
    return 0;
  });
};
