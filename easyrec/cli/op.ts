import { UserError } from '../errors.js';
import { buildOp } from '../setup/index.js';
import { type CommandHelp, type Flags, parseArguments } from './args.js';
import type { Command } from './command.js';

const HELP = {
  name: 'easyrec op build',
  summary: 'Compiles C++ sources of TensorFlow ops into a library that training, export and serving load.',
  positional: 'FILE...',
  flags: {
    out: { type: 'string', value: 'FILE', help: 'the library; default: lib<first source>.so' },
    debug: { type: 'boolean', help: 'without optimization, with debug information' },
    cxx_api: {
      type: 'boolean',
      help: "for sources that use TensorFlow's C++ headers: loads in this TensorFlow version only",
    },
  },
} as const satisfies CommandHelp<Flags>;

/** `easyrec op build FILE...`. */
export const op: Command = async (argv, { log, stdout }) => {
  const [action, ...rest] = argv;
  const wantsHelp = action === undefined || action === '--help' || action === '-h';
  if (action !== 'build' && !wantsHelp) {
    throw new UserError(`easyrec op: expected "build", received "${action}"`);
  }
  const { flags, words } = parseArguments(wantsHelp ? ['--help'] : rest, HELP);
  const { library, warnings } = await buildOp(words, {
    out: flags.out,
    debug: flags.debug,
    cxxApi: flags.cxx_api,
  });
  if (warnings !== '') log.warn(warnings);
  stdout.write(`${library}\n`);
  return 0;
};
