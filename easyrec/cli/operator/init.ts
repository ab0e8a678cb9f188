import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { scaffoldOperator } from '../../serving/operator/scaffold.js';
import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { oneWord } from './words.js';

const HELP = {
  name: 'easyrec operator init',
  summary: 'Makes the folder of a new operator that works as it is.',
  positional: 'NAME',
  flags: {
    type: { type: 'string', value: 'TYPE', required: true, help: 'encoder or processor' },
  },
} as const satisfies CommandHelp<Flags>;

/** `easyrec operator init NAME --type encoder|processor`: prints the files that it made. */
export const initOperator: Command = async (argv, { stdout }) => {
  const { flags, words } = parseArguments(argv, HELP);
  const folder = oneWord(HELP.name, 'the name of a new folder', words);
  const { type } = flags;
  if (type !== 'encoder' && type !== 'processor') {
    throw new UserError(`${HELP.name}: --type: expected encoder or processor, received "${type}"`);
  }
  for (const file of await scaffoldOperator(folder, type)) stdout.write(`${join(folder, file)}\n`);
  return 0;
};
