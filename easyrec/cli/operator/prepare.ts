import { didYouMean, UserError } from '../../errors.js';
import {
  type NetworkName,
  NETWORKS,
  prepareNetwork,
} from '../../serving/operator/networks/prepare_network.js';
import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { oneWord } from './words.js';

const HELP = {
  name: 'easyrec operator prepare',
  summary: 'Builds an image encoder as a SavedModel from a Keras weights file. NETWORK: vgg19 or resnet50.',
  positional: 'NETWORK',
  flags: {
    weights: { type: 'string', value: 'FILE.h5', required: true, help: 'saved by Keras, in HDF5' },
    export_dir: { type: 'string', value: 'DIR', help: 'gets a folder 1; default: data/model' },
  },
} as const satisfies CommandHelp<Flags>;

/** `easyrec operator prepare NETWORK --weights FILE.h5`: prints the SavedModel's folder. */
export const prepareOperator: Command = async (argv, { stdout, log }) => {
  const { flags, words } = parseArguments(argv, HELP);
  const word = oneWord(HELP.name, 'vgg19 or resnet50', words);
  if (!isNetwork(word)) {
    const names = Object.keys(NETWORKS);
    throw new UserError(
      `${HELP.name}: expected ${names.join(' or ')}, received "${word}"${didYouMean(word, names)}`,
    );
  }
  const made = await prepareNetwork(word, flags.weights, flags.export_dir ?? 'data/model');
  log.info(`in operator.yaml: dimension: ${made.dimension}, preprocessing: ${made.preprocessing}`);
  stdout.write(`${made.directory}\n`);
  return 0;
};

function isNetwork(word: string): word is NetworkName {
  return Object.hasOwn(NETWORKS, word);
}
