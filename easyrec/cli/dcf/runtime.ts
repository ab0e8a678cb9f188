import { RUNTIMES } from '../../serving/function/project/index.js';
import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import { chooser } from '../chooser.js';
import type { Command } from '../command.js';
import { JSON_FLAG, printJson } from './gateway_call.js';

const HELP = {
  name: 'dcf runtime list',
  summary: 'Lists what functions may be written in.',
  flags: JSON_FLAG,
} as const satisfies CommandHelp<Flags>;

/** `dcf runtime list`. */
export const listRuntimes: Command = (argv, context) => {
  const { flags } = parseArguments(argv, HELP);
  const names = Object.keys(RUNTIMES);
  if (flags.json === true) printJson(context, names);
  else context.stdout.write(`Supported Runtimes are:\n${names.map((name) => `- ${name}\n`).join('')}\n`);
  return Promise.resolve(0);
};

/** `dcf runtime ACTION`. */
export const runtimeCommand = chooser('dcf runtime', 'Shows the runtimes of functions.', {
  list: { summary: 'list them', load: () => Promise.resolve(listRuntimes) },
});
