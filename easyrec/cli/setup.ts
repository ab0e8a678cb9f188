import { prepare, transferLine } from '../setup/index.js';
import { type CommandHelp, type Flags, parseArguments } from './args.js';
import type { Command } from './command.js';

const HELP = {
  name: 'easyrec setup',
  summary: 'Finds or fetches libtensorflow and builds the native op libraries that ship with the package.',
  flags: {
    tensorflow: {
      type: 'string',
      value: 'VERSION',
      help: 'fetch this version; default: any that is found, else 2.21.0',
    },
  },
} as const satisfies CommandHelp<Flags>;

/** `easyrec setup`. */
export const setup: Command = async (argv, { log, stderr }) => {
  const { flags } = parseArguments(argv, HELP);
  await prepare({ log, version: flags.tensorflow, onProgress: transferLine(stderr) });
  return 0;
};
