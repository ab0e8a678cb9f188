import { pipelineBody } from '../../serving/operator/phantoscope_bodies.js';
import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { apiOf, clientOf, print, SERVER_FLAGS } from './phantoscope.js';
import { oneWord } from './words.js';

const HELP = {
  name: 'easyrec operator pipeline create',
  summary: 'Makes a pipeline of registered operators: processors, if any, then one encoder.',
  positional: 'NAME',
  flags: {
    ...SERVER_FLAGS,
    encoder: { type: 'string', value: 'NAME', required: true, help: 'in 0.2 NAME/INSTANCE' },
    processors: { type: 'list', value: 'NAME,...', help: 'in this order; in 0.2 NAME/INSTANCE' },
    description: { type: 'string', value: 'TEXT', help: 'default: the name' },
    input: { type: 'string', value: 'TEXT', help: '0.1: default: image' },
    index_file_size: { type: 'number', value: 'MB', help: '0.1: default: 1024' },
  },
} as const satisfies CommandHelp<Flags>;

/** `easyrec operator pipeline create NAME`. */
export const createPipeline: Command = async (argv, context) => {
  const { flags, words } = parseArguments(argv, HELP);
  const name = oneWord(HELP.name, 'the name of the pipeline', words);
  const { processors = [], encoder, description = name, input, index_file_size: indexFileSize } = flags;
  const spec = { processors, encoder, description, input, indexFileSize };
  const body = pipelineBody(apiOf(flags), spec);
  print(await clientOf(flags, context).create('pipeline', name, body), context);
  return 0;
};
